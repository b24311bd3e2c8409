#include "collector/http/request_limits.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const TimePoint kStart = from_unix_millis(1'800'000'000'000);
constexpr std::chrono::seconds kSecond{1};
using Asker = RequestLimits::Asker;

RequestLimits limits_with(int per_address, int per_token, int failures) {
  LimitSettings settings;
  settings.requests_per_address = per_address;
  settings.requests_per_token = per_token;
  settings.failed_logins_per_address = failures;
  RequestLimits limits;
  limits.configure(settings);
  return limits;
}

int admitted(RequestLimits& limits, const std::string& address, TimePoint now, int asked) {
  int count = 0;
  for (int i = 0; i < asked; ++i) count += limits.admit(address, Asker::anybody, now) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("an address may ask two seconds' worth at once, then as much as it may a second") {
  RequestLimits limits = limits_with(10, 0, 0);
  CHECK(admitted(limits, "192.0.2.1", kStart, 100) == 20);
  CHECK(admitted(limits, "192.0.2.1", kStart + kSecond, 100) == 10);
  CHECK(admitted(limits, "192.0.2.2", kStart + kSecond, 100) == 20);
  CHECK(admitted(limits, "192.0.2.1", kStart + 100 * kSecond, 100) == 20);
  CHECK(admitted(limits, "127.0.0.1", kStart, 1000) == 1000);
  CHECK(admitted(limits, "2001:db8::1", kStart, 15) + admitted(limits, "2001:db8::2", kStart, 15) == 20);
}

TEST_CASE("a clock that stands or goes back gives nothing") {
  RequestLimits limits = limits_with(10, 0, 0);
  CHECK(admitted(limits, "192.0.2.1", kStart, 20) == 20);
  CHECK(admitted(limits, "192.0.2.1", kStart - 100 * kSecond, 5) == 0);
  CHECK(admitted(limits, "192.0.2.1", kStart - 100 * kSecond, 5) == 0);
}

TEST_CASE("the table of addresses is bounded, and who was seen lately stays in it") {
  RequestLimits limits = limits_with(1, 0, 0);
  CHECK(admitted(limits, "192.0.2.1", kStart, 5) == 2);
  for (std::size_t i = 0; i < 2 * RequestLimits::kMostClients; ++i) {
    (void)limits.admit(fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255), Asker::anybody, kStart);
    if (i % 1000 == 0) CHECK_FALSE(limits.admit("192.0.2.1", Asker::anybody, kStart));
  }
  CHECK(limits.clients() == RequestLimits::kMostClients);
}

TEST_CASE("each token has a bound of its own") {
  RequestLimits limits = limits_with(0, 5, 0);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limits.admit_token("branch", kStart) ? 1 : 0;
  CHECK(admitted == 10);
  CHECK(limits.admit_token("page", kStart));
  CHECK(limits.admit_token("branch", kStart + kSecond));
}

TEST_CASE("who guesses too often is told to wait until it stops") {
  RequestLimits limits = limits_with(0, 0, 3);
  const std::string address = "192.0.2.1";
  for (int i = 0; i < 3; ++i) {
    CHECK(limits.may_log_in(address, kStart));
    limits.log_in_failed(address, kStart);
  }
  CHECK_FALSE(limits.may_log_in(address, kStart));
  CHECK(limits.may_log_in("192.0.2.2", kStart));
  CHECK(limits.may_log_in(address, kStart + 21 * kSecond));
  // Who goes on meanwhile waits longer, but never for ever.
  for (int i = 0; i < 1000; ++i) limits.log_in_failed(address, kStart);
  CHECK_FALSE(limits.may_log_in(address, kStart + 79 * kSecond));
  CHECK(limits.may_log_in(address, kStart + 81 * kSecond));
}

TEST_CASE("others of an address take nothing from who has shown a valid token") {
  RequestLimits limits = limits_with(10, 0, 0);
  CHECK(admitted(limits, "192.0.2.1", kStart, 100) == 20);
  CHECK(limits.admit("192.0.2.1", Asker::known, kStart));
  int known = 1;
  for (int i = 0; i < 100; ++i) known += limits.admit("192.0.2.1", Asker::known, kStart) ? 1 : 0;
  CHECK(known == 20);
}

TEST_CASE("a bound of 0 means unlimited") {
  RequestLimits limits = limits_with(0, 0, 0);
  CHECK(admitted(limits, "192.0.2.1", kStart, 1000) == 1000);
  for (int i = 0; i < 1000; ++i) limits.log_in_failed("192.0.2.1", kStart);
  CHECK(limits.may_log_in("192.0.2.1", kStart));
  CHECK(limits.admit_token("branch", kStart));
  CHECK(limits.clients() == 0);
}
