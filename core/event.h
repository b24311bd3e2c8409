#pragma once
// Lists the events that messages tell, and says what each of them is. Receivers know an event by its name
// (docs/reference.md, "Messages") and the store knows it by its number (the outbox's `kind`); neither ever changes. A
// new event is one enumerator with the next number and one line in event.cpp.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace crmpulse {

enum class Event : std::uint8_t {
  /// A row or a message of another version. It is delivered under its own name; it opens nothing, closes nothing and
  /// takes no other message's place.
  unknown = 0,
  opened = 1,
  escalated = 2,
  improved = 3,
  reminder = 4,
  resolved = 5,
  flapping = 6,    ///< changes too often to be told each time
  flap_ended = 7,  ///< stable again, and not well
  digest = 8,      ///< many opens in one message
  agent_lost = 9,  ///< nothing comes from an agent any more: its CRMs are not watched
  agent_returned = 10,
  vendor_outage = 11,  ///< the vendor says so, or most of its CRMs fail at once
  vendor_recovered = 12,
  collector_trouble = 13,  ///< something is wrong with the collector itself
  delivery_dead = 14,      ///< a receiver could not be told; the others hear of it
  heartbeat = 15,
  test = 16,
  acknowledged = 17,  ///< somebody works on the incident: for receivers that keep acknowledgements themselves
  collector_recovered = 18,
  agent_trouble = 19,  ///< something is wrong with an agent that is heard all the same
  agent_recovered = 20,
  report = 21,  ///< the report of a period that is over
  goal = 22     ///< a goal of `goals:` is behind, on track again, reached or missed
};

/// Returns all but `unknown`, by number.
[[nodiscard]] std::span<const Event> all_events();
/// Returns `incident.opened`, `digest`, …; `unknown` for a number that is not in the list.
[[nodiscard]] std::string_view to_string(Event event);
/// Returns the event with this name, `unknown` if there is none.
[[nodiscard]] Event parse_event(std::string_view name);

/// Returns true if it is about the incident of one CRM.
[[nodiscard]] bool is_incident(Event event);
/// Returns true if it makes trouble of its subject known to a receiver that may not know of any.
[[nodiscard]] bool opens(Event event);
/// Returns true if it says that the trouble of its subject is over.
[[nodiscard]] bool closes(Event event);
/// Returns true if it says that trouble which was told has another level.
[[nodiscard]] bool changes_level(Event event);
/// Returns true if its subject is in trouble until an event that closes() says otherwise.
[[nodiscard]] bool lasts(Event event);
/// Returns true if it shows that messages arrive, and says nothing else.
[[nodiscard]] bool is_sign_of_life(Event event);
/// Returns the events that are given up unsent when there are too many messages, the most dispensable first.
[[nodiscard]] std::span<const Event> dispensable();

/// An event as rows and messages name it. It keeps the name of an event that this program does not know.
class EventName {
 public:
  EventName() = default;
  EventName(Event event) : event_(event) {}
  explicit EventName(std::string_view name);
  operator Event() const { return event_; }
  [[nodiscard]] std::string_view text() const;

 private:
  Event event_ = Event::unknown;
  std::string other_;  ///< the name of an unknown one
};

}  // namespace crmpulse
