#pragma once
// A CRM's status as JSON values and sentences: the pieces that alerts, the API and stored incidents share.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/message/fault.h"
#include "collector/state/crm_registry.h"
#include "collector/text/language.h"
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
/// Returns the rules that are not healthy, worst first, without those that another one explains (`inhibited_by`).
[[nodiscard]] std::vector<const rules::RuleStatus*> failing(const rules::CrmStatus& status);
/// Returns the threshold that a rule's value crossed, or would cross next.
[[nodiscard]] double threshold_of(const rules::RuleStatus& rule);

/// Returns the remedy of a rule for this kind of CRM (`KEY/KIND` first, then `KEY`), nullptr if there is none.
[[nodiscard]] const Remedy* find_remedy(const config::Remedies& remedies, const rules::RuleStatus& rule,
                                        std::string_view kind);

[[nodiscard]] boost::json::object dimension_json(const rules::RuleStatus& rule);
[[nodiscard]] boost::json::object failing_json(const rules::RuleStatus& rule, const config::Remedies& remedies,
                                               std::string_view kind);
[[nodiscard]] boost::json::array failing_json(const rules::CrmStatus& status, const config::Remedies& remedies);
[[nodiscard]] boost::json::object fault_json(const Fault& fault, Language language);
[[nodiscard]] boost::json::array remedies_json(const rules::CrmStatus& status, const config::Remedies& remedies);
/// Returns the newest distinct evidence texts, newest first.
[[nodiscard]] boost::json::array evidence_texts(const CrmFacts* facts, TimePoint since, std::size_t most);

/// Returns the Chinese name (响应时间), or the name itself for a dimension of somebody's own.
[[nodiscard]] std::string_view dimension_name_zh(std::string_view dimension);
/// Returns `latency 4.1 seconds (poor from 3)`, and the same in Chinese.
[[nodiscard]] Bilingual dimension_sentence(const rules::RuleStatus& rule);

}  // namespace crmpulse::collector
