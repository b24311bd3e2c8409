// The last day of a CRM as half-hours.

#include "collector/state/strips.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;

namespace {

const TimePoint kNoon = parse_time("2026-11-21T12:00:00Z").value();

store::StateChange change(TimePoint at, Level state, DataStatus data = DataStatus::fresh, bool maintenance = false) {
  return {at, "acme", state, data, {}, maintenance};
}

std::string tail(StateStrips& strips, TimePoint now, std::size_t digits) {
  const std::string all = strips.strip_of("acme", now);
  REQUIRE(all.size() == StateStrip::kSlots);
  CHECK(all.find_first_not_of('n') >= StateStrip::kSlots - digits);
  return all.substr(StateStrip::kSlots - digits);
}

}  // namespace

TEST_CASE("a half-hour shows the worst that held in it") {
  StateStrips strips;
  strips.add(change(kNoon + 5min, Level::healthy));
  strips.add(change(kNoon + 31min, Level::poor));
  strips.add(change(kNoon + 40min, Level::sub_healthy));
  strips.add(change(kNoon + 90min, Level::healthy));
  strips.add(change(kNoon + 130min, Level::healthy, DataStatus::stale));
  strips.add(change(kNoon + 160min, Level::healthy, DataStatus::no_data));
  strips.add(change(kNoon + 190min, Level::poor, DataStatus::fresh, true));
  CHECK(tail(strips, kNoon + 215min, 8) == "02100nmm");
}

TEST_CASE("what held last holds on until now, and a day later it is all there is") {
  StateStrips strips;
  strips.add(change(kNoon, Level::poor));
  strips.add(change(kNoon + 10min, Level::healthy));
  CHECK(tail(strips, kNoon + 65min, 3) == "200");
  CHECK(strips.strip_of("acme", kNoon + 25h) == std::string(48, '0'));
  CHECK(strips.strip_of("acme", kNoon + 2400h) == std::string(48, '0'));
}

TEST_CASE("half-hours of a time that the clock went back from are gone") {
  StateStrips strips;
  strips.add(change(kNoon, Level::healthy));
  strips.add(change(kNoon + 2h, Level::poor));
  strips.add(change(kNoon + 5h, Level::sub_healthy));
  const std::string back = strips.strip_of("acme", kNoon + 3h);
  CHECK(back == std::string(41, 'n') + "0000222");
}

TEST_CASE("nothing is known of a CRM without a timeline") {
  StateStrips strips;
  CHECK(strips.strip_of("acme", kNoon) == std::string(48, 'n'));
  strips.add(change(kNoon, Level::poor));
  strips.forget("acme");
  CHECK(strips.strip_of("acme", kNoon) == std::string(48, 'n'));
}
