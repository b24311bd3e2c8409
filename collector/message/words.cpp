#include "collector/message/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "collector/text/value_text.h"
#include "core/dimension.h"
#include "core/failure/failure.h"
#include "core/text/printable.h"
#include "core/words/measure.h"

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

}  // namespace

std::string shown_name(std::string_view name) {
  return one_line(printable_name(name), kMaxName);
}

Fact failing_words(const Failing& failing, Language language) {
  const std::string rule = one_line(failing.rule, kMaxName);
  const std::string dimension = one_line(failing.dimension, kMaxName);
  const std::string unit = one_line(failing.unit, kMaxName);
  const std::string worst = shown_name(failing.worst_of);
  Measured measured{.rule = rule,
                    .dimension = dimension,
                    .dimension_name = dimension_name(dimension, language),
                    .metric = failing.metric,
                    .aggregator = failing.aggregator,
                    .unit = unit,
                    .of = worst};
  if (!failing.value || failing.data_status == DataStatus::no_data) {
    const std::string name = measure_name(measured, language);
    return {name, in_words(language, "no data", "暂无数据"), in_words(language, "{}: no data", "{}：暂无数据", name)};
  }
  measured.value = *failing.value;
  measured.lines = {failing.sub_healthy, failing.poor};
  measured.working_time = failing.working_time;
  MeasureWords words;
  if (failing.threshold) {
    // A message of an earlier version may have no other threshold.
    if (failing.sub_healthy == failing.poor) measured.lines = {*failing.threshold, *failing.threshold};
    const Passed passed{*failing.threshold, spoken(failing.state, language), failing.worse == Worse::below};
    words = measure_words(measured, passed, language);
  } else {
    words = {measure_name(measured, language), measured_text(measured, language), {}};
    words.said = words.name + " " + words.value;
  }
  return {std::move(words.name), std::move(words.value), std::move(words.said)};
}

Bilingual failing_sentence(const Failing& failing) {
  return {failing_words(failing, Language::en).said, failing_words(failing, Language::zh).said};
}

Bilingual measured_sentence(const Failing& failing) {
  if (failing.state != Level::healthy) return failing_sentence(failing);
  Failing plain = failing;
  plain.threshold.reset();
  return failing_sentence(plain);
}

std::string fault_words(const Fault& fault, Language language) {
  const std::string verdict = one_line(fault.verdict, kMaxName);
  std::string words{verdict_words(verdict.empty() ? "unknown" : verdict, language)};
  const std::string why = one_line(language == Language::zh ? fault.why_zh : fault.why_en, kWhy);
  if (!why.empty()) words += (language == Language::zh ? "——" : " — ") + why;
  return words;
}

std::string change_words(const EarlierChange& change, TimePoint now, const Audience& audience) {
  std::string text = one_line(in_language(change.text, audience.language), kChangeText);
  return change.at == TimePoint{} || text.empty() ? text : moment_text(change.at, now, audience.zone) + " " + text;
}

}  // namespace crmpulse::collector
