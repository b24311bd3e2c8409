#include "core/event.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

constexpr unsigned kIncident = 1;
constexpr unsigned kOpens = 2;
constexpr unsigned kCloses = 4;
constexpr unsigned kChangesLevel = 8;
constexpr unsigned kSignOfLife = 16;

struct Row {
  Event event;
  std::string_view name;
  unsigned is = 0;
};
constexpr std::array kRows{
    Row{Event::unknown, "unknown"},
    Row{Event::opened, "incident.opened", kIncident | kOpens},
    Row{Event::escalated, "incident.escalated", kIncident | kChangesLevel},
    Row{Event::improved, "incident.improved", kIncident | kChangesLevel},
    Row{Event::reminder, "incident.reminder", kIncident},
    Row{Event::resolved, "incident.resolved", kIncident | kCloses},
    Row{Event::flapping, "incident.flapping", kIncident | kOpens},
    Row{Event::flap_ended, "incident.flap_ended", kIncident},
    // Its CRMs are closed one by one: nothing ends a digest itself.
    Row{Event::digest, "digest"},
    Row{Event::agent_lost, "agent.lost", kOpens},
    Row{Event::agent_returned, "agent.returned", kCloses},
    Row{Event::vendor_outage, "vendor.outage", kOpens},
    Row{Event::vendor_recovered, "vendor.recovered", kCloses},
    Row{Event::collector_trouble, "collector.trouble", kOpens},
    Row{Event::delivery_dead, "delivery.dead"},
    Row{Event::heartbeat, "heartbeat", kSignOfLife},
    Row{Event::test, "test", kSignOfLife},
    Row{Event::acknowledged, "incident.acknowledged", kIncident},
    Row{Event::collector_recovered, "collector.recovered", kCloses},
    Row{Event::agent_trouble, "agent.trouble", kOpens},
    Row{Event::agent_recovered, "agent.recovered", kCloses},
    Row{Event::report, "report"},
    Row{Event::goal, "goal"},
};
constexpr std::array kDispensable{Event::reminder, Event::improved};

constexpr auto events_of_rows() {
  std::array<Event, kRows.size()> events{};
  for (std::size_t i = 0; i < kRows.size(); ++i) events[i] = kRows[i].event;
  return events;
}
constexpr auto kEvents = events_of_rows();

constexpr bool numbers_are_places() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].event) != i) return false;
  }
  return true;
}
static_assert(numbers_are_places());

/// A number of another version is `unknown`.
const Row& row_of(Event event) {
  const auto place = static_cast<std::size_t>(event);
  return place < kRows.size() ? kRows[place] : kRows.front();
}

bool is(Event event, unsigned what) {
  return (row_of(event).is & what) != 0;
}

}  // namespace

std::span<const Event> all_events() {
  return std::span{kEvents}.subspan(1);
}

std::string_view to_string(Event event) {
  return row_of(event).name;
}

Event parse_event(std::string_view name) {
  const auto* found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.name == name; });
  return found == kRows.end() ? Event::unknown : found->event;
}

bool is_incident(Event event) {
  return is(event, kIncident);
}

bool opens(Event event) {
  return is(event, kOpens);
}

bool closes(Event event) {
  return is(event, kCloses);
}

bool changes_level(Event event) {
  return is(event, kChangesLevel);
}

bool lasts(Event event) {
  return opens(event) || (is_incident(event) && !closes(event));
}

bool is_sign_of_life(Event event) {
  return is(event, kSignOfLife);
}

std::span<const Event> dispensable() {
  return kDispensable;
}

EventName::EventName(std::string_view name) : event_(parse_event(name)) {
  if (event_ == Event::unknown) other_ = name;
}

std::string_view EventName::text() const {
  return event_ == Event::unknown ? std::string_view{other_} : to_string(event_);
}

}  // namespace crmpulse
