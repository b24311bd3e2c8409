#include "agent/quota/quota_forecast.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

/// Uses `per_minute` of the allowance for `minutes`; gives what is forecast at the end.
std::optional<TimePoint> after(QuotaTrend& trend, int minutes, double per_minute, double used = 0,
                               double limit = 10'000) {
  for (int i = 0; i <= minutes; ++i) {
    trend.add(kNow + i * Duration{1min}, used + i * per_minute, limit - used - i * per_minute);
  }
  return trend.exhaustion();
}

}  // namespace

TEST_CASE("steady consumption that ends within a day is forecast") {
  QuotaTrend trend;
  const auto when = after(trend, 60, 50);
  REQUIRE(when);
  // 3,000 are used after an hour, 7,000 last 140 minutes more.
  CHECK(*when - (kNow + 60min) > Duration{139min});
  CHECK(*when - (kNow + 60min) < Duration{141min});
}

TEST_CASE("what lasts longer than a day, stands still or falls is not forecast") {
  QuotaTrend slow;
  CHECK_FALSE(after(slow, 60, 5));
  QuotaTrend still;
  CHECK_FALSE(after(still, 60, 0));
  QuotaTrend falling;
  CHECK_FALSE(after(falling, 60, -5, 5000));
}

TEST_CASE("a few minutes are not enough for a forecast, an empty allowance is") {
  QuotaTrend young;
  CHECK_FALSE(after(young, 5, 500));
  QuotaTrend empty;
  empty.add(kNow, 10'000, 0);
  CHECK(empty.exhaustion() == kNow);
}

TEST_CASE("an allowance that begins anew before it is used up is not forecast") {
  QuotaTrend trend;
  trend.add(kNow - 2min, 8000, 2000);
  // Begun anew at 09:00; 10,000 at 8 a minute last 20 h 50: until before the next beginning.
  CHECK(after(trend, 60, 8));
  QuotaTrend slower;
  slower.add(kNow - 2min, 8000, 2000);
  // At 7 a minute they last 23 h 48, at 6.96 just beyond 24 hours from the beginning.
  CHECK_FALSE(after(slower, 30, 6.94));
}

TEST_CASE("one odd answer does not make a forecast") {
  QuotaTrend trend;
  for (int i = 0; i <= 30; ++i) trend.add(kNow + i * Duration{1min}, i == 30 ? 1050 : 1000, i == 30 ? 8950 : 9000);
  CHECK_FALSE(trend.exhaustion());
}

TEST_CASE("a reading's allowances become samples when they run out, with the labels of their CRM") {
  QuotaRegistry book;
  std::vector<Sample> forecasts;
  for (int i = 0; i <= 20; ++i) {
    const Labels labels{{"crm", "acme"}, {"allowance", "daily"}};
    const TimePoint at = kNow + i * Duration{1min};
    forecasts = book.take(std::vector<Sample>{{"crm_api_used", labels, 100.0 * i, at},
                                              {"crm_api_limit", labels, 5000, at},
                                              {"crm_up", {{"crm", "acme"}}, 1, at}});
  }
  REQUIRE(forecasts.size() == 1);
  CHECK(forecasts[0].metric == "crm_api_exhaustion_timestamp_seconds");
  CHECK(forecasts[0].labels.get("allowance") == "daily");
  CHECK(forecasts[0].labels.get("crm") == "acme");
  CHECK(forecasts[0].at == kNow + 20min);
  CHECK(forecasts[0].value == Approx(static_cast<double>(unix_millis(kNow + 50min)) / 1000).margin(5));
  CHECK(book.find("daily")->remaining == 3000);
}

TEST_CASE("what is left alone serves when the CRM does not tell its limit") {
  QuotaRegistry book;
  std::vector<Sample> forecasts;
  for (int i = 0; i <= 20; ++i) {
    forecasts = book.take(std::vector<Sample>{
        {"crm_api_remaining", {{"allowance", "credits"}}, 2000 - 20.0 * i, kNow + i * Duration{1min}}});
  }
  REQUIRE(forecasts.size() == 1);
  CHECK(forecasts[0].value == Approx(static_cast<double>(unix_millis(kNow + 100min)) / 1000).margin(5));
}

TEST_CASE("an allowance of a short or sliding window is never forecast to be used up at a time") {
  // Dynamics: 6,000 in any 300 s. It is asked a little more and a little less from minute to minute.
  QuotaTrend sliding;
  for (int i = 0; i <= 90; ++i) {
    const double used = 1000 + 40.0 * i + (i % 3 == 0 ? 120 : 0);
    sliding.add(kNow + i * Duration{1min}, used, 6000 - used);
  }
  CHECK_FALSE(sliding.exhaustion());
  // A quarter of an hour that begins anew, again and again: the first time nobody knows, from the second on it is
  // known.
  QuotaTrend quarter;
  for (int i = 0; i <= 50; ++i) {
    const double used = 300.0 * (i % 15);
    quarter.add(kNow + i * Duration{1min}, used, 5000 - used);
  }
  CHECK_FALSE(quarter.exhaustion());
  // When nothing is left, the time of exhaustion is now, not a forecast.
  sliding.add(kNow + 2h, 6000, 0);
  CHECK(sliding.exhaustion() == kNow + 2h);
  // A day later without such a fall it may be one of a day after all.
  QuotaTrend corrected;
  corrected.add(kNow - 27h, 1010, 8990);
  corrected.add(kNow - 26h, 1000, 9000);
  CHECK(after(corrected, 60, 50, 1000));
}
