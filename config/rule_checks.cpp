#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "config/rule_reader.h"
#include "config/suggest.h"

namespace crmpulse::config {
namespace {

bool better(const Rule& rule, double a, double b) {
  return rule.op == Direction::above ? a < b : a > b;
}
std::string_view better_word(const Rule& rule) {
  return rule.op == Direction::above ? "below" : "above";
}
std::string_view worse_word(const Rule& rule) {
  return rule.op == Direction::above ? "above" : "below";
}

/// At `outer.inner` when it is written in this file, else at the rule: the value was inherited.
void problem(Reader& reader, std::string_view outer, std::string_view inner, std::string message) {
  reader.child(outer).problem(inner, std::move(message));
}

void check_exit(Reader& reader, const Rule& rule, std::string_view key, const Threshold& threshold) {
  if (better(rule, threshold.exit, threshold.enter) || threshold.exit == threshold.enter) return;
  problem(reader, key, "exit",
          fmt::format("must be at or {} enter ({}), not {}: with op {} that is the good side", better_word(rule),
                      threshold.enter, threshold.exit, rule.op == Direction::above ? "above" : "below"));
}

void check_thresholds(Reader& reader, const Rule& rule) {
  if (!better(rule, rule.sub.enter, rule.poor.enter)) {
    problem(reader, "sub", "enter",
            fmt::format("must be {} poor.enter ({}), not {}: with op {} sub-healthy comes first", better_word(rule),
                        rule.poor.enter, rule.sub.enter, worse_word(rule)));
  }
  check_exit(reader, rule, "sub", rule.sub);
  check_exit(reader, rule, "poor", rule.poor);
  if (!std::isnan(rule.score_target) && !better(rule, rule.score_target, rule.sub.enter)) {
    problem(reader, "score", "target",
            fmt::format("must be {} sub.enter ({}), not {}", better_word(rule), rule.sub.enter, rule.score_target));
  }
  if (!std::isnan(rule.score_worst) && !better(rule, rule.poor.enter, rule.score_worst)) {
    problem(reader, "score", "worst",
            fmt::format("must be {} poor.enter ({}), not {}", worse_word(rule), rule.poor.enter, rule.score_worst));
  }
}

bool works_without_window(Aggregator aggregator) {
  return aggregator == Aggregator::last || aggregator == Aggregator::age || aggregator == Aggregator::failures_in_row;
}

void check_window(Reader& reader, const Rule& rule) {
  const std::string name = to_string(rule.aggregator, rule.quantile);
  if (rule.window == Duration{0}) {
    if (!works_without_window(rule.aggregator))
      reader.problem("window", fmt::format("required: aggregator {} looks at a span of time", name));
  } else if (rule.interval > Duration{0}) {
    if (rule.window < 2 * rule.interval) {
      reader.problem("window", fmt::format("must be at least twice the interval ({}), not {}",
                                           format_duration(rule.interval), format_duration(rule.window)));
    } else if (rule.min_samples > rule.window / rule.interval) {
      reader.problem("min_samples",
                     fmt::format("must be at most {}, not {}: a window of {} holds no more at an interval of {}",
                                 rule.window / rule.interval, rule.min_samples, format_duration(rule.window),
                                 format_duration(rule.interval)));
    }
  }
  if (rule.aggregator == Aggregator::quantile) {
    // 1/(1−q) samples: with fewer the quantile is the maximum by another name. The small term takes off rounding.
    const int needed = static_cast<int>(std::ceil(1 / (1 - rule.quantile) - 1e-6));
    if (rule.min_samples < needed) {
      reader.problem("min_samples", fmt::format("must be at least {} for {}, not {}", needed, name, rule.min_samples));
    }
  }
}

void check_times(Reader& reader, const Rule& rule) {
  if (rule.interval == Duration{0}) return;
  const std::string interval = format_duration(rule.interval);
  if (rule.no_data_after > Duration{0} && rule.no_data_after < 2 * rule.interval) {
    problem(
        reader, "no_data", "after",
        fmt::format("must be at least twice the interval ({}), not {}", interval, format_duration(rule.no_data_after)));
  }
  const auto check_recovery = [&](std::string_view key, Duration duration) {
    if (duration == Duration{0} || duration >= rule.interval) return;
    problem(reader, "recover_for", key,
            fmt::format("must be 0 or at least the interval ({}), not {}", interval, format_duration(duration)));
  };
  check_recovery("sub", rule.recover_sub);
  check_recovery("poor", rule.recover_poor);
}

void check_burn(Reader& reader, const Rule& rule) {
  if (rule.op == Direction::below)
    reader.problem("op", "must be above for aggregator burn: the faster the budget burns, the worse");
  if (rule.short_window == Duration{0}) {
    if (rule.min_bad_short > 0) problem(reader, "min_bad", "short", "needs a short_window to count in");
    return;
  }
  const std::string shorter = format_duration(rule.short_window);
  if (rule.short_window >= rule.window) {
    reader.problem("short_window", fmt::format("must be shorter than the window ({}), not {}: a twelfth of it is usual",
                                               format_duration(rule.window), shorter));
  } else if (rule.interval > Duration{0} && rule.short_window < 2 * rule.interval) {
    reader.problem("short_window", fmt::format("must be at least twice the interval ({}), not {}",
                                               format_duration(rule.interval), shorter));
  }
  if (rule.min_bad_short > rule.min_bad)
    problem(reader, "min_bad", "short",
            fmt::format("must be at most long ({}), not {}: the short window is part of the long one", rule.min_bad,
                        rule.min_bad_short));
}

void check_aggregator(Reader& reader, const Rule& rule) {
  const bool has_target = rule.aggregator == Aggregator::apdex || rule.aggregator == Aggregator::share_above;
  const bool burns = rule.aggregator == Aggregator::burn;
  if (reader.has("target") && !has_target) reader.problem("target", "only for aggregator apdex or share_above");
  if (has_target && rule.target <= 0)
    reader.problem("target", "required, and above 0, for aggregator apdex or share_above");
  for (const std::string_view key : {"slo", "short_window"}) {
    if (reader.has(key) && !burns) reader.problem(key, "only for aggregator burn");
  }
  if (reader.has("min_bad") && !burns && rule.aggregator != Aggregator::ratio)
    reader.problem("min_bad", "only for aggregator burn or ratio");
  if (rule.aggregator == Aggregator::ratio && rule.min_bad_short > 0)
    problem(reader, "min_bad", "short", "only for aggregator burn");
  if (burns && !(rule.slo > 0 && rule.slo < 1))
    reader.problem("slo", "required, between 0 and 1, for aggregator burn (99.9%)");
  if (burns) check_burn(reader, rule);
  if (rule.measure.errors && rule.aggregator != Aggregator::apdex)
    problem(reader, "measure", "errors", "only for aggregator apdex");
}

/// Whether `from` is reached from the rules `ids`, going up `inhibited_by`.
bool reaches(const std::vector<Rule>& rules, const std::vector<std::string>& ids, const std::string& from,
             std::set<std::string>& seen) {
  return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
    if (id == from) return true;
    if (!seen.insert(id).second) return false;
    // Several rules of one id, for other CRMs, count together.
    return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
      return rule.id == id && reaches(rules, rule.inhibited_by, from, seen);
    });
  });
}

}  // namespace

void check_inhibitions(const std::vector<InhibitionPlace>& places, const std::vector<Rule>& rules, Problems& problems) {
  for (const InhibitionPlace& place : places) {
    for (const std::string& id : place.by) {
      const bool known = std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.id == id; });
      std::set<std::string> seen;
      if (id == place.id) {
        problems.push_back({place.file, place.line, place.path, "a rule cannot inhibit itself"});
      } else if (!known) {
        std::vector<std::string> ids;
        for (const Rule& rule : rules) {
          if (rule.id != place.id) ids.push_back(rule.id);
        }
        problems.push_back(
            {place.file, place.line, place.path, fmt::format("there is no rule '{}'{}", id, suggestion(id, ids))});
      } else if (reaches(rules, {id}, place.id, seen)) {
        problems.push_back({place.file, place.line, place.path,
                            fmt::format("'{}' is itself inhibited by '{}': a circle", id, place.id)});
      }
    }
  }
}

void check_rule(Reader& reader, const Rule& rule) {
  check_thresholds(reader, rule);
  check_window(reader, rule);
  check_times(reader, rule);
  check_aggregator(reader, rule);
}

}  // namespace crmpulse::config
