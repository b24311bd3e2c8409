// Days of a CRM from the timeline of its states, by the clock of a zone.

#include "collector/history/days.h"

#include <catch2/catch.hpp>

#include "config/zone.h"
#include "core/time/hours.h"
#include "store/collector/collector_store.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

TimePoint time(const std::string& text) {
  return parse_time(text).value();
}

class Timeline {
 public:
  Timeline() : database_(store::open_collector(directory_.path()).value()) {}
  void add(const std::string& at, Level state, DataStatus data = DataStatus::fresh, bool maintenance = false) {
    store::save_state_change(database_, {time(at), "acme", state, data, {}, maintenance}).value();
  }
  std::vector<DayOfStates> days(const Zone& zone, int count, const std::string& now) {
    return read_days(database_, "acme", zone, count, time(now)).value();
  }
  StateTimes times(const std::string& from, const std::string& to) {
    return read_state_times(database_, "acme", time(from), time(to)).value();
  }

 private:
  TempDir directory_;
  store::Database database_;
};

Zone zone(const std::string& name) {
  return config::load_zone(name).value();
}

Duration whole(const StateTimes& times) {
  return times.healthy + times.sub_healthy + times.poor + times.no_data + times.maintenance;
}

}  // namespace

TEST_CASE("a day counts each state, stale data as the state that it left, and maintenance apart") {
  Timeline timeline;
  timeline.add("2026-11-20T06:00:00Z", Level::healthy);
  timeline.add("2026-11-21T01:00:00Z", Level::sub_healthy);
  timeline.add("2026-11-21T03:00:00Z", Level::poor);
  timeline.add("2026-11-21T04:00:00Z", Level::poor, DataStatus::fresh, true);
  timeline.add("2026-11-21T06:00:00Z", Level::healthy);
  timeline.add("2026-11-21T10:00:00Z", Level::healthy, DataStatus::stale);
  timeline.add("2026-11-21T11:00:00Z", Level::healthy, DataStatus::no_data);
  const auto days = timeline.days(Zone{}, 3, "2026-11-21T12:00:00Z");
  REQUIRE(days.size() == 3);
  CHECK(days[0].times.no_data == 24h);
  CHECK_FALSE(days[0].times.availability());
  CHECK(days[1].times.no_data == 6h);
  CHECK(days[1].times.healthy == 18h);
  CHECK(days[1].times.availability() == 1.0);
  CHECK(date_text(days[2].day) == "2026-11-21");
  CHECK(days[2].times.healthy == 6h);
  CHECK(days[2].times.sub_healthy == 2h);
  CHECK(days[2].times.poor == 1h);
  CHECK(days[2].times.maintenance == 2h);
  CHECK(days[2].times.no_data == 1h);
  CHECK(days[2].times.availability().value() == Approx(8.0 / 9));
  CHECK(timeline.times("2026-11-21T02:00:00Z", "2026-11-21T03:30:00Z").poor == 30min);
}

TEST_CASE("a day on which the clocks change has 23 or 25 hours") {
  Timeline timeline;
  timeline.add("2026-01-01T00:00:00Z", Level::healthy);
  const Zone prague = zone("Europe/Prague");
  const auto autumn = timeline.days(prague, 3, "2026-10-27T00:00:00Z");
  CHECK(date_text(autumn[0].day) == "2026-10-25");
  CHECK(whole(autumn[0].times) == 25h);
  CHECK(whole(autumn[1].times) == 24h);
  CHECK(whole(autumn[2].times) == 1h);
  const auto spring = timeline.days(prague, 2, "2026-03-29T22:00:00Z");
  CHECK(date_text(spring[0].day) == "2026-03-29");
  CHECK(whole(spring[0].times) == 23h);
}

TEST_CASE("where the clock skips midnight the day begins at the instant at which it does") {
  const Zone cairo = zone("Africa/Cairo");  // 2026-04-24 00:00 becomes 01:00
  const std::chrono::sys_days day = date_from("2026-04-24").value();
  CHECK(day_begin(cairo, day) == time("2026-04-23T22:00:00Z"));
  CHECK(local_day(cairo, day_begin(cairo, day)) == day);
  CHECK(local_day(cairo, day_begin(cairo, day) - 1ms) == day - std::chrono::days{1});
}

TEST_CASE("the states and the days of a CRM are answered over HTTP") {
  const RunningCollector running;
  const std::vector<Sample> samples{
      sample("crm_operation_duration_seconds", "acme", 0.1, running.now(), {{"operation", "read"}})};
  REQUIRE(send(write_call(running.base(), wire::encode(samples))).status == 204);
  REQUIRE(eventually([&] { return !running.get_json("/api/v1/crms/acme/states").at("changes").as_array().empty(); }));
  const auto states = running.get_json("/api/v1/crms/acme/states");
  const auto& first = states.at("changes").at(0);
  CHECK(first.at("data_status").is_string());
  CHECK(first.at("state").as_string() == "healthy");
  CHECK(first.at("maintenance").as_bool() == false);
  const auto days = running.get_json("/api/v1/crms/acme/days?days=7");
  CHECK(days.at("time_zone").as_string() == "UTC");
  CHECK(days.at("days").as_array().size() == 7);
  CHECK(days.at("days").at(0).at("no_data_seconds").as_int64() == 86'400);
  CHECK(days.at("days").at(0).at("availability").is_null());
  CHECK(running.get_json("/api/v1/crms/acme/changes").at("changes").is_array());
  CHECK(send({"GET", running.base() + "/api/v1/crms/nobody/days", {}, ""}).status == 404);
  CHECK(send({"GET", running.base() + "/api/v1/crms/acme/days?days=0", {}, ""}).status == 400);
  CHECK(send({"GET",
              running.base() + "/api/v1/crms/acme/states?to=2026-11-21T09:00:00Z&from=2026-11-22T09:00:00Z",
              {},
              ""})
            .status == 400);
}
