#include "collector/backtest/rule_change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace crmpulse::collector {
namespace {

constexpr Duration kLongestHold{std::chrono::hours{24 * 400}};

bool better(const Rule& rule, double a, double b) {
  return rule.op == Direction::above ? a < b : a > b;
}

std::string_view better_word(const Rule& rule) {
  return rule.op == Direction::above ? "below" : "above";
}

/// The exit keeps its share of the enter; where that cannot be said (zero, or another sign), both are one.
void move_to(Threshold& threshold, double enter) {
  const bool shared = threshold.enter != 0 && enter != 0 && std::signbit(threshold.enter) == std::signbit(enter);
  const double exit = shared ? threshold.exit / threshold.enter * enter : enter;
  threshold.enter = enter;
  // As people would write it: 1.8, not 1.8000000000000003.
  threshold.exit = std::strtod(fmt::format("{:.10g}", exit).c_str(), nullptr);
}

/// In a rules file a name of digits or `yes` is a text only in quotes.
std::string in_quotes(std::string_view text) {
  return boost::json::serialize(boost::json::string{text.data(), text.size()});
}

std::string matches_text(const std::vector<LabelMatch>& matches) {
  std::vector<std::string> parts;
  for (const LabelMatch& match : matches) {
    std::vector<std::string> values;
    for (const std::string& value : match.any_of) values.push_back(in_quotes(value));
    parts.push_back(fmt::format("{}: [{}]", match.name, fmt::join(values, ", ")));
  }
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

/// Of one CRM among those that the rule is for.
std::vector<LabelMatch> for_one(std::vector<LabelMatch> matches, std::string_view crm) {
  const auto known = std::find_if(matches.begin(), matches.end(), [](const auto& one) { return one.name == "crm"; });
  if (known != matches.end()) {
    known->any_of = {std::string{crm}};
  } else {
    matches.insert(matches.begin(), {"crm", {std::string{crm}}});
  }
  return matches;
}

std::string threshold_line(std::string_view key, const Threshold& before, const Threshold& after) {
  if (before == after) return {};
  std::vector<std::string> parts;
  if (before.enter != after.enter || before.exit != after.exit) {
    parts.push_back(fmt::format("enter: {}", after.enter));
    if (after.exit != after.enter) parts.push_back(fmt::format("exit: {}", after.exit));
  }
  if (before.hold != after.hold) parts.push_back(fmt::format("for: {}", format_duration(after.hold)));
  return fmt::format("    {}: {{{}}}\n", key, fmt::join(parts, ", "));
}

}  // namespace

const Rule* rule_of(const Ruleset& ruleset, std::string_view id, const Labels& labels) {
  const auto last = std::find_if(ruleset.rules.rbegin(), ruleset.rules.rend(),
                                 [&](const Rule& rule) { return rule.id == id && matches(rule.applies_to, labels); });
  return last == ruleset.rules.rend() ? nullptr : &*last;
}

boost::system::result<Rule, RuleChangeFault> changed_rule(const Rule& rule, const RuleChange& change) {
  Rule out = rule;
  if (change.sub_healthy) move_to(out.sub, *change.sub_healthy);
  if (change.poor) move_to(out.poor, *change.poor);
  if (change.hold) out.sub.hold = out.poor.hold = *change.hold;
  const std::string sub = change.sub_healthy ? "sub_healthy" : "poor";
  if (!better(out, out.sub.enter, out.poor.enter)) {
    return RuleChangeFault{sub, fmt::format("sub_healthy ({}) must be {} poor ({}): it comes first", out.sub.enter,
                                            better_word(out), out.poor.enter)};
  }
  if (!std::isnan(out.score_target) && !better(out, out.score_target, out.sub.enter)) {
    return RuleChangeFault{sub, fmt::format("the rule's score.target ({}) must be {} sub_healthy ({})",
                                            out.score_target, better_word(out), out.sub.enter)};
  }
  if (!std::isnan(out.score_worst) && !better(out, out.poor.enter, out.score_worst)) {
    return RuleChangeFault{"poor", fmt::format("poor ({}) must be {} the rule's score.worst ({})", out.poor.enter,
                                               better_word(out), out.score_worst)};
  }
  if (out.sub.hold > kLongestHold) return RuleChangeFault{"for", "must be at most 400d"};
  return out;
}

Ruleset with_rule(Ruleset ruleset, const Rule& changed) {
  const auto last = std::find_if(ruleset.rules.rbegin(), ruleset.rules.rend(), [&](const Rule& rule) {
    return rule.id == changed.id && rule.applies_to == changed.applies_to;
  });
  if (last != ruleset.rules.rend()) *last = changed;
  return ruleset;
}

std::string change_yaml(const Rule& rule, const Rule& changed, std::string_view crm) {
  const std::string lines =
      threshold_line("sub", rule.sub, changed.sub) + threshold_line("poor", rule.poor, changed.poor);
  return fmt::format("rules:\n  - id: {}\n    applies_to: {}\n{}", rule.id, matches_text(for_one(rule.applies_to, crm)),
                     lines);
}

void throw_exception_from_error(const RuleChangeFault& fault, const boost::source_location&) {
  throw std::runtime_error(fault.field + ": " + fault.message);
}

}  // namespace crmpulse::collector
