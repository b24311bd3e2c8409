#include "sandbox/watch/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/dimension.h"

namespace crmpulse::sandbox {
namespace {

struct Word {
  std::string_view id;
  std::string_view zh;
};
constexpr std::array kVerdicts{Word{"vendor", "厂商"}, Word{"network", "网络"},   Word{"credentials", "凭据"},
                               Word{"quota", "配额"},  Word{"data", "数据"},      Word{"automation", "自动化"},
                               Word{"agent", "探针"},  Word{"database", "数据库"}};
constexpr std::array kEvents{Word{"incident.opened", "告警"},         Word{"incident.escalated", "恶化"},
                             Word{"incident.improved", "好转"},       Word{"incident.resolved", "已恢复"},
                             Word{"incident.reminder", "提醒"},       Word{"incident.flapping", "状态抖动"},
                             Word{"incident.flap_ended", "抖动结束"}, Word{"digest", "汇总"},
                             Word{"agent.lost", "探针失联"},          Word{"agent.returned", "探针恢复"},
                             Word{"vendor.outage", "厂商故障"},       Word{"vendor.recovered", "厂商恢复"}};

template <std::size_t N>
std::string_view chinese_of(const std::array<Word, N>& words, std::string_view id) {
  const auto* const found = std::find_if(words.begin(), words.end(), [id](const Word& word) { return word.id == id; });
  return found == words.end() ? id : found->zh;
}

std::string long_time(double seconds, bool zh) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const auto two = [zh](std::int64_t large, const char* large_en, const char* large_zh, std::int64_t small,
                        const char* small_en, const char* small_zh) {
    return zh ? fmt::format("{} {} {} {}", large, large_zh, small, small_zh)
              : fmt::format("{} {} {} {}", large, large_en, small, small_en);
  };
  if (whole < 3600) return two(whole / 60, "min", "分", whole % 60, "s", "秒");
  if (whole < 86'400) return two(whole / 3600, "h", "小时", whole % 3600 / 60, "min", "分");
  return two(whole / 86'400, "d", "天", whole % 86'400 / 3600, "h", "小时");
}

std::string time_word(double seconds, bool zh) {
  if (seconds < 0 || seconds >= 60) return (seconds < 0 ? "-" : "") + long_time(std::abs(seconds), zh);
  if (seconds > 0 && seconds < 1) return fmt::format("{:.0f} {}", seconds * 1000, zh ? "毫秒" : "ms");
  return fmt::format("{:.3g} {}", seconds, zh ? "秒" : "s");
}

}  // namespace

int level_of(std::string_view state) {
  return state == "healthy" ? 0 : state == "sub_healthy" ? 1 : state == "poor" ? 2 : -1;
}

std::string state_word(std::string_view state, Language language) {
  const bool zh = language == Language::zh;
  switch (level_of(state)) {
    case 0: return zh ? "● 理想" : "● healthy";
    case 1: return zh ? "▲ 亚健康" : "▲ sub-healthy";
    case 2: return zh ? "■ 不良" : "■ poor";
    default: return zh ? "○ 预热中" : "○ warming up";
  }
}

std::string dimension_word(std::string_view dimension, Language language) {
  const DimensionName* const known = find_dimension(dimension);
  if (known == nullptr) return std::string{dimension};
  return std::string{language == Language::zh ? known->zh : known->en};
}

std::string value_word(double value, std::string_view unit, Language language) {
  const bool zh = language == Language::zh;
  if (unit == "seconds") return time_word(value, zh);
  if (unit == "ratio") return fmt::format("{:.3g}%", value * 100);
  if (unit == "burn_rate") return fmt::format("{:.3g}×", value);
  if (unit == "count" || unit.empty()) return fmt::format("{:.3g}", value);
  return fmt::format("{:.3g} {}", value, unit);
}

std::string fault_words(std::string_view verdict, std::string_view why, Language language) {
  if (verdict.empty() || verdict == "unknown" || why.empty()) return std::string{why};
  if (language == Language::en) return fmt::format("{}: {}", verdict, why);
  return fmt::format("{}：{}", chinese_of(kVerdicts, verdict), why);
}

std::string event_word(std::string_view event, Language language) {
  return std::string{language == Language::zh ? chinese_of(kEvents, event) : event};
}

}  // namespace crmpulse::sandbox
