#include "collector/message/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/dimension.h"
#include "core/level.h"
#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

std::string unit_zh(const std::string& unit) {
  if (unit == "seconds") return "秒";
  if (unit == "burn_rate") return " 倍错误预算消耗速度";
  if (unit == "ratio" || unit == "count") return "";
  return unit;
}

std::string unit_en(const std::string& unit) {
  if (unit == "burn_rate") return " times the error budget";
  return unit == "ratio" || unit == "count" || unit.empty() ? "" : " " + unit;
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

}  // namespace

std::string_view dimension_name_zh(std::string_view dimension) {
  const DimensionName* known = find_dimension(dimension);
  return known == nullptr ? dimension : known->zh;
}

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

std::vector<const rules::RuleStatus*> failing(const rules::CrmStatus& status) {
  std::vector<const rules::RuleStatus*> bad;
  const std::vector<const rules::RuleStatus*> worst = worst_by_dimension(status, Explained::without);
  for (const Level level : {Level::poor, Level::sub_healthy}) {
    std::copy_if(worst.begin(), worst.end(), std::back_inserter(bad),
                 [level](const rules::RuleStatus* rule) { return shown_level(*rule) == level; });
  }
  return bad;
}

double threshold_of(const rules::RuleStatus& rule) {
  return rule.level == Level::poor ? rule.enter_poor : rule.enter_sub;
}

const Remedy* find_remedy(const config::Remedies& remedies, const rules::RuleStatus& rule, std::string_view kind) {
  // The remedies are about bad values; they do not explain missing ones.
  if (rule.level == Level::healthy && (rule.no_data_latch || rule.data_status == DataStatus::no_data)) {
    static const Remedy kNoData{
        "Nothing is measured here now, so nothing is known about the CRM itself. Look whether the agent runs and what "
        "it "
        "says about this measurement (its log, crmpulse-agent probe).",
        "此项目前没有测量数据，CRM 本身的状况未知。请检查代理是否运行，以及它对此项测量的说明（日志、crmpulse-agent "
        "probe）。"};
    return &kNoData;
  }
  if (const auto own = remedies.find(fmt::format("{}/{}", rule.remedy, kind)); own != remedies.end())
    return &own->second;
  const auto general = remedies.find(rule.remedy);
  return general == remedies.end() ? nullptr : &general->second;
}

json::object dimension_json(const rules::RuleStatus& rule) {
  json::object out{{"dimension", rule.dimension},
                   {"rule", rule.rule},
                   {"state", state_name(shown_level(rule), rule.data_status)},
                   {"value", number_or_null(rule.value)},
                   {"unit", rule.unit},
                   {"sub_healthy", rule.enter_sub},
                   {"poor", rule.enter_poor},
                   {"data_status", to_string(rule.data_status)},
                   {"since", format_time(rule.since)}};
  if (!rule.worst_of.empty()) out["worst_of"] = rule.worst_of;
  if (!rule.inhibited_by.empty()) out["inhibited_by"] = rule.inhibited_by;
  return out;
}

json::object failing_json(const rules::RuleStatus& rule, const config::Remedies& remedies, std::string_view kind) {
  json::object out{
      {"dimension", rule.dimension},         {"rule", rule.rule},       {"state", to_string(shown_level(rule))},
      {"value", number_or_null(rule.value)}, {"unit", rule.unit},       {"threshold", threshold_of(rule)},
      {"sub_healthy", rule.enter_sub},       {"poor", rule.enter_poor}, {"data_status", to_string(rule.data_status)},
      {"since", format_time(rule.since)}};
  if (!rule.worst_of.empty()) out["worst_of"] = rule.worst_of;
  if (const Remedy* remedy = find_remedy(remedies, rule, kind)) {
    out["remedy"] = json::object{{"en", remedy->en}, {"zh", remedy->zh}};
  }
  return out;
}

json::array failing_json(const rules::CrmStatus& status, const config::Remedies& remedies) {
  json::array out;
  for (const rules::RuleStatus* rule : failing(status)) out.push_back(failing_json(*rule, remedies, status.kind));
  return out;
}

json::object fault_json(const Fault& fault, Language language) {
  return {{"verdict", fault.verdict}, {"why", language == Language::zh ? fault.why_zh : fault.why_en}};
}

json::array remedies_json(const rules::CrmStatus& status, const config::Remedies& remedies) {
  json::array out;
  for (const rules::RuleStatus* rule : failing(status)) {
    const Remedy* remedy = find_remedy(remedies, *rule, status.kind);
    if (remedy != nullptr)
      out.push_back(json::object{{"dimension", rule->dimension}, {"en", remedy->en}, {"zh", remedy->zh}});
  }
  return out;
}

json::array evidence_texts(const CrmFacts* facts, TimePoint since, std::size_t most) {
  json::array out;
  if (facts == nullptr) return out;
  for (auto line = facts->evidence.rbegin(); line != facts->evidence.rend() && out.size() < most; ++line) {
    if (line->at < since) continue;
    const std::string text = line->operation.empty() ? line->text : fmt::format("{}: {}", line->operation, line->text);
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const json::value& other) { return other.as_string() == text; });
    if (!known) out.push_back(json::value(text));
  }
  return out;
}

Bilingual dimension_sentence(const rules::RuleStatus& rule) {
  const std::string of = rule.worst_of.empty() ? "" : fmt::format(" ({})", printable_name(rule.worst_of));
  const std::string name_zh{dimension_name_zh(rule.dimension)};
  if (rule.data_status == DataStatus::no_data || !rule.value) {
    return {fmt::format("{}{}: no data", rule.dimension, of), fmt::format("{}{}：没有数据", name_zh, of)};
  }
  const Level level = shown_level(rule);
  const double threshold = threshold_of(rule);
  // Nights and holidays are not in it: who subtracts two times would find another number.
  const std::string_view hours_en = rule.active_age ? " of working time" : "";
  const std::string_view hours_zh = rule.active_age ? "只计工作时间，" : "";
  return {fmt::format("{}{} {:.6g}{}{} ({} from {:.6g})", rule.dimension, of, *rule.value, unit_en(rule.unit), hours_en,
                      to_string(level), threshold),
          fmt::format("{}{} {:.6g}{}（{}{}阈值 {:.6g}）", name_zh, of, *rule.value, unit_zh(rule.unit), hours_zh,
                      chinese(level), threshold)};
}

}  // namespace crmpulse::collector
