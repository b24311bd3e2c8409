// The shipped rules are silent over an ordinary quarter, and tell each real fault in its time: docs/rules.md, "How soon
// a fault is told". What is [.quarter] runs with `make quarter`.

#include "tests/collector/backtest/quarter.h"
#include "probes/recipe_file/load.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "config/rules_file.h"
#include "config/zone.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::collector::test;
using namespace std::chrono_literals;

namespace {

const std::string kConfig = std::string{CRMPULSE_SOURCE_DIR} + "/config";

TimePoint at(const std::string& time) {
  return parse_time(time).value();
}

const Ruleset& shipped() {
  static const Ruleset rules = config::load_rules({kConfig + "/rules/default.yaml"}).value();
  return rules;
}

Place place(const char* zone, std::initializer_list<const char*> holidays) {
  Place made{zone, {}};
  made.hours.days = 0x1f;
  made.hours.from = 8h;
  made.hours.to = 18h;
  made.hours.zone = config::load_zone(zone).value();
  for (const char* day : holidays) made.hours.holidays.push_back(date_from(day).value());
  return made;
}

/// Of the last quarter of 2026: two changes of the clock, Golden Week, Christmas.
std::vector<Place> places() {
  return {place("America/Los_Angeles",
                {"2026-10-12", "2026-11-26", "2026-11-27", "2026-12-24", "2026-12-25", "2026-12-31"}),
          place("Europe/Prague", {"2026-10-28", "2026-11-17", "2026-12-24", "2026-12-25", "2026-12-28", "2026-12-29",
                                  "2026-12-30", "2026-12-31"}),
          place("Asia/Shanghai", {"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"})};
}

struct Line {
  TimePoint at;
  std::string text;
  std::string type;
  std::string state;
};

struct Heard {
  std::vector<Line> messages;
  std::string all;
  Level worst = Level::healthy;
  std::uint64_t samples = 0;
};

std::string field(const std::string& line, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t from = line.find(key);
  if (from == std::string::npos) return {};
  return line.substr(from + key.size(), line.find('"', from + key.size()) - from - key.size());
}

Heard judge(const std::string& recipe, Story story) {
  Quarter quarter{probes::load_recipe(recipe, kConfig + "/recipes").value(), std::move(story)};
  std::ostringstream out;
  const auto outcome = run_backtest(
      shipped(), {}, [&]() -> Result<std::optional<BacktestBatch>> { return quarter.next(); }, {&out, nullptr});
  Heard heard;
  heard.all = out.str();
  heard.worst = outcome.value().worst;
  heard.samples = outcome.value().samples;
  std::istringstream lines{heard.all};
  for (std::string line; std::getline(lines, line);) {
    if (const std::string type = field(line, "type"); !type.empty())
      heard.messages.push_back({at(field(line, "at")), line, type, field(line, "state")});
  }
  return heard;
}

/// Nothing is told, and at no time is it anything but healthy.
void check_quiet(const std::string& recipe, const Story& story) {
  INFO(recipe << " in " << story.place.name);
  const Heard heard = judge(recipe, story);
  INFO(heard.all.substr(0, 2000));
  CHECK(heard.messages.empty());
  CHECK(heard.worst == Level::healthy);
  CHECK(heard.samples > 10'000);
}

Story in(const Place& where, const char* from, const char* to, Duration least = {}) {
  Story story;
  story.place = where;
  story.from = at(from);
  story.to = at(to);
  story.least = least;
  return story;
}

struct Expected {
  const char* what;
  Fault fault;
  const char* recipe;
  const char* type;  ///< of the first message that tells it
  const char* state;
  Duration within;
  Duration seen{};  ///< how long before the fault it is watched; 0: a day
};

}  // namespace

TEST_CASE(
    "an ordinary time opens no incident: clocks that change, holidays, a release, a slow Monday at a month's end") {
  const std::vector<Place> where = places();
  check_quiet("tryton", in(where[0], "2026-10-29T00:00:00Z", "2026-11-10T00:00:00Z", 60s));
  check_quiet("salesforce", in(where[1], "2026-11-16T00:00:00Z", "2026-12-02T00:00:00Z", 60s));
  check_quiet("hubspot", in(where[2], "2026-09-30T00:00:00Z", "2026-10-10T00:00:00Z", 60s));
  check_quiet("http", in(where[1], "2026-10-20T00:00:00Z", "2026-11-20T00:00:00Z", 60s));
}

TEST_CASE("an ordinary quarter opens no incident for any recipe in any zone, at its own spacing", "[.quarter]") {
  for (const std::string& recipe : probes::list_recipes(kConfig + "/recipes")) {
    for (const Place& where : places()) check_quiet(recipe, in(where, "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"));
  }
}

TEST_CASE("without hours in agent.yaml an ordinary time is quiet too, with a holiday now and then") {
  Story story = in(places()[1], "2026-10-05T00:00:00Z", "2026-11-20T00:00:00Z", 60s);
  story.declared = false;
  story.only = {"liveness", "read", "query", "staleness", "usage", "features", "deal_idle"};
  check_quiet("tryton", story);
}

TEST_CASE("each real fault is told within its time") {
  const std::vector<Expected> faults{
      {"the CRM is down", Fault::stopped, "tryton", "incident.opened", "poor", 90s},
      {"one probe in four fails", Fault::every_fourth, "tryton", "incident.opened", "sub_healthy", 15min},
      {"calls take 1.5 s", Fault::slow, "tryton", "incident.opened", "sub_healthy", 7min},
      {"calls take 5 s", Fault::very_slow, "tryton", "incident.opened", "poor", 7min},
      {"write tests fail", Fault::writes_fail, "tryton", "incident.opened", "sub_healthy", 11min},
      {"nothing changes any more", Fault::frozen, "tryton", "incident.opened", "sub_healthy", 2h + 15min},
      {"the agent falls silent", Fault::silent, "tryton", "agent.lost", "", 2min},
      {"the allowance is nearly used up", Fault::quota, "salesforce", "incident.opened", "poor", 16min},
      {"a certificate ends in 14 days", Fault::certificate, "tryton", "incident.opened", "sub_healthy", 1h + 1min},
      {"an integration stands still", Fault::no_sync, "tryton", "incident.opened", "sub_healthy", 66min},
      {"no backup is made", Fault::no_backup, "tryton", "incident.opened", "sub_healthy", 36h},
      {"a backup lacks three fifths", Fault::half_backup, "tryton", "incident.opened", "sub_healthy", 36h, 21 * 24h},
      {"three records in ten are incomplete", Fault::incomplete, "tryton", "incident.opened", "sub_healthy", 27h},
      {"first answers take three hours", Fault::leads_wait, "tryton", "incident.opened", "sub_healthy", 3 * 24h},
      {"half of the people stay away", Fault::deserted, "tryton", "incident.opened", "sub_healthy", 4 * 24h, 21 * 24h},
  };
  for (const Expected& fault : faults) {
    INFO(fault.what);
    Story story;
    story.place = places()[1];
    story.fault = fault.fault;
    story.broken = at("2026-11-09T09:05:00Z");  // a Monday, 10:05 in Prague
    story.from = story.broken - (fault.seen > Duration{0} ? fault.seen : Duration{24h});
    story.to = story.broken + fault.within;
    if (fault.within > Duration{24h}) {
      story.least = 60s;
      story.only = {"liveness", "read", "query", "usage", "records", "quality_party", "lead_response"};
    }
    const Heard heard = judge(fault.recipe, story);
    INFO(heard.all.substr(0, 2000));
    REQUIRE_FALSE(heard.messages.empty());
    CHECK(heard.messages[0].at >= story.broken);
    const auto told = std::find_if(heard.messages.begin(), heard.messages.end(), [&](const Line& line) {
      return (line.type == fault.type || line.type == "incident.escalated") &&
             (line.state == fault.state || fault.state[0] == 0);
    });
    CHECK(told != heard.messages.end());
  }
}
