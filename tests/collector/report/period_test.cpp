// Periods by the calendar of a zone.

#include "collector/report/figures/period.h"

#include <catch2/catch.hpp>

#include "config/zone.h"

using namespace crmpulse;
using namespace crmpulse::collector::report;

namespace {

ZonePtr zone(const char* name) {
  return std::make_shared<const Zone>(config::load_zone(name).value());
}

Period period(const char* text, const ZonePtr& clock) {
  return parse_period(text, clock).value();
}

long hours(const Period& one) {
  return std::chrono::duration_cast<std::chrono::hours>(one.to - one.from).count();
}

std::string span(const Period& one) {
  return format_time(one.from) + " " + format_time(one.to);
}

}  // namespace

TEST_CASE("a period begins and ends at midnight of the zone") {
  CHECK(span(period("2026-10", {})) == "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z");
  CHECK(span(period("2026-10", zone("Asia/Shanghai"))) == "2026-09-30T16:00:00Z 2026-10-31T16:00:00Z");
  CHECK(span(period("2026-10", zone("Asia/Kolkata"))) == "2026-09-30T18:30:00Z 2026-10-31T18:30:00Z");
  CHECK(span(period("2026-Q4", zone("Asia/Shanghai"))) == "2026-09-30T16:00:00Z 2026-12-31T16:00:00Z");
  CHECK(span(period("2026", {})) == "2026-01-01T00:00:00Z 2027-01-01T00:00:00Z");
  CHECK(span(period("2026-11-01..2026-11-15", {})) == "2026-11-01T00:00:00Z 2026-11-16T00:00:00Z");
  CHECK(span(period("2026-W48", {})) == "2026-11-23T00:00:00Z 2026-11-30T00:00:00Z");
}

TEST_CASE("a period with a change of clocks is an hour shorter or longer") {
  const ZonePtr prague = zone("Europe/Prague");
  CHECK(hours(period("2026-03", prague)) == 31 * 24 - 1);
  CHECK(hours(period("2026-10", prague)) == 31 * 24 + 1);
  CHECK(hours(period("2026-W13", prague)) == 7 * 24 - 1);
  CHECK(hours(period("2026-W43", prague)) == 7 * 24 + 1);
  CHECK(hours(period("2026", prague)) == 365 * 24);
  const std::vector<Bucket> days = buckets_of(period("2026-10", prague), prague);
  REQUIRE(days.size() == 31);
  CHECK(days[24].to - days[24].from == std::chrono::hours{25});
  CHECK(days[23].to == days[24].from);
  CHECK(days.back().to == period("2026-10", prague).to);
}

TEST_CASE("a day whose midnight the clock skips begins at the skip") {
  const ZonePtr beirut = zone("Asia/Beirut");
  const Period day = period("2026-03-29..2026-03-29", beirut);
  CHECK(format_time(day.from) == "2026-03-28T22:00:00Z");
  CHECK(hours(day) == 23);
  CHECK(day.from == period("2026-03-28..2026-03-28", beirut).to);
}

TEST_CASE("weeks are those of ISO 8601, also around New Year") {
  CHECK(span(period("2026-W01", {})) == "2025-12-29T00:00:00Z 2026-01-05T00:00:00Z");
  CHECK(span(period("2026-W53", {})) == "2026-12-28T00:00:00Z 2027-01-04T00:00:00Z");
  CHECK(period_before(period("2026-W01", {}), {}).id == "2025-W52");
  CHECK(year_before(period("2027-W01", {}), {}).id == "2026-W01");
  CHECK(year_before(period("2026-W53", {}), {}).id == "2025-W52");
  CHECK(parse_period("2025-W53", {}).has_error());
}

TEST_CASE("the period before and the one a year ago") {
  CHECK(period_before(period("2026-01", {}), {}).id == "2025-12");
  CHECK(period_before(period("2026-Q1", {}), {}).id == "2025-Q4");
  CHECK(period_before(period("2026", {}), {}).id == "2025");
  CHECK(period_before(period("2026-11-08..2026-11-14", {}), {}).id == "2026-11-01..2026-11-07");
  CHECK(year_before(period("2026-10", {}), {}).id == "2025-10");
  CHECK(year_before(period("2026-Q4", {}), {}).id == "2025-Q4");
  CHECK(year_before(period("2028-02-29..2028-02-29", {}), {}).id == "2027-02-28..2027-02-28");
}

TEST_CASE("the last period that is over is known at midnight of the zone") {
  const ZonePtr shanghai = zone("Asia/Shanghai");
  const TimePoint first = parse_time("2026-10-31T16:00:00Z").value();
  CHECK(last_ended(PeriodKind::month, first, shanghai).id == "2026-10");
  CHECK(last_ended(PeriodKind::month, first - Duration{1}, shanghai).id == "2026-09");
  CHECK(last_ended(PeriodKind::week, first, shanghai).id == "2026-W43");
  CHECK(last_ended(PeriodKind::quarter, first, shanghai).id == "2026-Q3");
  CHECK(last_ended(PeriodKind::year, first, shanghai).id == "2025");
}

TEST_CASE("a period that is not one is refused with its forms") {
  for (const char* text : {"", "2026-13", "2026-1", "26", "2026-Q5", "2026-Q", "2026-W00", "2026-W54", "october",
                           "2026-10-01", "1969", "2026-10 ", "2026-+1"}) {
    INFO(text);
    const auto refused = parse_period(text, {});
    REQUIRE(refused.has_error());
    CHECK(refused.error().message.find("2026-W48") != std::string::npos);
  }
  CHECK(parse_period("2026-11-15..2026-11-01", {}).error().message.find("ends before") != std::string::npos);
  CHECK(parse_period("2026-11-15..2026-11-31", {}).error().message.find("two dates") != std::string::npos);
  CHECK(parse_period("2020-01-01..2026-01-01", {}).error().message.find("at most 1100 days") != std::string::npos);
}
