#include "sandbox/watch/menu.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text/width.h"
#include "sandbox/watch/answer.h"

namespace crmpulse::sandbox {
namespace {

// What is stale has been so for two minutes: nobody has to wait to see it.
constexpr std::array kMenu{
    MenuItem{'1', "slow", "slow", 0.35, "slow", "变慢"},
    MenuItem{'2', "very_slow", "slow", 0.85, "very slow", "极慢"},
    MenuItem{'3', "stale", "stale", 120, "stale data", "数据陈旧"},
    MenuItem{'4', "down", "outage", 0, "down", "宕机"},
    MenuItem{'5', "dirty", "dirty", 0, "dirty data", "脏数据"},
    MenuItem{'6', "", "permission", 0, "rights lost", "权限被撤销"},
    MenuItem{'7', "", "vendor_incident", 0, "vendor incident", "厂商故障"},
    MenuItem{'0', "none", "none", 0, "repair", "修复"},
};
/// Both slow ones are one fault of the vendor APIs, of another length.
constexpr double kVerySlow = 0.6;

const MenuItem* item_of(std::string_view fault, double seconds, bool sample) {
  const auto is = [&](const MenuItem& item) {
    if (fault_of(item, sample) != fault) return false;
    return sample || fault != "slow" || (seconds >= kVerySlow) == (item.seconds >= kVerySlow);
  };
  const auto* const found = std::find_if(kMenu.begin(), kMenu.end(), is);
  return found == kMenu.end() ? nullptr : found;
}

bool is_among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Items side by side, none of them broken.
class Paragraph {
 public:
  explicit Paragraph(int width) : width_(width) {}
  /// `shown`: as it is written, with its colours.
  void add(std::string_view plain, std::string_view shown) {
    const int columns = display_width(plain);
    if (used_ > 0 && used_ + 2 + columns > width_) {
      lines_.push_back(std::move(line_));
      line_.clear();
      used_ = 0;
    }
    line_ += used_ > 0 ? fmt::format("  {}", shown) : std::string{shown};
    used_ += columns + (used_ > 0 ? 2 : 0);
  }
  [[nodiscard]] std::vector<std::string> lines() {
    if (used_ > 0) lines_.push_back(std::move(line_));
    return std::move(lines_);
  }

 private:
  int width_;
  int used_ = 0;
  std::string line_;
  std::vector<std::string> lines_;
};

}  // namespace

std::span<const MenuItem> menu_items() {
  return kMenu;
}

std::string_view fault_of(const MenuItem& item, bool sample) {
  return sample ? item.sample : item.vendor;
}

std::map<std::string, std::string> active_keys(const boost::json::value& faults, const std::vector<std::string>& crms,
                                               const std::vector<std::string>& samples) {
  std::map<std::string, std::string> active;
  for (const auto& rule : items_of(faults, "rules")) {
    const auto* seconds = member_of(rule, "seconds");
    const double length = seconds != nullptr && seconds->is_number() ? seconds->to_number<double>() : 2;
    const std::string named = shown_member(rule, "crm");
    for (const std::string& crm : crms) {
      if (!named.empty() && named != crm) continue;
      const MenuItem* const item = item_of(shown_member(rule, "fault"), length, is_among(samples, crm));
      std::string& keys = active[crm];
      if (item != nullptr && keys.find(item->key) == std::string::npos) keys += item->key;
    }
  }
  for (auto& [crm, keys] : active) {
    std::sort(keys.begin(), keys.end());
    std::string joined;
    for (const char key : keys) joined += joined.empty() ? std::string{key} : fmt::format("+{}", key);
    keys = std::move(joined);
  }
  return active;
}

std::vector<std::string> menu_lines(std::string_view crm, bool sample, std::string_view active, Language language,
                                    bool colour, int width) {
  const bool zh = language == Language::zh;
  Paragraph menu{width};
  const std::string title =
      zh ? fmt::format("对 {} 注入故障（可叠加）：", crm) : fmt::format("Break {} (faults add up):", crm);
  menu.add(title, title);
  for (const MenuItem& item : kMenu) {
    if (fault_of(item, sample).empty()) continue;
    const bool on = active.find(item.key) != std::string_view::npos;
    const std::string name = fmt::format("{} {}", item.key, zh ? item.zh : item.en);
    const std::string plain = on ? fmt::format("[{}]", name) : name;
    menu.add(plain, on && colour ? fmt::format("\x1b[7m{}\x1b[0m", plain) : plain);
  }
  for (const std::string_view other : {zh ? "Tab 换一个 CRM" : "Tab next CRM", zh ? "q 退出" : "q quit"})
    menu.add(other, other);
  return menu.lines();
}

}  // namespace crmpulse::sandbox
