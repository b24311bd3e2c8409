#pragma once
// A CRM's status as messages, the API and stored incidents tell it: which dimensions fail, and JSON of it.

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "collector/message/message.h"
#include "collector/state/crm_registry.h"
#include "config/rules_file.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// Returns `unknown` while warming up, else the level's name.
[[nodiscard]] std::string_view state_name(Level level, DataStatus data);
[[nodiscard]] std::string_view state_name(const rules::CrmStatus& status);
/// Returns the state in Chinese: 理想, 亚健康, 不良, 未知.
[[nodiscard]] std::string_view state_name_zh(const rules::CrmStatus& status);

/// Returns the rule's level; a missing-data latch counts as sub-healthy.
[[nodiscard]] Level shown_level(const rules::RuleStatus& rule);
/// Returns the worst rule of each dimension, in the order of the rules.
[[nodiscard]] std::vector<const rules::RuleStatus*> by_dimension(const rules::CrmStatus& status);

/// Returns the rule as a message tells it, without a remedy.
[[nodiscard]] Failing failing_of(const rules::RuleStatus& rule);
/// Returns the rule's remedy for this kind of CRM (`KEY/KIND` first, then `KEY`), empty if there is none.
[[nodiscard]] Bilingual remedy_of(const config::Remedies& remedies, const rules::RuleStatus& rule,
                                  std::string_view kind);
/// Returns the dimensions that are not healthy, worst first, without those that another rule explains (`inhibited_by`),
/// each with its remedy.
[[nodiscard]] std::vector<Failing> failing_of(const rules::CrmStatus& status, const config::Remedies& remedies);
/// Returns the newest distinct evidence texts, newest first.
[[nodiscard]] std::vector<std::string> evidence_texts(const CrmFacts* facts, TimePoint since, std::size_t most);

[[nodiscard]] boost::json::object dimension_json(const rules::RuleStatus& rule);
[[nodiscard]] boost::json::array failing_json(const std::vector<Failing>& failing);
/// Returns `{dimension, en, zh}` of each that has a remedy.
[[nodiscard]] boost::json::array remedies_json(const std::vector<Failing>& failing);
[[nodiscard]] boost::json::object fault_json(const Fault& fault, Language language);

}  // namespace crmpulse::collector
