// Weekly windows in local wall time, over changes of the clock (case 88).

#include "rules/time/schedule.h"

#include <catch2/catch.hpp>

#include "config/zone.h"

using namespace crmpulse;
using namespace crmpulse::rules;
using namespace std::chrono_literals;

namespace {

constexpr unsigned char kSunday = 1U << 6;
constexpr unsigned char kMonday = 1U << 0;

ActiveHours weekly(unsigned char days, std::chrono::minutes from, std::chrono::minutes to,
                   const char* zone = "Europe/Berlin") {
  ActiveHours hours;
  hours.days = days;
  hours.from = from;
  hours.to = to;
  hours.zone = config::load_zone(zone).value();
  return hours;
}

/// `from – to` of the window at or after a time.
std::string window(const ActiveHours& hours, const char* time) {
  const auto found = occurrence(hours, parse_time(time).value());
  return found ? format_time(found->from) + " " + format_time(found->to) : "none";
}

}  // namespace

TEST_CASE("a window is found before it, in it, and not at its end") {
  const ActiveHours hours = weekly(kMonday, 10h, 12h, "UTC");
  CHECK(window(hours, "2026-11-21T00:00:00Z") == "2026-11-23T10:00:00Z 2026-11-23T12:00:00Z");
  CHECK(window(hours, "2026-11-23T10:00:00Z") == "2026-11-23T10:00:00Z 2026-11-23T12:00:00Z");
  CHECK(window(hours, "2026-11-23T11:59:59Z") == "2026-11-23T10:00:00Z 2026-11-23T12:00:00Z");
  CHECK(window(hours, "2026-11-23T12:00:00Z") == "2026-11-30T10:00:00Z 2026-11-30T12:00:00Z");
  CHECK(window(weekly(0, 10h, 12h, "UTC"), "2026-11-23T12:00:00Z") == "none");
}

TEST_CASE("a window over midnight belongs to the day it begins on") {
  const ActiveHours hours = weekly(kSunday, 22h, 2h, "UTC");
  CHECK(window(hours, "2026-11-23T01:59:59Z") == "2026-11-22T22:00:00Z 2026-11-23T02:00:00Z");
  CHECK(window(hours, "2026-11-23T02:00:00Z") == "2026-11-29T22:00:00Z 2026-11-30T02:00:00Z");
  const ActiveHours whole = weekly(kSunday, 0h, 24h, "UTC");
  CHECK(window(whole, "2026-11-22T23:59:59Z") == "2026-11-22T00:00:00Z 2026-11-23T00:00:00Z");
}

TEST_CASE("case 88: local wall times are kept over both changes of the clock") {
  const ActiveHours hours = weekly(kSunday, 22h, 23h);
  CHECK(window(hours, "2026-03-22T12:00:00Z") == "2026-03-22T21:00:00Z 2026-03-22T22:00:00Z");
  CHECK(window(hours, "2026-03-29T12:00:00Z") == "2026-03-29T20:00:00Z 2026-03-29T21:00:00Z");
  CHECK(window(hours, "2026-10-18T12:00:00Z") == "2026-10-18T20:00:00Z 2026-10-18T21:00:00Z");
  CHECK(window(hours, "2026-10-25T12:00:00Z") == "2026-10-25T21:00:00Z 2026-10-25T22:00:00Z");
}

TEST_CASE("a window around the change in spring is an hour shorter, in autumn an hour longer") {
  const ActiveHours hours = weekly(kSunday, 1h, 4h);
  CHECK(window(hours, "2026-03-29T00:30:00Z") == "2026-03-29T00:00:00Z 2026-03-29T02:00:00Z");
  CHECK(window(hours, "2026-10-25T00:30:00Z") == "2026-10-24T23:00:00Z 2026-10-25T03:00:00Z");
  // Inside the repeated hour there is no hole.
  CHECK(window(hours, "2026-10-25T01:30:00Z") == "2026-10-24T23:00:00Z 2026-10-25T03:00:00Z");
}

TEST_CASE("a wall time that spring skips begins with the change and ends by the offset before") {
  CHECK(window(weekly(kSunday, 2h + 30min, 4h), "2026-03-29T00:00:00Z") == "2026-03-29T01:00:00Z 2026-03-29T02:00:00Z");
  CHECK(window(weekly(kSunday, 1h, 2h + 30min), "2026-03-29T00:00:00Z") == "2026-03-29T00:00:00Z 2026-03-29T01:30:00Z");
  CHECK(window(weekly(kSunday, 2h + 15min, 2h + 45min), "2026-03-29T00:00:00Z") ==
        "2026-03-29T01:00:00Z 2026-03-29T01:45:00Z");
}

TEST_CASE("a wall time that autumn repeats is its first reading") {
  CHECK(window(weekly(kSunday, 2h + 15min, 2h + 45min), "2026-10-25T00:00:00Z") ==
        "2026-10-25T00:15:00Z 2026-10-25T00:45:00Z");
  CHECK(window(weekly(kSunday, 2h + 15min, 2h + 45min), "2026-10-25T00:45:00Z") ==
        "2026-11-01T01:15:00Z 2026-11-01T01:45:00Z");
}

TEST_CASE("windows follow each other for ten years without an empty one, in zones that change by odd amounts") {
  for (const char* name : {"Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"}) {
    INFO(name);
    for (const auto& [from, to] : {std::pair{1h + 45min, 2h + 15min}, {23h + 0min, 2h + 30min}}) {
      const ActiveHours hours = weekly(0x7f, from, to, name);
      TimePoint at = parse_time("2024-01-01T00:00:00Z").value();
      const TimePoint end = parse_time("2034-01-01T00:00:00Z").value();
      int wrong = 0;
      int seen = 0;
      while (at < end) {
        const auto found = occurrence(hours, at);
        REQUIRE(found.has_value());
        if (found->from >= found->to || found->to <= at) ++wrong;
        ++seen;
        at = found->to;
      }
      CHECK(wrong == 0);
      CHECK(std::abs(seen - 3653) <= 1);
    }
  }
}
