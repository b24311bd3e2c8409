#include "core/words/clock.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace std::chrono_literals;

namespace {

TimePoint at(const char* text) {
  return parse_time(text).value();
}

/// One that is set back by an hour at 01:00 UTC on 2026-10-25.
ZonePtr berlin() {
  Zone zone;
  zone.name = "Europe/Berlin";
  zone.transitions = {{at("2026-03-29T01:00:00Z"), 2h}, {at("2026-10-25T01:00:00Z"), 1h}};
  return std::make_shared<const Zone>(std::move(zone));
}

ZonePtr shanghai(std::string name = "Asia/Shanghai") {
  Zone zone;
  zone.name = std::move(name);
  zone.transitions = {{at("1992-01-01T00:00:00Z"), 8h}};
  return std::make_shared<const Zone>(std::move(zone));
}

}  // namespace

TEST_CASE("a time is told by the clock of a zone, which is named") {
  const TimePoint now = at("2026-11-21T09:20:00Z");
  CHECK(moment_text(at("2026-11-21T09:10:30Z"), now) == "09:10 UTC");
  CHECK(moment_text(at("2026-11-21T09:10:30Z"), now, shanghai()) == "17:10 Asia/Shanghai");
  CHECK(moment_text(at("2026-11-20T23:59:00Z"), now) == "2026-11-20 23:59 UTC");
  // Its day is the zone's: by this clock it was today.
  CHECK(moment_text(at("2026-11-20T17:00:00Z"), now, shanghai()) == "01:00 Asia/Shanghai");
  CHECK(date_text(at("2026-11-20T17:00:00Z"), shanghai()) == "2026-11-21 01:00 Asia/Shanghai");
  CHECK(moment_text(at("2026-11-21T09:10:30Z"), now, shanghai("local")) == "17:10 UTC+08:00");
}

TEST_CASE("an hour that a clock shows twice is told with its offset") {
  const TimePoint now = at("2026-10-25T12:00:00Z");
  CHECK(moment_text(at("2026-10-25T00:30:00Z"), now, berlin()) == "02:30 Europe/Berlin (UTC+02:00)");
  CHECK(moment_text(at("2026-10-25T01:30:00Z"), now, berlin()) == "02:30 Europe/Berlin (UTC+01:00)");
  CHECK(moment_text(at("2026-10-25T02:30:00Z"), now, berlin()) == "03:30 Europe/Berlin");
  CHECK(moment_text(at("2026-07-01T10:00:00Z"), at("2026-07-01T10:00:00Z"), berlin()) == "12:00 Europe/Berlin");
}

TEST_CASE("how long something lasts is told with its times, the zone once") {
  const TimePoint began = at("2026-11-21T09:10:00Z");
  CHECK(since_text(began, began + 1min, Language::en) == "09:10 UTC");
  CHECK(since_text(began, began + 220min, {Language::en, shanghai()}) == "17:10 Asia/Shanghai (3 h 40 min)");
  CHECK(since_text(began, began + 35min, Language::zh) == "09:10 UTC（已 35 分钟）");
  CHECK(lasted_text(began, began + 35min, Language::en) == "35 min (09:10 to 09:45 UTC)");
  CHECK(lasted_text(began, began + 35min, {Language::zh, shanghai()}) == "35 分钟（17:10 至 17:45 Asia/Shanghai）");
  CHECK(lasted_text(began, began + 26h, Language::en) == "26 h (2026-11-21 09:10 to 11:10 UTC)");
}
