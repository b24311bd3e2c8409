// Counts allocations of this whole program: fold() must make none once windows have grown.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "tests/rules/timeline.h"

namespace {
std::size_t allocations = 0;
std::size_t bytes = 0;
}  // namespace

void* operator new(std::size_t size) {
  ++allocations;
  bytes += size;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  bytes += size;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

TEST_CASE("folding a sample allocates nothing in steady state") {
  Ruleset ruleset{table_settings(), {}};
  for (const char* aggregator : {"last", "avg", "p75", "rate", "apdex", "failures_in_row", "baseline_drop"}) {
    Rule rule = table_rule(aggregator);
    rule.measure.metric = "d";
    const auto known = aggregator_from(aggregator).value();
    rule.aggregator = known.aggregator;
    rule.quantile = known.quantile;
    rule.window = rule.aggregator == Aggregator::baseline_drop ? Duration{24h} : Duration{5min};
    ruleset.rules.push_back(rule);
  }
  Engine engine{ruleset, {receiver("all")}};
  const auto series = engine.bind("d", {{"crm", "acme"}});
  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  const auto fold = [&] {
    now += 15s;
    return engine.fold(series, now, 200, now);
  };
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(fold());
    static_cast<void>(engine.step(now));
  }
  std::size_t worst = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::size_t before = allocations;
    const SampleVerdict result = fold();
    worst = std::max(worst, allocations - before);
    if (result != SampleVerdict::accepted) FAIL("not accepted");
    static_cast<void>(engine.step(now));
  }
  CHECK(worst == 0);
}

TEST_CASE("a unit that is new takes a few kilobytes, whatever it is judged by") {
  constexpr int kUnits = 200;
  for (const char* aggregator : {"last", "avg", "p75", "ratio", "rate", "apdex", "failures_in_row", "baseline_drop"}) {
    INFO(aggregator);
    Rule rule = table_rule(aggregator);
    rule.measure.metric = "d";
    rule.each = "object";
    const auto known = aggregator_from(aggregator).value();
    rule.aggregator = known.aggregator;
    rule.quantile = known.quantile;
    rule.window = 2h;
    Engine engine{Ruleset{table_settings(), {rule}}, {receiver("all")}};
    const TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
    const std::size_t before = bytes;
    for (int i = 0; i < kUnits; ++i)
      static_cast<void>(engine.fold(engine.bind("d", {{"crm", "acme"}, {"object", std::to_string(i)}}), now, 0.5, now));
    static_cast<void>(engine.step(now));
    // All that was ever asked for, whether it is still held or not.
    CHECK((bytes - before) / kUnits < 6 * 1024);
  }
}
