#pragma once
// Decides, for one CRM and one receiver, which message is due: opened, changed, flapping, resolved or none.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "core/rule.h"
#include "rules/crm/message.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// The notification state of one receiver for one CRM: what it was told last.
struct NotificationState {
  std::string receiver;
  Level level = Level::healthy;      ///< of the last message handed over; healthy: nothing open
  TimePoint failing_since = kUnset;  ///< since when the receiver's own view of the state is not healthy
  TimePoint last_sent = kUnset;
  bool heard_flapping = false;  ///< the open message is a `flapping`
  bool by_digest = false;       ///< the open message is, or was, part of a digest
  std::int64_t seq = 0;

  static constexpr auto fields() {
    return std::tuple{Field{1, &NotificationState::receiver},
                      Field{2, &NotificationState::level},
                      Field{3, &NotificationState::failing_since},
                      Field{4, &NotificationState::last_sent},
                      Field{5, &NotificationState::heard_flapping},
                      Field{6, &NotificationState::by_digest},
                      Field{7, &NotificationState::seq}};
  }
};

/// Detects flapping: a state that changes too often. Only changes inside the flap window are kept, at most
/// kMostChanges.
struct Flap {
  struct Change {
    TimePoint at;
    Level from;
    Level to;
    static constexpr auto fields() {
      return std::tuple{Field{1, &Change::at}, Field{2, &Change::from}, Field{3, &Change::to}};
    }
  };
  static constexpr std::size_t kMostChanges = 64;
  std::vector<Change> changes;
  bool on = false;
  bool announced = false;        ///< some receiver was told, or none of them cares below `level`
  Level level = Level::healthy;  ///< the level announced

  void changed(TimePoint at, Level from, Level to);
  /// Starts or ends the flapping phase at `now`.
  void update(const NotificationPolicy& settings, TimePoint now);
  [[nodiscard]] Level worst() const;
  [[nodiscard]] TimePoint deadline(const NotificationPolicy& settings) const;

  static constexpr auto fields() {
    return std::tuple{Field{1, &Flap::on}, Field{2, &Flap::announced}, Field{3, &Flap::level},
                      Field{4, &Flap::changes, kMostChanges}};
  }
};

struct Ack {
  std::string author;
  TimePoint until;
  static constexpr auto fields() { return std::tuple{Field{1, &Ack::author}, Field{2, &Ack::until}}; }
};

struct Incident {
  std::string id;
  TimePoint opened;
  Level worst = Level::healthy;
  static constexpr auto fields() {
    return std::tuple{Field{1, &Incident::id}, Field{2, &Incident::opened}, Field{3, &Incident::worst}};
  }
};
/// Returns a ULID: 48 bits of opening time, 80 bits that follow from crm, time and how many incidents the CRM had
/// before.
[[nodiscard]] std::string incident_id(std::string_view crm, TimePoint opened, std::uint64_t ordinal);

/// The facts that the decision about one receiver depends on.
struct Situation {
  TimePoint now;
  Level state = Level::healthy;
  bool muted = false;          ///< the kill switch
  bool suppressed = false;     ///< maintenance, silence or inhibition
  TimePoint settled = kUnset;  ///< the end of the last maintenance or inhibition plus `settle`
  bool acked = false;
  Level awake = Level::poor;      ///< the part of the state whose rules are in their hours
  TimePoint doubt = kUnset;       ///< until then it is open whether an agent or a vendor is to blame
  TimePoint opens_from = kUnset;  ///< the receiver's next opening, while many come at once
  TimePoint rises_from = kUnset;  ///< and its next escalation of what it knows by a digest
  Duration escalate_after{};      ///< of the receiver
  bool grace = false;             ///< just started: nothing is resolved yet
  bool flapping = false;
  bool announced = false;
  Level flap_level = Level::healthy;
};

struct Decision {
  std::optional<Event> type;     ///< what to send now, if anything
  Level tells = Level::healthy;  ///< the level it tells
  TimePoint later = kNever;      ///< when to decide again although nothing changed
};
/// Decides by the table of docs/health-states.md, "Messages". `eff` is the state as this receiver sees it.
[[nodiscard]] Decision decide(const Situation& situation, const NotificationPolicy& settings,
                              const NotificationState& told, Level min_level, Level eff);

}  // namespace crmpulse::rules
