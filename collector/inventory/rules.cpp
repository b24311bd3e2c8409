// `GET /api/v1/crms/{crm}/rules`: what judges a CRM, in words and as numbers, and where each of it is written.

#include <algorithm>
#include <filesystem>

#include "collector/http/answers.h"
#include "collector/inventory/inventory.h"
#include "collector/message/describe.h"
#include "collector/message/rule_words.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object selection_json(const std::vector<LabelMatch>& selection) {
  json::object out;
  for (const LabelMatch& match : selection) out[match.name] = json::array(match.any_of.begin(), match.any_of.end());
  return out;
}

json::value duration_or_null(Duration duration) {
  return duration == Duration{0} ? json::value(nullptr) : json::value(format_duration(duration));
}

json::object measure_json(const Rule& rule) {
  json::object out{{"metric", rule.measure.metric},
                   {"where", selection_json(rule.measure.where)},
                   {"aggregator", to_string(rule.aggregator, rule.quantile)},
                   {"window", duration_or_null(rule.window)},
                   {"each", rule.each.empty() ? json::value(nullptr) : json::value(rule.each)},
                   {"per", nullptr}};
  if (const auto& per = rule.measure.per)
    out["per"] = json::object{{"metric", per->metric}, {"where", selection_json(per->where)}};
  return out;
}

void add_status(json::object& out, const rules::CrmStatus& status, const std::string& id) {
  const auto known = std::find_if(status.rules.begin(), status.rules.end(),
                                  [&](const rules::RuleStatus& rule) { return rule.rule == id; });
  const bool judged = known != status.rules.end();
  out["state"] = judged ? json::value(state_name(shown_level(*known), known->data_status)) : json::value(nullptr);
  out["value"] = judged && known->value ? json::value(*known->value) : json::value(nullptr);
}

}  // namespace

std::vector<const Rule*> rules_in_force(const std::vector<Rule>& rules, const Labels& labels) {
  std::vector<const Rule*> chosen;
  for (const Rule& rule : rules) {
    if (!matches(rule.applies_to, labels)) continue;
    const auto same =
        std::find_if(chosen.begin(), chosen.end(), [&](const Rule* other) { return other->id == rule.id; });
    if (same == chosen.end()) {
      chosen.push_back(&rule);
    } else {
      *same = &rule;
    }
  }
  return chosen;
}

json::object rule_json(const Rule& rule) {
  const Bilingual says = rule_words(rule);
  return {
      {"dimension", rule.dimension},
      {"rule", rule.id},
      {"says", json::object{{"en", says.en}, {"zh", says.zh}}},
      {"measure", measure_json(rule)},
      {"op", rule.op == Direction::above ? "above" : "below"},
      {"sub_healthy", rule.sub.enter},
      {"poor", rule.poor.enter},
      {"unit", rule.unit},
      {"for", json::object{{"sub_healthy", format_duration(rule.sub.hold)}, {"poor", format_duration(rule.poor.hold)}}},
      {"role", rule.role == Role::gate ? "gate" : "soft"},
      {"weight", rule.weight},
      {"applies_to", selection_json(rule.applies_to)},
      {"file", std::filesystem::path{rule.file}.filename().string()},
      {"line", rule.line}};
}

void Inventory::list_rules(const std::string& crm, const net::Respond& respond) const {
  const auto status = parts_.engine.rules().status(crm);
  if (!status) return respond(no_such("CRM"));
  json::array rules;
  for (const Rule* rule : rules_in_force(parts_.engine.configuration().ruleset.rules, status->labels)) {
    json::object one = rule_json(*rule);
    add_status(one, *status, rule->id);
    rules.push_back(std::move(one));
  }
  respond(json_answer(json::object{{"rules", std::move(rules)}}));
}

}  // namespace crmpulse::collector
