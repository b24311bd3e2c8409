#include "core/time/hours.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace std::chrono_literals;

TEST_CASE("days are read from names and spans, over the end of the week too") {
  CHECK(days_from("mon") == 0b0000001);
  CHECK(days_from("mon-fri") == 0b0011111);
  CHECK(days_from("sat-mon") == 0b1100001);
  CHECK(days_from("sun-sat") == 0b1111111);
  for (const char* wrong : {"", "Mon", "monday", "mon-", "-fri", "mon-fri-sat", "mon,tue"}) {
    INFO(wrong);
    CHECK(days_from(wrong) == 0);
  }
}

TEST_CASE("times of day and dates are read only as they are written here") {
  CHECK(clock_from("08:00") == 8h);
  CHECK(clock_from("24:00") == 24h);
  for (const char* wrong : {"", "8:00", "08.00", "24:01", "08:60", "+8:00", "0x:00", "08:00 ", "-1:00"}) {
    INFO(wrong);
    CHECK_FALSE(clock_from(wrong));
  }
  CHECK(date_from("2028-02-29") == std::chrono::sys_days{std::chrono::year{2028} / 2 / 29});
  for (const char* wrong : {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "26-12-25", "1969-12-31",
                            "2101-01-01", "2026/12/25", "+026-12-25"}) {
    INFO(wrong);
    CHECK_FALSE(date_from(wrong));
  }
}

TEST_CASE("a night shift holds from 22:00 to 06:00, on the day on which it begins") {
  ActiveHours nights;
  nights.days = days_from("mon-fri");
  nights.from = clock_from("22:00").value();
  nights.to = clock_from("06:00").value();
  nights.holidays = {date_from("2026-12-25").value()};  // a Friday
  const auto holds = [&](const char* time) { return active_at(nights, parse_time(time).value()); };
  CHECK_FALSE(holds("2026-11-23T05:59:00Z"));  // Monday, but of Sunday's night
  CHECK_FALSE(holds("2026-11-23T21:59:59Z"));
  CHECK(holds("2026-11-23T22:00:00Z"));
  CHECK(holds("2026-11-24T05:59:59Z"));
  CHECK_FALSE(holds("2026-11-24T06:00:00Z"));
  CHECK(holds("2026-11-28T05:59:00Z"));  // Saturday, of Friday's night
  CHECK_FALSE(holds("2026-11-28T22:00:00Z"));
  CHECK(holds("2026-12-25T05:00:00Z"));
  CHECK_FALSE(holds("2026-12-25T22:00:00Z"));
  CHECK_FALSE(holds("2026-12-26T05:00:00Z"));
}

TEST_CASE("hours come back from their text as they were, but for the clock of the zone") {
  ActiveHours hours;
  hours.days = 0b1010101;
  hours.from = 22h + 30min;
  hours.to = 6h;
  hours.zone.name = "Asia/Shanghai";
  hours.holidays = {std::chrono::sys_days{std::chrono::year{2026} / 12 / 25},
                    std::chrono::sys_days{std::chrono::year{2027} / 1 / 1}};
  const HoursText text = text_of(hours);
  CHECK(text.days == "mon,wed,fri,sun");
  CHECK(text.from == "22:30");
  CHECK(text.holidays == "2026-12-25,2027-01-01");
  CHECK(hours_from(text) == hours);
  hours.holidays.assign(ActiveHours::kMostHolidays, hours.holidays[0]);
  CHECK(text_of(hours).holidays.size() < 1024);  // what a label may hold
  CHECK(hours_from(text_of(hours)));
  hours.holidays.push_back(hours.holidays[0]);
  CHECK_FALSE(hours_from(text_of(hours)));
}
