#include "config/zone.h"

#include <catch2/catch.hpp>

#include <ctime>

using namespace crmpulse;
using namespace crmpulse::config;
using namespace std::chrono_literals;

namespace {

Duration offset(const Zone& zone, const char* time) {
  return zone.offset_at(parse_time(time).value());
}

}  // namespace

TEST_CASE("summer time begins and ends at the right second") {
  const Zone zone = load_zone("Europe/Prague").value();
  CHECK(zone.name == "Europe/Prague");
  CHECK(offset(zone, "2026-03-29T00:59:59Z") == 1h);
  CHECK(offset(zone, "2026-03-29T01:00:00Z") == 2h);
  CHECK(offset(zone, "2026-10-25T00:59:59Z") == 2h);
  CHECK(offset(zone, "2026-10-25T01:00:00Z") == 1h);
  CHECK(offset(zone, "2099-07-01T00:00:00Z") == 2h);
  CHECK(offset(zone, "1970-01-01T00:00:00Z") == 1h);
}

TEST_CASE("zones without summer time, of half hours, and of the south") {
  CHECK(load_zone("UTC").value().transitions.empty());
  CHECK(offset(load_zone("Asia/Shanghai").value(), "2026-07-01T00:00:00Z") == 8h);
  CHECK(offset(load_zone("Asia/Kolkata").value(), "2026-07-01T00:00:00Z") == 330min);
  CHECK(offset(load_zone("Asia/Kathmandu").value(), "1980-01-01T00:00:00Z") == 330min);
  CHECK(offset(load_zone("Asia/Kathmandu").value(), "2026-01-01T00:00:00Z") == 345min);
  const Zone sydney = load_zone("Australia/Sydney").value();
  CHECK(offset(sydney, "2026-01-01T00:00:00Z") == 11h);
  CHECK(offset(sydney, "2026-07-01T00:00:00Z") == 10h);
}

TEST_CASE("a zone agrees with the C library day by day") {
  // Lord Howe moves by half an hour, Morocco by the moon, Samoa once skipped a day.
  for (const char* name :
       {"America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "Europe/Dublin"}) {
    INFO(name);
    const Zone zone = load_zone(name).value();
    setenv("TZ", name, 1);
    tzset();
    int wrong = 0;
    for (std::time_t at = 0; at < 4'102'444'800; at += 86'400 - 7) {  // to 2100, drifting through the day
      std::tm local{};
      localtime_r(&at, &local);
      if (zone.offset_at(from_unix_millis(at * 1000)) != std::chrono::seconds{local.tm_gmtoff}) ++wrong;
    }
    unsetenv("TZ");
    tzset();
    CHECK(wrong == 0);
  }
}

TEST_CASE("what is not a name of the database is refused") {
  for (const char* name :
       {"", "Europe/Pragu", "/etc/localtime", "../../etc/passwd", "localtime", "Europe/Prague\n", "file:x"}) {
    INFO(name);
    CHECK(load_zone(name).has_error());
  }
}
