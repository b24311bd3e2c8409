#include "core/event.h"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

using namespace crmpulse;

namespace {

/// What receivers and the store rely on. A line is added, never changed.
struct Promise {
  Event event;
  int number;
  std::string name;
  std::string is;  ///< in the order of kAsked
};

struct Asked {
  std::string name;
  bool (*holds)(Event);
};
const std::vector<Asked> kAsked{{"incident", is_incident},        {"opens", opens}, {"closes", closes},
                                {"changes_level", changes_level}, {"lasts", lasts}, {"sign_of_life", is_sign_of_life}};

const std::vector<Promise> kPromises{
    {Event::opened, 1, "incident.opened", "incident opens lasts"},
    {Event::escalated, 2, "incident.escalated", "incident changes_level lasts"},
    {Event::improved, 3, "incident.improved", "incident changes_level lasts"},
    {Event::reminder, 4, "incident.reminder", "incident lasts"},
    {Event::resolved, 5, "incident.resolved", "incident closes"},
    {Event::flapping, 6, "incident.flapping", "incident opens lasts"},
    {Event::flap_ended, 7, "incident.flap_ended", "incident lasts"},
    {Event::digest, 8, "digest", ""},
    {Event::agent_lost, 9, "agent.lost", "opens lasts"},
    {Event::agent_returned, 10, "agent.returned", "closes"},
    {Event::vendor_outage, 11, "vendor.outage", "opens lasts"},
    {Event::vendor_recovered, 12, "vendor.recovered", "closes"},
    {Event::collector_trouble, 13, "collector.trouble", "opens lasts"},
    {Event::delivery_dead, 14, "delivery.dead", ""},
    {Event::heartbeat, 15, "heartbeat", "sign_of_life"},
    {Event::test, 16, "test", "sign_of_life"},
    {Event::acknowledged, 17, "incident.acknowledged", "incident lasts"},
    {Event::collector_recovered, 18, "collector.recovered", "closes"},
    {Event::agent_trouble, 19, "agent.trouble", "opens lasts"},
    {Event::agent_recovered, 20, "agent.recovered", "closes"},
    {Event::report, 21, "report", ""},
    {Event::goal, 22, "goal", ""},
};

std::string what_it_is(Event event) {
  std::string all;
  for (const Asked& one : kAsked) {
    if (one.holds(event)) all += (all.empty() ? "" : " ") + one.name;
  }
  return all;
}

}  // namespace

TEST_CASE("every event has its number, its name and exactly its properties") {
  REQUIRE(all_events().size() == kPromises.size());
  for (std::size_t i = 0; i < kPromises.size(); ++i) {
    const Promise& promised = kPromises[i];
    INFO(promised.name);
    CHECK(all_events()[i] == promised.event);
    CHECK(static_cast<int>(promised.event) == promised.number);
    CHECK(to_string(promised.event) == promised.name);
    CHECK(what_it_is(promised.event) == promised.is);
  }
}

TEST_CASE("events are printed and read back, each under a name of its own") {
  std::set<std::string_view> names;
  for (const Event event : all_events()) {
    CHECK(parse_event(to_string(event)) == event);
    CHECK(EventName{to_string(event)} == event);
    CHECK(EventName{event}.text() == to_string(event));
    names.insert(to_string(event));
  }
  CHECK(names.size() == all_events().size());
}

TEST_CASE("an event of another version keeps its name and is nothing that this one acts upon") {
  for (const char* text : {"incident.exploded", "incident.", "incident.opened ", "INCIDENT.OPENED", "", "unknown"}) {
    const EventName name{std::string_view{text}};
    CHECK(name == Event::unknown);
    CHECK(name.text() == text);
    CHECK(parse_event(text) == Event::unknown);
  }
  CHECK(what_it_is(Event::unknown).empty());
  const auto of_tomorrow = static_cast<Event>(200);
  CHECK(to_string(of_tomorrow) == "unknown");
  CHECK(what_it_is(of_tomorrow).empty());
}

TEST_CASE("what is given up unsent neither opens nor closes anything") {
  CHECK(std::vector<Event>(dispensable().begin(), dispensable().end()) ==
        std::vector<Event>{Event::reminder, Event::improved});
  for (const Event event : dispensable()) CHECK_FALSE((opens(event) || closes(event)));
}
