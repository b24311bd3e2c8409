#include "agent/run/series_order.h"

#include <catch2/catch.hpp>
#include <map>

using namespace crmpulse;
using namespace crmpulse::agent;
using namespace std::chrono_literals;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

Sample sample(std::string metric, double value, TimePoint at, std::string_view operation = "") {
  Sample out{std::move(metric), {{"crm", "acme"}}, value, at};
  out.labels.set("operation", operation);
  return out;
}

std::vector<Sample> arranged(SeriesOrder& order, std::vector<Sample> samples, TimePoint now) {
  order.arrange(samples, now);
  return samples;
}

/// Of each series: every sample is newer than the one before.
void check_ascends(const std::vector<Sample>& samples) {
  std::map<std::pair<std::string, Labels>, TimePoint> newest;
  for (const Sample& one : samples) {
    CAPTURE(one.metric, to_string(one.labels));
    const auto [place, is_new] = newest.try_emplace({one.metric, one.labels}, one.at);
    if (!is_new) CHECK(one.at > place->second);
    place->second = one.at;
  }
}

}  // namespace

TEST_CASE("what every answer tells is left out when a measurement that began later has told something newer") {
  for (const char* metric :
       {"crm_api_limit", "crm_api_used", "crm_api_remaining", "crm_api_exhaustion_timestamp_seconds",
        "crm_certificate_expiry_timestamp_seconds", "crm_agent_clock_skew_seconds"}) {
    CAPTURE(metric);
    SeriesOrder order;
    CHECK(arranged(order, {sample(metric, 2, kNow + 30s)}, kNow + 31s).size() == 1);
    CHECK(arranged(order, {sample(metric, 1, kNow)}, kNow + 40s).empty());
    CHECK(arranged(order, {sample(metric, 1, kNow + 30s)}, kNow + 40s).empty());
    CHECK(arranged(order, {sample(metric, 3, kNow + 60s)}, kNow + 61s).size() == 1);
  }
}

TEST_CASE("nothing a measurement found itself is lost when another one of its series was told first") {
  SeriesOrder order;
  std::vector<Sample> stored;
  // Liveness each second; beside it a measurement of the same operation that takes three.
  for (int second = 0; second < 10; ++second) {
    const TimePoint now = kNow + second * 1s;
    std::vector<Sample> samples{sample("crm_operation_success", 1, now, "read"), sample("crm_up", 1, now)};
    if (second % 3 == 2) {
      samples.push_back(sample("crm_operation_success", 0, now - 2s, "read"));
      samples.push_back(sample("crm_failure", 1, now - 2s, "read"));
    }
    order.arrange(samples, now);
    for (Sample& one : samples) stored.push_back(std::move(one));
  }
  CHECK(stored.size() == 26);
  check_ascends(stored);
  for (const Sample& one : stored) CHECK(one.at <= kNow + 10s);
}

TEST_CASE("series of one metric with other labels are not each other's") {
  SeriesOrder order;
  Sample other = sample("crm_api_limit", 5000, kNow);
  other.labels.set("allowance", "hourly");
  CHECK(arranged(order, {sample("crm_api_limit", 1, kNow + 1s)}, kNow + 2s).size() == 1);
  CHECK(arranged(order, {other}, kNow + 2s).size() == 1);
}

TEST_CASE("a clock that was set back does not hold anything back") {
  SeriesOrder order;
  CHECK(arranged(order, {sample("crm_api_limit", 1, kNow), sample("crm_up", 1, kNow)}, kNow).size() == 2);
  const TimePoint back = kNow - 1h;
  const auto after = arranged(order, {sample("crm_api_limit", 1, back), sample("crm_up", 1, back)}, back);
  REQUIRE(after.size() == 2);
  CHECK(after[0].at == back);
  CHECK(after[1].at == back);
}

TEST_CASE("series that have ended are forgotten") {
  SeriesOrder order;
  for (int i = 0; i < 1000; ++i) {
    const TimePoint now = kNow + i * 1min;
    (void)arranged(order, {sample("crm_records", 1, now, "stage " + std::to_string(i))}, now);
  }
  CHECK(order.size() < 200);
}
