#include "collector/message/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/text/value_text.h"
#include "core/failure/failure.h"
#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

// Bounds in bytes: what is longer belongs on the incident's page, and every layout fits after a few cuts.
constexpr std::size_t kMaxName = 120;
constexpr std::size_t kWhy = 400;
constexpr std::size_t kChangeText = 200;

std::string_view verdict_words(std::string_view verdict, Language language) {
  struct Words {
    std::string_view verdict;
    std::string_view en;
    std::string_view zh;
  };
  constexpr std::array kWords{
      Words{"vendor", "the vendor", "厂商"},
      Words{"network", "the network", "网络"},
      Words{"credentials", "the credentials", "凭据"},
      Words{"quota", "the API allowance", "API 配额"},
      Words{"automation", "an automation or process", "自动化或流程"},
      Words{"data", "the data", "数据"},
      Words{"database", "the database", "数据库"},
      Words{"agent", "our own monitoring", "监控系统自身"},
      Words{"unknown", "not clear yet", "尚不明确"},
  };
  const auto* found =
      std::find_if(kWords.begin(), kWords.end(), [&](const Words& one) { return one.verdict == verdict; });
  if (found == kWords.end()) return verdict;
  return language == Language::zh ? found->zh : found->en;
}

std::string failing_value(const Failing& failing, Language language) {
  if (!failing.value || failing.data_status == DataStatus::no_data)
    return language == Language::zh ? "暂无数据" : "no data";
  const std::string unit = one_line(failing.unit, kMaxName);
  if (!failing.threshold) return value_text(*failing.value, unit, language);
  return against_threshold(*failing.value, *failing.threshold, failing.worse, failing.state, unit, language,
                           failing.working_time);
}

}  // namespace

std::string shown_name(std::string_view name) {
  return one_line(printable_name(name), kMaxName);
}

Fact failing_words(const Failing& failing, Language language) {
  Fact fact;
  fact.name = rule_name(one_line(failing.rule, kMaxName), one_line(failing.dimension, kMaxName), language);
  if (const std::string worst = shown_name(failing.worst_of); !worst.empty())
    fact.name += in_words(language, " ({})", "（{}）", worst);
  fact.value = failing_value(failing, language);
  return fact;
}

Bilingual failing_sentence(const Failing& failing) {
  const auto in = [&](Language language) {
    const Fact fact = failing_words(failing, language);
    return fact.name + " " + fact.value;
  };
  return {in(Language::en), in(Language::zh)};
}

std::string fault_words(const Fault& fault, Language language) {
  const std::string verdict = one_line(fault.verdict, kMaxName);
  std::string words{verdict_words(verdict.empty() ? "unknown" : verdict, language)};
  const std::string why = one_line(language == Language::zh ? fault.why_zh : fault.why_en, kWhy);
  if (!why.empty()) words += (language == Language::zh ? "——" : " — ") + why;
  return words;
}

std::string change_words(const EarlierChange& change, TimePoint now, Language language) {
  std::string text = one_line(in_language(change.text, language), kChangeText);
  return change.at == TimePoint{} || text.empty() ? text : moment_text(change.at, now) + " " + text;
}

}  // namespace crmpulse::collector
