#include "collector/status/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/text/width.h"
#include "core/words/clock.h"

namespace crmpulse::collector {
namespace {

struct StateLook {
  std::string_view mark;
  std::string_view en;
  std::string_view zh;
  std::string_view colour;
};
constexpr std::array<StateLook, kShownStates> kStates{
    StateLook{"■", "poor", "不良", "\x1b[1;31m"}, StateLook{"▲", "sub-healthy", "亚健康", "\x1b[33m"},
    StateLook{"◌", "unknown", "未知", "\x1b[90m"}, StateLook{"●", "healthy", "理想", "\x1b[32m"}};
constexpr std::string_view kMaintenanceMark = "◇";
constexpr std::string_view kMaintenanceColour = "\x1b[34m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr int kMark = 2;
constexpr int kBetweenCounts = 3;
constexpr int kState = 12;
constexpr int kScore = 8;
constexpr int kMostName = 30;
constexpr int kLeastName = 6;

const StateLook& look_of(ShownState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

std::string_view word_of(ShownState state, Language language) {
  return language == Language::zh ? look_of(state).zh : look_of(state).en;
}

std::string coloured(std::string text, std::string_view colour, const Look& look) {
  if (!look.colour) return text;
  return std::string{colour}.append(text).append(kPlain);
}

std::string mark_of(const ShownCrm& crm, const Look& look) {
  return crm.maintenance ? coloured(std::string{kMaintenanceMark}, kMaintenanceColour, look)
                         : coloured(std::string{look_of(crm.state).mark}, look_of(crm.state).colour, look);
}

std::string without_end(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::string lasting(const ShownCrm& crm, const Look& look) {
  if (!crm.since) return {};
  const auto whole = std::chrono::floor<std::chrono::seconds>(std::max(look.now - *crm.since, Duration{0}));
  return span_text(whole, look.language);
}

void add_wrapped(std::string_view text, int indent, const Look& look, std::vector<std::string>& out) {
  if (text.empty()) return;
  for (std::string& line : wrap(std::string(static_cast<std::size_t>(indent), ' ').append(text), look.width))
    out.push_back(without_end(std::move(line)));
}

/// On more than one line where the terminal is narrow.
std::vector<std::string> counts(const std::vector<ShownCrm>& crms, const Look& look) {
  std::vector<std::string> out{in_words(look.language, "CRMs: {}", "CRM：{}", crms.size())};
  int width = display_width(out.back());
  for (int state = 0; state < kShownStates; ++state) {
    const auto of_it = std::count_if(crms.begin(), crms.end(),
                                     [&](const ShownCrm& crm) { return crm.state == static_cast<ShownState>(state); });
    if (of_it == 0) continue;
    const StateLook& shown = kStates.at(static_cast<std::size_t>(state));
    const std::string count = in_words(look.language, "{0} {2} {1}", "{0} {1} {2}", shown.mark,
                                       word_of(static_cast<ShownState>(state), look.language), of_it);
    const bool fits = width + kBetweenCounts + display_width(count) <= look.width;
    if (!fits) {
      out.emplace_back();
      width = 0;
    }
    const std::string before(static_cast<std::size_t>(fits ? kBetweenCounts : kMark), ' ');
    out.back() += before + coloured(count, shown.colour, look);
    width += display_width(before) + display_width(count);
  }
  return out;
}

int name_width(const std::vector<ShownCrm>& crms) {
  int width = kLeastName;
  for (const ShownCrm& crm : crms) width = std::max(width, display_width(crm.crm));
  return std::min(width, kMostName) + 2;
}

std::string row(const ShownCrm& crm, int name, const Look& look) {
  const std::string_view word = word_of(crm.state, look.language);
  std::string line = mark_of(crm, look) + " " + shortened(crm.crm, name - 2) + "  ";
  line += coloured(fit(word, kState), look_of(crm.state).colour, look);
  line += fit(crm.score ? fmt::format("{:.1f}", *crm.score) : "–", kScore);
  return without_end(line + lasting(crm, look));
}

std::vector<std::string> group_of(const ShownCrm& crm, int name, const Look& look) {
  std::vector<std::string> out{row(crm, name, look)};
  add_wrapped(crm.says, kMark, look, out);
  if (!crm.fault.empty() && crm.state != ShownState::healthy)
    add_wrapped(in_words(look.language, "Looks like: {}", "初步判断：{}", crm.fault), kMark, look, out);
  std::string notes;
  for (const std::string& note : crm.notes) notes += (notes.empty() ? "" : " · ") + note;
  add_wrapped(notes, kMark, look, out);
  return out;
}

std::string heading(int name, const Look& look) {
  return without_end("  " + fit("CRM", name) + fit(in_words(look.language, "STATE", "状态"), kState) +
                     fit(in_words(look.language, "SCORE", "评分"), kScore) + in_words(look.language, "FOR", "持续"));
}

std::string more_line(std::size_t more, Language language) {
  return in_words(language, "  and {} more", "  另有 {} 个", more);
}

}  // namespace

std::vector<std::string> fleet_lines(const std::vector<ShownCrm>& crms, const std::vector<std::string>& troubles,
                                     const Look& look) {
  std::vector<std::string> out = counts(crms, look);
  for (const std::string& trouble : troubles)
    add_wrapped(in_words(look.language, "crmpulse itself: {}", "crmpulse 自身：{}", trouble), 0, look, out);
  if (crms.empty()) return out;
  const int name = name_width(crms);
  out.emplace_back();
  out.push_back(heading(name, look));
  for (std::size_t i = 0; i < crms.size(); ++i) {
    std::vector<std::string> group = group_of(crms[i], name, look);
    const std::size_t last = i + 1 < crms.size() ? 1 : 0;  // for how many more
    const bool room = look.height == 0 || out.size() + group.size() + last <= look.height;
    if (!room) {
      out.push_back(more_line(crms.size() - i, look.language));
      break;
    }
    std::move(group.begin(), group.end(), std::back_inserter(out));
  }
  return out;
}

std::vector<std::string> crm_lines(const ShownCrm& crm, const Look& look) {
  const int name = std::clamp(display_width(crm.crm), kLeastName, kMostName) + 2;
  std::vector<std::string> out = group_of(crm, name, look);
  for (const std::string& remedy : crm.remedies)
    add_wrapped(in_words(look.language, "What to do: {}", "建议处理：{}", remedy), kMark, look, out);
  if (!crm.incident.empty())
    add_wrapped(in_words(look.language, "Incident {}", "事件 {}", crm.incident), kMark, look, out);
  out.emplace_back();
  for (const ShownDimension& dimension : crm.dimensions) {
    const StateLook& shown = look_of(dimension.state);
    std::vector<std::string> lines;
    add_wrapped(dimension.text.empty() ? dimension.name : dimension.text, kMark, look, lines);
    if (lines.empty()) continue;
    lines.front() = coloured(std::string{shown.mark}, shown.colour, look) + lines.front().substr(1);
    std::move(lines.begin(), lines.end(), std::back_inserter(out));
  }
  if (crm.evidence.empty()) return out;
  out.emplace_back();
  for (const std::string& line : crm.evidence)
    add_wrapped(in_words(look.language, "Evidence: {}", "证据：{}", line), kMark, look, out);
  return out;
}

}  // namespace crmpulse::collector
