#include "core/time/time.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace std::chrono_literals;

TEST_CASE("durations are read with every unit and in combination") {
  CHECK(parse_duration("500ms").value() == 500ms);
  CHECK(parse_duration("30s").value() == 30s);
  CHECK(parse_duration("5m").value() == 5min);
  CHECK(parse_duration("24h").value() == 24h);
  CHECK(parse_duration("7d").value() == 168h);
  CHECK(parse_duration("1h30m").value() == 90min);
  CHECK(parse_duration("0").value() == 0ms);
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text : {"", "5", "m", "-5s", "5 s", "5x", "1.5s", "99999999999999999999s", "9999999999d"}) {
    INFO(text);
    CHECK(parse_duration(text).has_error());
  }
}

TEST_CASE("a duration written is the duration read") {
  for (const Duration duration : {0ms, 1ms, 999ms, 1000ms, 61'000ms, 5'400'000ms, 604'800'000ms, 90'061'001ms}) {
    CHECK(parse_duration(format_duration(duration)).value() == duration);
  }
  CHECK(format_duration(90s) == "1m30s");
}

TEST_CASE("times are RFC 3339 both ways") {
  const TimePoint time = parse_time("2026-11-21T09:00:00Z").value();
  CHECK(unix_millis(time) == 1795251600000);
  CHECK(format_time(time) == "2026-11-21T09:00:00Z");
  CHECK(parse_time("2026-11-21T10:00:00+01:00").value() == time);
  CHECK(parse_time("2026-11-21T09:00:00.250Z").value() == time + 250ms);
  CHECK(format_time(time + 250ms) == "2026-11-21T09:00:00.250Z");
  for (const char* text : {"", "2026-11-21", "2026-13-21T09:00:00Z", "2026-11-21T25:00:00Z", "2026-11-21T09:00:00",
                           "2026-11-21T09:00:00.Z", "2026-02-30T00:00:00Z"}) {
    INFO(text);
    CHECK(parse_time(text).has_error());
  }
}
