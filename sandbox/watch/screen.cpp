#include "sandbox/watch/screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/width.h"
#include "sandbox/watch/menu.h"

namespace crmpulse::sandbox {
namespace {

constexpr Duration kFirstMinute{std::chrono::minutes{1}};
constexpr std::size_t kLeastAlerts = 3;

std::string title(const View& view) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(view.shown).count();
  return fmt::format("crmpulse  {}  {}:{:02}", view.collector, seconds / 60, seconds % 60);
}

std::vector<std::string> menu_of(const View& view, int width) {
  const bool zh = view.language == Language::zh;
  if (!view.sandbox) return {zh ? "q 退出" : "q quit"};
  const auto row =
      std::find_if(view.rows.begin(), view.rows.end(), [&](const CrmRow& one) { return one.crm == view.selected; });
  if (row == view.rows.end()) return {zh ? "q 退出" : "q quit"};
  return menu_lines(row->crm, row->kind == kSampleKind, row->faults, view.language, view.colour, width);
}

}  // namespace

std::string hint(const View& view) {
  const bool zh = view.language == Language::zh;
  if (!view.trouble.empty()) return view.trouble;
  if (view.rows.empty())
    return zh ? "等待探针上报首批读数（数秒）……" : "Waiting for the agent's first readings (some seconds) …";
  const bool warming = std::any_of(view.rows.begin(), view.rows.end(), [](const CrmRow& row) { return row.level < 0; });
  if (warming && view.sandbox)
    return zh ? "每个 CRM 每 2 秒测量一次，约 10 秒后得出状态……"
              : "Each CRM is asked every 2 s; its state is known after about 10 s …";
  if (warming) return zh ? "读数足够之前，状态为预热中……" : "A state is warming up until there are enough readings …";
  if (!view.sandbox || view.shown > kFirstMinute) return {};
  return zh ? "有的 CRM 一开始就带有故障（见“注入”一列）：Tab 选中，0 修复。"
            : "Some begin with a fault (column \"fault\"): select one with Tab, repair it with 0.";
}

std::vector<std::string> screen_lines(const View& view, int width, int height) {
  const auto most = static_cast<std::size_t>(std::max(height, 1));
  std::vector<std::string> head{shortened(title(view), width)};
  const std::string said = hint(view);
  for (std::string& line : wrap(said, width)) head.push_back(std::move(line));
  std::vector<std::string> foot{""};
  for (std::string& line : menu_of(view, width)) foot.push_back(std::move(line));
  if (view.sandbox) {
    foot.emplace_back("");
    foot.push_back(shortened(view.language == Language::zh
                                 ? "到达内置 webhook 接收端的告警，最新的在前："
                                 : "Alerts that reached the built-in webhook receiver, newest first:",
                             width));
  }
  const std::size_t others = head.size() + foot.size() + (view.sandbox ? kLeastAlerts : 0);
  const TableStyle style{view.language, view.colour, view.sandbox, view.sandbox ? view.selected : ""};
  std::vector<std::string> lines = std::move(head);
  const std::size_t room = most > others + 2 ? most - others : 2;
  for (std::string& line : table_within(view.rows, style, width, room)) lines.push_back(std::move(line));
  for (std::string& line : foot) lines.push_back(std::move(line));
  if (view.sandbox && lines.size() < most) {
    for (std::string& line : alert_lines(view.alerts, width, most - lines.size())) lines.push_back(std::move(line));
  }
  if (lines.size() > most) lines.resize(most);
  return lines;
}

}  // namespace crmpulse::sandbox
