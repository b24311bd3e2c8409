// Checks of a user's own are judged by the shipped rules, however few the records are.

#include <algorithm>
#include <catch2/catch.hpp>

#include "config/rules_file.h"
#include "rules/engine.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-20T06:00:00Z").value();

struct Check {
  std::string kind;
  std::string metric;
  std::string rule;
};

const std::vector<Check> kChecks{{"complete", "crm_records_incomplete", "check_complete"},
                                 {"unique", "crm_records_duplicate", "check_unique"},
                                 {"valid", "crm_records_invalid", "check_valid"},
                                 {"fresh", "crm_records_outdated", "check_fresh"},
                                 {"orphan", "crm_records_orphaned", "check_orphan"}};

/// Two days of hourly counts beside liveness probes; what the check's rule says at their end.
Level level_after(const Check& check, double at_fault, double records, bool counted_themselves) {
  Engine engine{config::load_rules({CRMPULSE_SOURCE_DIR "/config/rules/default.yaml"}).value(), {}};
  TimePoint now = kStart;
  const auto fold = [&](std::string_view metric, double value, Labels labels) {
    labels.set("crm", "acme");
    labels.set("kind", "tryton");
    labels.set("agent", "a1");
    engine.fold(engine.bind(metric, labels), now, value, now);
  };
  for (; now < kStart + 50h; now += 1min) {
    fold("crm_up", 1, {});
    if ((now - kStart) % Duration{1h} == Duration{0}) {
      Labels labels{{"object", "company_employee"}, {"field", "party"}};
      fold(check.metric, at_fault, labels);
      labels.set("check", check.kind);
      if (counted_themselves) fold("crm_records_checked", records, labels);
    }
    (void)engine.step(now);
  }
  const CrmStatus status = engine.status("acme").value();
  Level level = Level::healthy;
  for (const RuleStatus& rule : status.rules)
    if (rule.rule == check.rule) level = std::max(level, rule.level);
  return level;
}

}  // namespace

TEST_CASE("three of three records at fault are poor after a day, whatever the check", "[slow]") {
  for (const Check& check : kChecks) {
    INFO(check.kind);
    CHECK(level_after(check, 3, 3, true) == Level::poor);
    CHECK(level_after(check, 0, 3, true) == Level::healthy);
    CHECK(level_after(check, 3, 3, false) == Level::healthy);  // nothing to divide by
  }
}
