// What a damaged store could hand to the judge: any bytes as the saved state of a CRM.
#include "rules/engine.h"
#include "tests/fuzz/fuzz_target.h"

using namespace crmpulse;

namespace {

Ruleset one_rule() {
  Rule rule;
  rule.id = rule.dimension = "latency";
  rule.measure.metric = "crm_operation_duration_seconds";
  rule.sub = {1, 0.9, {}};
  rule.poor = {3, 2.7, {}};
  rule.each = "operation";
  return {{}, {rule}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rules::Engine engine{one_rule(), {{"chat", Level::sub_healthy, {}}}};
  const auto now = from_unix_millis(1'700'000'000'000);
  if (!engine.load("acme", fuzz::text_of(data, size))) return 0;
  engine.restarted(now);
  const auto series = engine.bind("crm_operation_duration_seconds", Labels{{"crm", "acme"}, {"operation", "read"}});
  engine.fold(series, now, 5, now);
  static_cast<void>(engine.step(now));
  fuzz::require(engine.status("acme").has_value());
  fuzz::require(!engine.save("acme").empty());
  return 0;
}
