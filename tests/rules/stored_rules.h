#pragma once

#include "core/rule.h"

namespace crmpulse::rules::test {

inline Rule rule_of(const char* id, const char* metric, Aggregator aggregator, Duration window) {
  using namespace std::chrono_literals;
  Rule rule;
  rule.id = rule.dimension = id;
  rule.measure.metric = metric;
  rule.aggregator = aggregator;
  rule.window = window;
  rule.sub = {1000, 900, 60s};
  rule.poor = {3000, 2700, 30s};
  rule.recover_sub = 120s;
  rule.recover_poor = 60s;
  return rule;
}

/// A rule for each way in which something is remembered: those of the states in tests/rules/stored/.
inline Ruleset stored_rules() {
  using namespace std::chrono_literals;
  Rule last = rule_of("last", "d1", Aggregator::last, 0s);
  last.no_data_after = 60s;
  last.interval = 15s;
  Rule p75 = rule_of("p75", "crm_operation_duration_seconds", Aggregator::quantile, 1h);
  p75.quantile = 0.75;
  p75.each = "operation";
  p75.min_samples = 4;
  p75.sub = {1, 0.9, 0s};
  p75.poor = {3, 2.7, 0s};
  Rule apdex = rule_of("apdex", "crm_operation_duration_seconds", Aggregator::apdex, 24h);
  apdex.target = 1;
  apdex.op = Direction::below;
  apdex.sub = {0.85, 0.9, 0s};
  apdex.poor = {0.5, 0.6, 0s};
  Rule above = rule_of("above", "crm_operation_duration_seconds", Aggregator::share_above, 30min);
  above.target = 2;
  above.sub = {0.3, 0.2, 0s};
  above.poor = {0.9, 0.8, 0s};
  Rule mean = rule_of("mean", "d1", Aggregator::avg, 12h);
  Rule rate = rule_of("rate", "d2", Aggregator::rate, 12h);
  Rule burn = rule_of("burn", "crm_up", Aggregator::burn, 1h);
  burn.slo = 0.99;
  burn.short_window = 5min;
  burn.min_bad = 2;
  burn.min_bad_short = 1;
  burn.sub = {6, 4, 0s};
  burn.poor = {14.4, 10, 0s};
  burn.no_data = NoDataState::ignore;
  Rule drop = rule_of("drop", "d3", Aggregator::baseline_drop, 24h);
  drop.sub = {0.3, 0.2, 0s};
  drop.poor = {0.6, 0.5, 0s};
  Rule quorum = rule_of("quorum", "d4", Aggregator::avg, 10min);
  quorum.quorum = 2;
  Rule share = rule_of("share", "crm_records_incomplete", Aggregator::last, 0s);
  Measure::Divisor per;
  per.metric = "crm_records";
  per.on = {"object"};
  share.measure.per = per;
  share.sub = {0.1, 0.05, 0s};
  share.poor = {0.5, 0.4, 0s};
  Rule age = rule_of("age", "crm_last_modified_timestamp_seconds", Aggregator::age, 0s);
  age.active_crm = true;
  age.role = Role::soft;
  age.sub = {3600, 3000, 0s};
  age.poor = {36000, 30000, 0s};
  NotificationPolicy settings;
  settings.digest_opens = 1;
  settings.vendor_outage.crms = 2;
  settings.flap_changes = 4;
  return {settings, {last, p75, apdex, above, mean, rate, burn, drop, quorum, share, age}};
}

}  // namespace crmpulse::rules::test
