// What a damaged store could hand to the judge: any bytes as the saved state of a CRM, and of what belongs to none.
#include "rules/engine.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/rules/stored_rules.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rules::Engine engine{rules::test::stored_rules(), {{"chat", Level::sub_healthy, {}}}};
  auto now = from_unix_millis(1'795'000'000'000);
  const bool shared = engine.load_shared(fuzz::text_of(data, size)).has_value();
  if (!engine.load("acme", fuzz::text_of(data, size)) && !shared) return 0;
  engine.restarted(now);
  const auto series = engine.bind("crm_operation_duration_seconds", Labels{{"crm", "acme"}, {"operation", "read"}});
  engine.fold(series, now, 5, now);
  static_cast<void>(engine.step(now));
  engine.shift(std::chrono::minutes{-7});
  now += std::chrono::hours{30};
  engine.fold(series, now, 5, now);
  static_cast<void>(engine.step(now));
  fuzz::require(engine.status("acme").has_value());
  // What it says of itself it reads.
  rules::Engine again{rules::test::stored_rules(), {{"chat", Level::sub_healthy, {}}}};
  fuzz::require(again.load("acme", engine.save("acme")).has_value());
  fuzz::require(again.load_shared(engine.save_shared()).has_value());
  return 0;
}
