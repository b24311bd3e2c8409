#include "rules/window/aggregators.h"

#include <catch2/catch.hpp>

#include "tests/rules/reload.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace crmpulse::rules::test;
using namespace std::chrono_literals;

namespace {

const TimePoint kStart = parse_time("2026-11-16T00:00:00Z").value();  // a Monday

/// A window fed every 15 s, and what its aggregator says at the end.
class Probe {
 public:
  explicit Probe(Aggregator aggregator, Duration span = 5min) {
    rule.aggregator = aggregator;
    rule.window = span;
  }

  Probe& feed(std::initializer_list<double> values, std::uint32_t tag = 0) {
    for (const double value : values) put(value, tag);
    return *this;
  }
  void put(double value, std::uint32_t tag = 0) { put_at(at, value, tag), at += 15s; }
  Window::Put put_at(TimePoint when, double value, std::uint32_t tag = 0) {
    if (!window) window.emplace(rule);
    const Window::Put result = window->put(when, tag, value, previous);
    previous = {when, value};
    return result;
  }
  [[nodiscard]] std::optional<double> value() {
    if (!window) window.emplace(rule);
    return aggregate(rule, *window, window->newest());
  }

  Rule rule;
  TimePoint at = kStart;
  std::optional<Window> window;
  Previous previous;
};

}  // namespace

TEST_CASE("the simple aggregators say what their names say") {
  CHECK(Probe{Aggregator::last}.feed({1, 5, 3}).value() == 3);
  CHECK(Probe{Aggregator::avg}.feed({1, 5, 3}).value() == 3);
  CHECK(Probe{Aggregator::min}.feed({1, 5, 3}).value() == 1);
  CHECK(Probe{Aggregator::max}.feed({1, 5, 3}).value() == 5);
  CHECK(Probe{Aggregator::count}.feed({1, 5, 3}).value() == 3);
  CHECK(Probe{Aggregator::ratio}.feed({1, 1, 0, 1}).value() == 0.75);
}

TEST_CASE("an empty window gives no data, not a number") {
  for (const Aggregator aggregator :
       {Aggregator::last, Aggregator::avg, Aggregator::min, Aggregator::max, Aggregator::ratio, Aggregator::rate,
        Aggregator::age, Aggregator::burn, Aggregator::apdex, Aggregator::baseline_drop, Aggregator::failures_in_row,
        Aggregator::share_above}) {
    INFO(to_string(aggregator, 0));
    CHECK_FALSE(Probe{aggregator}.value().has_value());
  }
}

TEST_CASE("a quantile is the nearest rank and refused below 1/(1-q) samples") {
  Probe p75{Aggregator::quantile};
  p75.rule.quantile = 0.75;
  p75.feed({4, 1, 3});
  CHECK_FALSE(p75.value().has_value());
  p75.feed({2});
  CHECK(p75.value() == 3);  // ceil(0.75 · 4) = 3rd
  p75.feed({10});
  CHECK(p75.value() == 4);  // ceil(0.75 · 5) = 4th

  Probe p95{Aggregator::quantile, 10min};
  p95.rule.quantile = 0.95;
  for (int i = 1; i <= 19; ++i) p95.put(i);
  CHECK_FALSE(p95.value().has_value());
  p95.put(20);
  CHECK(p95.value() == 19);
}

TEST_CASE("five minutes of 15 s samples are 20") {
  Probe probe{Aggregator::count};
  for (int i = 0; i < 100; ++i) probe.put(1);
  CHECK(probe.value() == 20);
}

TEST_CASE("fewer than min_samples count as no data") {
  Probe probe{Aggregator::avg};
  probe.rule.min_samples = 12;
  for (int i = 0; i < 11; ++i) probe.put(5000);
  CHECK_FALSE(probe.value().has_value());
  probe.put(5000);
  CHECK(probe.value() == 5000);
}

TEST_CASE("a rate leaves out the step in which the counter was reset") {
  CHECK(Probe{Aggregator::rate}.feed({100, 130, 160}).value() == 2);
  CHECK(Probe{Aggregator::rate}.feed({100, 130, 10, 40}).value() == 2);
  CHECK_FALSE(Probe{Aggregator::rate}.feed({100, 10}).value().has_value());
  CHECK_FALSE(Probe{Aggregator::rate}.feed({100}).value().has_value());
}

TEST_CASE("rates of several counters add up") {
  Probe probe{Aggregator::rate};
  for (int i = 0; i < 4; ++i) {
    probe.put_at(kStart + i * 15s, i * 15.0, 1);
    probe.put_at(kStart + i * 15s, i * 30.0, 2);
  }
  CHECK(probe.value() == 3);
}

TEST_CASE("age counts from the newest change of any series") {
  Probe probe{Aggregator::age, 0s};
  const double start = to_seconds(kStart.time_since_epoch());
  probe.put_at(kStart, start - 500, 1);
  probe.put_at(kStart, start - 900, 2);
  CHECK(probe.value() == 500);
  probe.put_at(kStart + 60s, start - 700, 1);  // the newest record was deleted
  CHECK(probe.value() == 760);
}

TEST_CASE("an age is below zero only for a rule that counts down to a time") {
  const double start = to_seconds(kStart.time_since_epoch());
  Probe happened{Aggregator::age, 0s};
  happened.rule.sub.enter = 3600;
  happened.rule.poor.enter = 7200;
  happened.put_at(kStart, start + 900, 1);  // another machine's clock is ahead
  CHECK(happened.value() == 0);
  Probe ends{Aggregator::age, 0s};
  ends.rule.sub.enter = -14 * 86400;
  ends.rule.poor.enter = -3 * 86400;
  ends.put_at(kStart, start + 900, 1);
  CHECK(ends.value() == -900);
}

TEST_CASE("burn is the error ratio over the allowed one, and needs min_bad") {
  Probe probe{Aggregator::burn, 1h};
  probe.rule.slo = 0.9;
  probe.feed({1, 1, 1, 0});
  CHECK(probe.value().value() == Approx(2.5));
  probe.rule.min_bad = 2;
  CHECK(probe.value() == 0);
  probe.put(0);
  CHECK(probe.value().value() == Approx(4));
}

TEST_CASE("apdex counts tolerated ones half") {
  Probe probe{Aggregator::apdex};
  probe.rule.target = 1;
  probe.feed({0.5, 1.0, 2.0, 4.0, 4.1});
  CHECK(probe.value().value() == Approx((2 + 2 / 2.0) / 5));
}

TEST_CASE("share_above is strict") {
  Probe probe{Aggregator::share_above};
  probe.rule.target = 3;
  CHECK(probe.feed({1, 3, 3.1, 9}).value() == 0.5);
}

TEST_CASE("failures in a row end with the newest success") {
  Probe probe{Aggregator::failures_in_row, 0s};
  CHECK(probe.feed({0, 0, 1}).value() == 0);
  CHECK(probe.feed({0, 0, 0}).value() == 3);
}

TEST_CASE("a baseline drop compares with the same hour of the weeks before") {
  Probe probe{Aggregator::baseline_drop, 1h};
  const auto week = [&](int number, double value) {
    for (int i = 0; i < 4; ++i) probe.put_at(kStart + std::chrono::weeks{number} + i * 15min, value);
  };
  week(0, 100);
  CHECK_FALSE(probe.value().has_value());
  week(1, 120);
  CHECK_FALSE(probe.value().has_value());  // one week is not enough for a baseline
  week(2, 80);
  week(3, 55);
  CHECK(probe.value().value() == Approx(0.45));  // median of 100, 120, 80
  week(4, 200);
  CHECK(probe.value() == 0);
}

TEST_CASE("over a change of summer time the hour is the one on people's clocks") {
  Probe probe{Aggregator::baseline_drop, 1h};
  Zone zone;
  zone.name = "Europe/Prague";
  zone.transitions = {{kStart - std::chrono::days{300}, 2h}, {kStart + std::chrono::days{17}, 1h}};
  probe.rule.active.emplace().zone = zone;
  const TimePoint nine = kStart + 7h;  // 09:00 in summer time, 08:00 in winter
  for (int week = 0; week < 3; ++week) {
    probe.put_at(nine + std::chrono::weeks{week} - 1h, 50);
    probe.put_at(nine + std::chrono::weeks{week}, 100);
  }
  probe.put_at(nine + std::chrono::weeks{3} + 1h, 100);  // 09:00 again, after the change
  CHECK(probe.value() == 0);
  CHECK(probe.put_at(nine + std::chrono::weeks{3} + 2h, 30) == Window::Put::stored);
  CHECK_FALSE(probe.value().has_value());  // no week knows 10:00
}

TEST_CASE("weeks without data are skipped, and a baseline of zero does not count") {
  Probe probe{Aggregator::baseline_drop, 1h};
  probe.put_at(kStart, 100);
  probe.put_at(kStart + std::chrono::weeks{3}, 100);
  probe.put_at(kStart + std::chrono::weeks{4}, 40);
  CHECK(probe.value().value() == Approx(0.6));
  Probe idle{Aggregator::baseline_drop, 1h};
  for (int week = 0; week < 4; ++week) idle.put_at(kStart + std::chrono::weeks{week}, 0);
  CHECK_FALSE(idle.value().has_value());
}

TEST_CASE("case 93: Apdex of 60 samples says nothing when 100 are asked for") {
  Probe probe{Aggregator::apdex, 24h};
  probe.rule.target = 1;
  probe.rule.min_samples = 100;
  for (int i = 0; i < 60; ++i) probe.put(9);
  CHECK_FALSE(probe.value().has_value());
  for (int i = 0; i < 40; ++i) probe.put(0.5);
  CHECK(probe.value().value() == Approx(0.4));
}

TEST_CASE("a week is kept in buckets and forgotten bucket by bucket") {
  Probe probe{Aggregator::avg, std::chrono::days{7}};
  const auto day = [&](int number, double value) {
    for (int i = 0; i < 24; ++i) probe.put_at(kStart + std::chrono::days{number} + i * 1h, value);
  };
  for (int number = 0; number < 7; ++number) day(number, 10);
  CHECK(probe.window->bucketed());
  CHECK(probe.value() == 10);
  for (int number = 7; number < 14; ++number) day(number, 20);
  CHECK(probe.value() == 20);
  CHECK(probe.window->count() == 7 * 24);
}

TEST_CASE("what is counted beside the buckets is what they sum up to, over gaps, late samples and restarts") {
  Probe probe{Aggregator::apdex, 24h};
  probe.rule.target = 1;
  std::uint32_t random = 7;
  const auto next = [&random] { return (random = random * 1664525 + 1013904223) >> 16; };
  for (int i = 0; i < 4000; ++i) {
    probe.at += next() % 97 == 0 ? Duration{std::chrono::hours{next() % 40}} : Duration{next() % 600'000};
    probe.put_at(probe.at - (next() % 11 == 0 ? Duration{next() % 3'600'000} : Duration{0}), next() % 7);
    const Summary sum = probe.window->summary();
    const Shares shares = probe.window->shares();
    REQUIRE(shares.count == sum.count);
    REQUIRE(shares.within == sum.within);
    REQUIRE(shares.tolerable == sum.tolerable);
    if (i % 500 != 0) continue;
    Window copy{probe.rule};
    REQUIRE(reload(*probe.window, copy));
    CHECK(copy.shares().count == shares.count);
    CHECK(copy.shares().within == shares.within);
    probe.window.emplace(std::move(copy));
  }
}

TEST_CASE("the rate of a long window leaves resets out too") {
  Probe probe{Aggregator::rate, 12h};
  double counter = 0;
  for (int i = 0; i < 720; ++i) probe.put_at(kStart + i * 1min, i == 300 ? counter = 0 : counter += 120);
  CHECK(probe.value().value() == Approx(2));
}

TEST_CASE("a full window is thinned, not shortened") {
  Probe probe{Aggregator::quantile, 6h};
  probe.rule.quantile = 0.5;
  for (int i = 0; i < 21'600; ++i) probe.put_at(kStart + i * 1s, i);
  CHECK(probe.window->ring().size() <= Window::kRawLimit);
  CHECK(probe.window->ring().front().at() < kStart + 10s);
  CHECK(probe.value().value() == Approx(10'800).epsilon(0.01));
  CHECK(probe.window->count() == Approx(21'600).epsilon(0.05));  // an estimate: one of eight was kept
}

TEST_CASE("late samples take their place, what is sent twice counts once, what left the window stays out") {
  Probe probe{Aggregator::last};
  probe.put_at(kStart, 1);
  probe.put_at(kStart + 60s, 3);
  CHECK(probe.put_at(kStart + 30s, 2) == Window::Put::stored);
  CHECK(probe.value() == 3);
  CHECK(probe.put_at(kStart + 30s, 2) == Window::Put::duplicate);
  CHECK(probe.put_at(kStart + 30s, 2, 1) == Window::Put::stored);  // another series, the same time
  probe.put_at(kStart + 5min, 4);
  CHECK(probe.put_at(kStart, 1) == Window::Put::late);
  CHECK(probe.window->ring().size() == 4);
}

TEST_CASE("a window survives its bytes") {
  Probe probe{Aggregator::baseline_drop, std::chrono::days{1}};
  for (int i = 0; i < 3'000; ++i) probe.put_at(kStart + i * 15min, i % 96);
  Window copy{probe.rule};
  REQUIRE(reload(*probe.window, copy));
  CHECK(aggregate(probe.rule, copy, copy.newest()) == probe.value());
  CHECK(copy.count() == probe.window->count());
}
