// Open time by arithmetic is what counting minute by minute gives.

#include "core/time/calendar.h"

#include <catch2/catch.hpp>
#include <random>

using namespace crmpulse;
using namespace std::chrono_literals;

namespace {

TimePoint at(const char* time) {
  return parse_time(time).value();
}

/// Berlin's clock of 2026, and of Lord Howe Island, which moves by half an hour.
const Zone kBerlin{
    "Europe/Berlin",
    {{at("1980-01-01T00:00:00Z"), 1h}, {at("2026-03-29T01:00:00Z"), 2h}, {at("2026-10-25T01:00:00Z"), 1h}}};
const Zone kLordHowe{
    "Australia/Lord_Howe",
    {{at("1980-01-01T00:00:00Z"), 11h}, {at("2026-04-04T15:00:00Z"), 10h + 30min}, {at("2026-10-03T15:30:00Z"), 11h}}};
const Zone kPacific{
    "America/Los_Angeles",
    {{at("1980-01-01T00:00:00Z"), -8h}, {at("2026-03-08T10:00:00Z"), -7h}, {at("2026-11-01T09:00:00Z"), -8h}}};

ActiveHours hours_of(unsigned char days, std::chrono::minutes from, std::chrono::minutes to, Zone zone) {
  ActiveHours hours;
  hours.days = days;
  hours.from = from;
  hours.to = to;
  hours.zone = std::move(zone);
  return hours;
}

}  // namespace

TEST_CASE("open time is counted over weekends, holidays and changes of the clock") {
  ActiveHours office = hours_of(0x1f, 8h, 18h, kBerlin);
  office.holidays = {std::chrono::sys_days{std::chrono::year{2026} / 4 / 3},   // Good Friday
                     std::chrono::sys_days{std::chrono::year{2026} / 4 / 4}};  // a Saturday, which is closed anyway
  const Calendar calendar{office};
  CHECK(calendar.open_between(at("2026-03-23T00:00:00Z"), at("2026-03-30T00:00:00Z")) == 50h);
  CHECK(calendar.open_between(at("2026-03-30T00:00:00Z"), at("2026-04-06T00:00:00Z")) == 40h);
  CHECK(calendar.open_between(at("2026-03-27T16:40:00Z"), at("2026-03-30T06:20:00Z")) == 40min);  // 17:40, then 08:20
  CHECK(calendar.open_between(at("2026-03-30T00:00:00Z"), at("2026-03-23T00:00:00Z")) == 0s);
  CHECK(calendar.next_switch(at("2026-04-02T10:00:00Z")) == at("2026-04-02T16:00:00Z"));
  CHECK(calendar.next_switch(at("2026-04-02T16:00:00Z")) == at("2026-04-06T06:00:00Z"));
  CHECK(calendar.reaches(at("2026-04-02T15:40:00Z"), 40min) == at("2026-04-06T06:20:00Z"));
}

TEST_CASE("any hours in any zone: arithmetic and the single minutes agree", "[slow]") {
  std::mt19937 random{20260329};
  const auto pick = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); };
  for (int round = 0; round < 60; ++round) {
    ActiveHours hours =
        hours_of(static_cast<unsigned char>(1 + pick(127)), std::chrono::minutes{15 * pick(96)}, {},
                 std::array{kBerlin, kLordHowe, kPacific, Zone{}}.at(static_cast<std::size_t>(pick(4))));
    hours.to = std::chrono::minutes{(hours.from.count() + 15 * (1 + pick(95))) % 1440};
    for (int day = 1; day < 10; day += 1 + pick(4))
      hours.holidays.push_back(std::chrono::sys_days{std::chrono::year{2026} / 3 / (25 + day % 6)});
    std::sort(hours.holidays.begin(), hours.holidays.end());
    hours.holidays.erase(std::unique(hours.holidays.begin(), hours.holidays.end()), hours.holidays.end());
    const Calendar calendar{hours};
    const TimePoint from = at(
        std::array{"2026-03-06T11:07:00Z", "2026-03-27T03:00:00Z", "2026-04-03T00:30:00Z", "2026-10-24T22:15:00Z"}.at(
            static_cast<std::size_t>(pick(4))));
    INFO(round << ' ' << static_cast<int>(hours.days) << ' ' << clock_text(hours.from) << '-' << clock_text(hours.to)
               << ' ' << hours.zone.name << " from " << format_time(from));
    Duration counted{0};
    TimePoint switched = from;
    bool open = active_at(hours, from);
    for (TimePoint time = from; time < from + 24h * 9; time += 1min) {
      const bool now = active_at(hours, time);
      if (now != open) {
        REQUIRE(calendar.next_switch(switched) == time);
        switched = time;
        open = now;
      }
      REQUIRE(calendar.open_at(time) == now);
      if (time.time_since_epoch() % 37min == 0s) REQUIRE(calendar.open_between(from, time) == counted);
      if (now) counted += 1min;
    }
    REQUIRE(calendar.open_between(from, from + 24h * 9) == counted);
    if (counted > 2h) {
      const TimePoint reached = calendar.reaches(from, counted - 30min);
      CHECK(calendar.open_between(from, reached) <= counted - 30min);
      CHECK(reached < from + 24h * 9);
    }
  }
}

TEST_CASE("what is always open never switches, and what is never open is not waited for") {
  const Calendar always{ActiveHours{}};
  CHECK(always.next_switch(at("2026-03-23T00:00:00Z")) == Calendar::kNever);
  CHECK(always.reaches(at("2026-03-23T00:00:00Z"), 100h) == at("2026-03-27T04:00:00Z"));
  const Calendar never{WeekHours{}};
  CHECK_FALSE(never.open_at(at("2026-03-23T00:00:00Z")));
  CHECK(never.next_switch(at("2026-03-23T00:00:00Z")) == Calendar::kNever);
  CHECK(never.reaches(at("2026-03-23T00:00:00Z"), 1h) == Calendar::kNever);
  CHECK(never.open_between(at("2026-03-23T00:00:00Z"), at("2027-03-23T00:00:00Z")) == 0s);
}

TEST_CASE("a holiday as long as a quarter is over at its end") {
  ActiveHours hours = hours_of(0x7f, 8h, 18h, Zone{});
  for (int day = 0; day < 90; ++day)
    hours.holidays.push_back(std::chrono::sys_days{std::chrono::year{2026} / 7 / 1} + std::chrono::days{day});
  const Calendar calendar{hours};
  CHECK(calendar.next_switch(at("2026-06-30T18:00:00Z")) == at("2026-09-29T08:00:00Z"));
  CHECK(calendar.open_between(at("2026-06-30T12:00:00Z"), at("2026-09-29T09:00:00Z")) == 7h);
}
