#include "rules/window/slo.h"

#include <catch2/catch.hpp>

#include "tests/rules/reload.h"
#include "tests/rules/timeline.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-16T00:00:00Z").value();
constexpr Duration kDay = 24h;

/// Readings every minute; the good ones of a minute are all but those in `bad`.
void minutes(SloCounters& slo, TimePoint from, int count, bool good = true) {
  for (int i = 0; i < count; ++i) slo.add(from + i * 1min, good);
}

SloCounters reloaded(const SloCounters& slo) {
  SloCounters copy;
  REQUIRE(reload(slo, copy));
  return copy;
}

}  // namespace

TEST_CASE("the good share of each window is that of its own readings") {
  SloCounters slo;
  const TimePoint end = kStart + 30 * kDay;
  minutes(slo, kStart, 30 * 24 * 60);
  slo.add(end - 1s, false);
  slo.add(end - 20min, false);
  slo.add(end - 5h, false);
  slo.add(end - 2 * kDay, false);
  slo.add(end - 20 * kDay, false);
  const TimePoint now = end - 1s;
  CHECK(slo.counted(now, 5min) == Tally{5, 6});
  CHECK(slo.counted(now, 30min) == Tally{30, 32});
  CHECK(slo.counted(now, 6h) == Tally{360, 363});
  CHECK(slo.counted(now, kDay) == Tally{1440, 1443});
  CHECK(slo.counted(now, 3 * kDay) == Tally{4320, 4324});
  CHECK(slo.counted(now, SloCounters::kPeriod) == Tally{43'200, 43'205});
  CHECK(slo.counted(now, 1h).ratio().value() == Approx(60.0 / 62));
}

TEST_CASE("without readings there is no availability, neither 100 % nor 0 %") {
  const SloCounters slo;
  for (const Duration window : SloCounters::kWindows) {
    CHECK_FALSE(slo.counted(kStart, window).ratio().has_value());
    CHECK_FALSE(burn_rate(slo.counted(kStart, window), 0.999).has_value());
  }
  CHECK_FALSE(slo.budget_remaining(kStart, 0.999).has_value());
}

TEST_CASE("a month of readings takes 16 kB, an hour of them under 2") {
  SloCounters slo;
  minutes(slo, kStart, 60);
  CHECK(slo.bytes() < 2048);
  minutes(slo, kStart + 1h, 31 * 24 * 60);
  CHECK(slo.bytes() <= 16'400);
  CHECK(bytes_of(slo).size() < 4096);
}

TEST_CASE("a late reading counts in the time it was taken, as far as that is kept") {
  SloCounters slo;
  minutes(slo, kStart, 24 * 60);
  const TimePoint now = kStart + kDay - 1min;
  slo.add(now - 10h, false);
  CHECK(slo.counted(now, 6h).bad() == 0);
  CHECK(slo.counted(now, kDay).bad() == 1);
  slo.add(now - 10 * kDay, false);
  CHECK(slo.counted(now, 3 * kDay).bad() == 1);
  CHECK(slo.counted(now, SloCounters::kPeriod).bad() == 2);
  slo.add(now - 40 * kDay, false);
  CHECK(slo.counted(now, SloCounters::kPeriod).bad() == 2);
}

TEST_CASE("what is older than its window is forgotten, after a long silence all at once") {
  SloCounters slo;
  minutes(slo, kStart, 120, false);
  minutes(slo, kStart + 2h, 120);
  CHECK(slo.counted(kStart + 4h - 1min, 2h) == Tally{120, 120});
  slo.add(kStart + 31 * kDay, true);
  CHECK(slo.counted(kStart + 31 * kDay, SloCounters::kPeriod) == Tally{1, 1});
  CHECK(slo.counted(kStart + 31 * kDay, 5min) == Tally{1, 1});
}

TEST_CASE("time that passes without readings empties the windows") {
  SloCounters slo;
  minutes(slo, kStart, 60);
  CHECK(slo.counted(kStart + 3h, 1h) == Tally{});
  CHECK(slo.counted(kStart + 3h, 6h) == Tally{60, 60});
}

TEST_CASE("maintenance is counted apart: it costs no budget and is reported") {
  SloCounters slo;
  minutes(slo, kStart, 60);
  slo.set_maintenance(true, kStart + 1h);
  slo.set_maintenance(true, kStart + 70min);  // said twice: one span
  minutes(slo, kStart + 1h, 30, false);
  slo.set_maintenance(false, kStart + 90min);
  minutes(slo, kStart + 90min, 30);
  slo.add(kStart + 80min, false);  // late, of the maintenance
  const TimePoint now = kStart + 2h - 1min;
  CHECK(slo.counted(now, 2h) == Tally{90, 90});
  CHECK(slo.excluded(now, 2h) == Tally{0, 31});
  CHECK(slo.maintenance(now, 2h) == 30min);
  CHECK(slo.maintenance(now, 30min) == 1min);
  CHECK(slo.budget_remaining(now, 0.999) == 1.0);
  slo.set_maintenance(true, now);
  CHECK(slo.maintenance(now + 10min, 1h) == 10min + 21min);
}

TEST_CASE("counters survive their bytes, maintenance included") {
  SloCounters slo;
  minutes(slo, kStart, 3000);
  slo.set_maintenance(true, kStart + 3000min);
  minutes(slo, kStart + 3000min, 100, false);
  slo.set_maintenance(false, kStart + 3100min);
  for (int i = 0; i < 500; ++i) slo.add(kStart + 3100min + i * 1min, i % 7 != 0);
  slo.set_maintenance(true, kStart + 3600min);
  const SloCounters copy = reloaded(slo);
  for (const TimePoint now : {kStart + 3599min, kStart + 3700min, kStart + 20 * kDay}) {
    for (const Duration window : SloCounters::kWindows) {
      CHECK(copy.counted(now, window) == slo.counted(now, window));
      CHECK(copy.excluded(now, window) == slo.excluded(now, window));
      CHECK(copy.maintenance(now, window) == slo.maintenance(now, window));
    }
    CHECK(copy.budget_remaining(now, 0.999) == slo.budget_remaining(now, 0.999));
  }
}

TEST_CASE("damaged bytes of counters are an error, not a crash") {
  SloCounters slo;
  minutes(slo, kStart, 100);
  const std::string bytes = bytes_of(slo);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    SloCounters copy;
    CHECK_FALSE(read_from(std::string_view{bytes}.substr(0, cut), copy));
  }
}

TEST_CASE("a budget of 99.9 % over 30 days is 43.2 minutes") {
  SloCounters slo;
  minutes(slo, kStart, 30 * 24 * 60 - 21);
  minutes(slo, kStart + 30 * kDay - 21min, 21, false);
  const TimePoint now = kStart + 30 * kDay - 1s;
  CHECK(slo.budget_remaining(now, 0.999).value() == Approx(1 - 21 / 43.2).epsilon(0.001));
  CHECK(slo.budget_remaining(now, 0.9999).value() < 0);
}

TEST_CASE("a young CRM's first failure does not overdraw the month") {
  SloCounters slo;
  minutes(slo, kStart, 60);
  slo.add(kStart + 1h, false);
  // One minute of the 43.2, not one sixty-first of everything seen so far.
  CHECK(slo.budget_remaining(kStart + 1h, 0.999).value() == Approx(1 - 1 / 43.2).epsilon(0.05));
}

TEST_CASE("burn rates: the factors of the tiers are what they say they are") {
  CHECK(burn_rate({10'000 - 144, 10'000}, 0.999) == 14.4);
  CHECK(burn_rate({10'000 - 60, 10'000}, 0.999) == 6);
  CHECK(burn_rate({999, 1000}, 0.999) == 1);
  CHECK(burn_rate({10, 10}, 0.999) == 0);
  CHECK_FALSE(burn_rate({0, 0}, 0.999).has_value());
  CHECK_FALSE(burn_rate({1, 2}, 1).has_value());
}

namespace {

/// The fast tier at 99.9 %, judged as the shipped rule does.
Ruleset fast_tier() {
  Rule rule = table_rule("crm_up");
  rule.aggregator = Aggregator::burn;
  rule.slo = 0.999;
  rule.window = 1h;
  rule.short_window = 5min;
  rule.min_bad = 5;
  rule.min_bad_short = 2;
  rule.sub = {6, 4, 0s};
  rule.poor = {14.4, 10, 0s};
  rule.recover_sub = rule.recover_poor = 0s;
  rule.no_data_after = 10min;
  rule.interval = 0s;
  Ruleset ruleset;
  ruleset.settings.group_wait_sub = ruleset.settings.group_wait_poor = 0s;
  ruleset.rules = {rule};
  return ruleset;
}

class Probes {
 public:
  explicit Probes(Duration every) : every_(every), engine_(fast_tier(), {receiver("pager", Level::poor)}) {}
  void run(int count, bool good) {
    for (int i = 0; i < count; ++i, now += every_) {
      engine_.fold(engine_.bind("crm_up", {{"crm", "acme"}}), now, good ? 1 : 0, now);
      for (const Message& message : engine_.step(now).messages) heard.push_back(message.type);
    }
  }
  [[nodiscard]] Level state() const { return engine_.status("acme").value().state; }

  TimePoint now = kStart;
  std::vector<Event> heard;

 private:
  Duration every_;
  Engine engine_;
};

}  // namespace

TEST_CASE("case 90: of 60 s probes one failure pages nobody") {
  Probes probes{60s};
  probes.run(60, true);
  probes.run(1, false);
  CHECK(probes.state() == Level::healthy);
  probes.run(60, true);
  CHECK(probes.heard.empty());
  probes.run(4, false);  // four of the five
  CHECK(probes.heard.empty());
}

TEST_CASE("case 91: five of 240 in an hour with two in the last five minutes page") {
  Probes probes{15s};
  probes.run(100, true);
  probes.run(3, false);
  probes.run(120, true);
  CHECK(probes.state() == Level::healthy);
  probes.run(1, false);
  CHECK(probes.state() == Level::healthy);
  probes.run(1, false);
  CHECK(probes.state() == Level::poor);
  CHECK(probes.heard == std::vector{Event::opened});
}

TEST_CASE("five bad ones of which only one is recent do not page") {
  Probes probes{15s};
  probes.run(100, true);
  probes.run(4, false);
  probes.run(100, true);
  probes.run(1, false);
  CHECK(probes.state() == Level::healthy);
}

TEST_CASE("case 92: when the short window is back under, the page clears within one of its lengths") {
  Probes probes{15s};
  probes.run(200, true);
  probes.run(8, false);
  REQUIRE(probes.state() == Level::poor);
  probes.run(4, true);
  CHECK(probes.state() == Level::poor);  // a minute is not enough
  probes.run(16, true);                  // five minutes in all
  CHECK(probes.state() == Level::healthy);
  CHECK(probes.heard == std::vector{Event::opened, Event::resolved});
}

TEST_CASE("a burn window survives a restart, and an edit of its tier empties it") {
  Engine engine{fast_tier(), {}};
  TimePoint now = kStart;
  const auto feed = [&](Engine& into, int count, bool good) {
    for (int i = 0; i < count; ++i, now += 15s)
      into.fold(into.bind("crm_up", {{"crm", "acme"}}), now, good ? 1 : 0, now);
    static_cast<void>(into.step(now));
  };
  feed(engine, 60, true);
  feed(engine, 4, false);
  Engine again{fast_tier(), {}};
  REQUIRE(again.load("acme", engine.save("acme")).has_value());
  again.restarted(now);
  feed(again, 1, false);
  CHECK(again.status("acme").value().state == Level::poor);

  Ruleset edited = fast_tier();
  edited.rules[0].short_window = 10min;
  Engine other{edited, {}};
  REQUIRE(other.load("acme", engine.save("acme")).has_value());
  now -= 15s;
  feed(other, 1, false);
  CHECK(other.status("acme").value().state == Level::healthy);

  Ruleset replaced = fast_tier();
  replaced.rules[0].aggregator = Aggregator::ratio;
  Engine third{replaced, {}};
  CHECK(third.load("acme", engine.save("acme")).has_value());
}
