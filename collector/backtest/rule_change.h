#pragma once
// One rule with other thresholds for one CRM: checked as a rules file would be, and written as the lines for one.

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/labels.h"
#include "core/rule.h"

namespace crmpulse::collector {

/// What is absent stays as it is.
struct RuleChange {
  std::optional<double> sub_healthy;  ///< `sub.enter`; its `exit` keeps its share of it
  std::optional<double> poor;         ///< `poor.enter`, likewise
  std::optional<Duration> hold;       ///< `for` of both
};

/// Which value of a change is not possible, and why.
struct RuleChangeFault {
  std::string field;  ///< `sub_healthy`, `poor`, `for`
  std::string message;
};

/// Returns the rule of this id that judges a CRM with these labels, null if there is none.
[[nodiscard]] const Rule* rule_of(const Ruleset& ruleset, std::string_view id, const Labels& labels);

[[nodiscard]] boost::system::result<Rule, RuleChangeFault> changed_rule(const Rule& rule, const RuleChange& change);

/// Returns the rules with the last rule of `changed`'s id and `applies_to` replaced by it.
[[nodiscard]] Ruleset with_rule(Ruleset ruleset, const Rule& changed);

/// Returns lines for a rules file that is loaded after the others: they make `changed` of `rule`, for this CRM alone.
[[nodiscard]] std::string change_yaml(const Rule& rule, const Rule& changed, std::string_view crm);

/// Lets result<T, RuleChangeFault>::value() throw something readable.
[[noreturn]] void throw_exception_from_error(const RuleChangeFault& fault, const boost::source_location& where);

}  // namespace crmpulse::collector
