#include "collector/message/describe.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/message/words.h"
#include "core/level.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object measured_json(const Failing& one, std::string_view state) {
  json::object out{{"dimension", one.dimension},
                   {"rule", one.rule},
                   {"state", state},
                   {"value", number_or_null(one.value)},
                   {"unit", one.unit},
                   {"sub_healthy", one.sub_healthy},
                   {"poor", one.poor},
                   {"data_status", to_string(one.data_status)},
                   {"since", format_time(one.since)}};
  if (!one.worst_of.empty()) out["worst_of"] = one.worst_of;
  return out;
}

}  // namespace

std::string_view state_name(Level level, DataStatus data) {
  return data == DataStatus::warming_up ? "unknown" : to_string(level);
}

std::string_view state_name(const rules::CrmStatus& status) {
  return state_name(status.state, status.data_status);
}

std::string_view state_name_zh(const rules::CrmStatus& status) {
  return status.data_status == DataStatus::warming_up ? "未知" : chinese(status.state);
}

Level shown_level(const rules::RuleStatus& rule) {
  return rule.no_data_latch && rule.level == Level::healthy ? Level::sub_healthy : rule.level;
}

namespace {

bool has_remedy(const Failing& failing) {
  return !failing.remedy.en.empty() || !failing.remedy.zh.empty();
}

enum class Explained { with, without };

std::vector<const rules::RuleStatus*> worst_by_dimension(const rules::CrmStatus& status, Explained explained) {
  std::vector<const rules::RuleStatus*> worst;
  for (const rules::RuleStatus& rule : status.rules) {
    if (explained == Explained::without && !rule.inhibited_by.empty()) continue;
    const auto known =
        std::find_if(worst.begin(), worst.end(), [&](const auto* other) { return other->dimension == rule.dimension; });
    if (known == worst.end()) {
      worst.push_back(&rule);
      continue;
    }
    const bool more_known = shown_level(rule) == shown_level(**known) && !(*known)->value && rule.value;
    if (shown_level(rule) > shown_level(**known) || more_known) *known = &rule;
  }
  return worst;
}

}  // namespace

std::vector<const rules::RuleStatus*> by_dimension(const rules::CrmStatus& status) {
  return worst_by_dimension(status, Explained::with);
}

Bilingual remedy_of(const config::Remedies& remedies, const rules::RuleStatus& rule, std::string_view kind) {
  // The remedies are about bad values; they do not explain missing ones.
  if (rule.level == Level::healthy && (rule.no_data_latch || rule.data_status == DataStatus::no_data)) {
    return {
        "Nothing is measured here now, so nothing is known about the CRM itself. Look whether the agent runs and what "
        "it says about this measurement (its log, crmpulse-agent probe).",
        "此项目前没有测量数据，CRM "
        "本身的状况未知。请检查探针是否在运行，以及它对此测量项给出的说明（日志、crmpulse-agent "
        "probe）。"};
  }
  auto known = remedies.find(fmt::format("{}/{}", rule.remedy, kind));
  if (known == remedies.end()) known = remedies.find(rule.remedy);
  return known == remedies.end() ? Bilingual{} : Bilingual{known->second.en, known->second.zh};
}

Failing failing_of(const rules::RuleStatus& rule) {
  Failing failing;
  failing.dimension = rule.dimension;
  failing.rule = rule.rule;
  failing.unit = rule.unit;
  failing.metric = rule.metric;
  failing.aggregator = rule.aggregator;
  failing.worst_of = rule.worst_of;
  failing.state = shown_level(rule);
  failing.data_status = rule.data_status;
  failing.value = rule.value;
  failing.threshold = rule.level == Level::poor ? rule.enter_poor : rule.enter_sub;
  failing.worse = rule.enter_poor < rule.enter_sub ? Worse::below : Worse::above;
  failing.sub_healthy = rule.enter_sub;
  failing.poor = rule.enter_poor;
  failing.working_time = rule.active_age;
  failing.since = rule.since;
  return failing;
}

std::vector<Failing> failing_of(const rules::CrmStatus& status, const config::Remedies& remedies) {
  std::vector<Failing> failing;
  const std::vector<const rules::RuleStatus*> worst = worst_by_dimension(status, Explained::without);
  for (const Level level : {Level::poor, Level::sub_healthy}) {
    for (const rules::RuleStatus* rule : worst) {
      if (shown_level(*rule) != level) continue;
      failing.push_back(failing_of(*rule));
      failing.back().remedy = remedy_of(remedies, *rule, status.kind);
    }
  }
  return failing;
}

std::vector<std::string> evidence_texts(const CrmFacts* facts, TimePoint since, std::size_t most) {
  std::vector<std::string> out;
  if (facts == nullptr) return out;
  for (auto line = facts->evidence.rbegin(); line != facts->evidence.rend() && out.size() < most; ++line) {
    if (line->at < since) continue;
    std::string text = line->operation.empty() ? line->text : fmt::format("{}: {}", line->operation, line->text);
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

json::object dimension_json(const rules::RuleStatus& rule) {
  const Failing failing = failing_of(rule);
  json::object out = measured_json(failing, state_name(shown_level(rule), rule.data_status));
  const Bilingual text = measured_sentence(failing);
  out["text"] = json::object{{"en", text.en}, {"zh", text.zh}};
  if (!rule.inhibited_by.empty()) out["inhibited_by"] = rule.inhibited_by;
  return out;
}

json::array failing_json(const std::vector<Failing>& failing) {
  json::array out;
  for (const Failing& one : failing) {
    json::object item = measured_json(one, to_string(one.state));
    item["threshold"] = number_or_null(one.threshold);
    if (has_remedy(one)) item["remedy"] = json::object{{"en", one.remedy.en}, {"zh", one.remedy.zh}};
    out.push_back(std::move(item));
  }
  return out;
}

json::array remedies_json(const std::vector<Failing>& failing) {
  json::array out;
  for (const Failing& one : failing) {
    if (has_remedy(one))
      out.push_back(json::object{{"dimension", one.dimension}, {"en", one.remedy.en}, {"zh", one.remedy.zh}});
  }
  return out;
}

json::object fault_json(const Fault& fault, Language language) {
  return {{"verdict", fault.verdict}, {"why", language == Language::zh ? fault.why_zh : fault.why_en}};
}

}  // namespace crmpulse::collector
