#pragma once
// The open incident of each CRM as it is stored: level, what fails, why; and its timeline, line by line as things
// happen. Belongs to the loop's thread.

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/state/change_markers.h"
#include "collector/state/crm_registry.h"
#include "collector/state/sample_sink.h"
#include "collector/suppression/operations.h"
#include "config/rules_file.h"
#include "core/words/clock.h"
#include "rules/engine.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// An operator's note that somebody is working on an incident.
struct Acknowledgement {
  std::string author;
  std::string comment;
  TimePoint at;
  TimePoint until;
  std::string from{};  ///< the receiver where it was made; empty: here
};

class IncidentStore {
 public:
  static constexpr std::int64_t kMostEvents = 1000;  ///< of one timeline; further ones are counted
  /// Frequent lines (evidence, dimensions, late facts, reminders) stop here, so that the others find room.
  static constexpr std::int64_t kMostDetails = 800;
  static constexpr std::size_t kMostEvidence = 200;  ///< lines of one timeline

  /// What the description of an incident is made from.
  struct Context {
    const CrmRegistry& book;
    const config::Remedies& remedies;
    const ChangeMarkers& changes;
    const Operations& operations;
    ZonePtr zone = {};  ///< of times in words
  };

  /// Loads, at start, the incidents that were open and how many lines their timelines have.
  void load(const std::vector<store::StoredIncident>& open,
            const std::vector<std::pair<std::string, std::int64_t>>& events);

  [[nodiscard]] bool is_open(const std::string& crm) const { return open_.contains(crm); }
  /// Does the stored incident miss something that a judgement has changed: a dimension's level, an acknowledgement?
  [[nodiscard]] bool behind(const rules::CrmStatus& status) const;
  /// Returns what to store after a CRM changed: its open incident as it is now, and one that has ended. `status` is
  /// empty for a CRM that is no longer watched. take_events() returns the lines of the timeline.
  [[nodiscard]] std::vector<store::StoredIncident> update(const std::string& crm,
                                                          const std::optional<rules::CrmStatus>& status,
                                                          const Context& context, TimePoint at);

  /// Moves all times by `by`, after the clock was corrected.
  void shift(Duration by);

  // Lines of the timeline. Nothing happens for a CRM without an open incident, or (messages, late facts) a recent one.
  void handed_over(const rules::Message& message, const std::string& delivery);
  void acknowledged(const std::string& crm, const Acknowledgement& ack);
  void unacknowledged(const std::string& crm, const std::string& author, TimePoint at);
  void switched(const std::string& crm, const Suppression& suppression, bool on, TimePoint at);
  void changed(const CrmRegistry& book, const ChangeMarkers& changes, TimePoint since, TimePoint at);
  void late(const std::string& crm, const LateFacts& facts);
  /// Adds one line for all late facts since the last call, because an agent catches up in many small steps.
  void settle_late(TimePoint at, const ZonePtr& zone = {});
  [[nodiscard]] std::vector<store::IncidentEvent> take_events() { return std::exchange(events_, {}); }

  [[nodiscard]] std::optional<TimePoint> opened(const std::string& crm) const;
  /// Returns the CRM whose open incident has this id, nullopt if there is none.
  [[nodiscard]] std::optional<std::string> crm_of(const std::string& id) const;
  [[nodiscard]] const Acknowledgement* ack_of(const std::string& crm) const;

 private:
  struct Lines {
    std::int64_t count = 0;
    std::int64_t omitted = 0;
  };
  struct Late {
    TimePoint from;
    TimePoint to;
    std::uint64_t samples = 0;
    std::uint64_t failed = 0;
  };
  struct Open {
    store::StoredIncident stored;
    Lines lines;
    std::string state;                    ///< of the last line about it
    std::map<std::string, Level> levels;  ///< by rule, as the timeline has them
    bool levels_known = false;
    std::optional<Acknowledgement> ack;
    std::optional<TimePoint> first_ack;  ///< when somebody first was on it
    std::set<std::uint64_t> evidence;    ///< digests of lines that are in the timeline
  };
  /// The last incident of a CRM, for lines that arrive after its end.
  struct Ended {
    std::string id;
    TimePoint opened;
    TimePoint resolved;
    Lines lines;
  };
  enum class Weight { detail, must };

  void add(const std::string& incident, Lines& lines, TimePoint at, boost::json::object body, Weight weight);
  void begin(Open& open, const rules::CrmStatus& status, const Context& context);
  void follow_state(Open& open, const rules::CrmStatus& status, TimePoint at);
  void follow_dimensions(Open& open, const rules::CrmStatus& status, TimePoint at);
  void follow_ack(Open& open, const rules::CrmStatus& status, TimePoint at);
  void follow_evidence(Open& open, const CrmFacts* facts);
  [[nodiscard]] store::StoredIncident finish(Open open, TimePoint at);

  std::map<std::string, Open> open_;    ///< by CRM
  std::map<std::string, Ended> ended_;  ///< by CRM
  std::map<std::string, Late> late_;    ///< by CRM; not written down yet
  std::vector<store::IncidentEvent> events_;
};

}  // namespace crmpulse::collector
