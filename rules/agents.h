#pragma once
// Agents that fall silent: docs/health-states.md, "Agents". One message instead of one for each of their CRMs.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/notice.h"

namespace crmpulse::rules {

inline constexpr std::string_view kHeartbeatMetric = "crm_agent_heartbeat_timestamp_seconds";
/// How many CRMs an agent watches; with it comes a kNamingMetric for each of them, with the same stamp.
inline constexpr std::string_view kAnnouncementMetric = "crm_agent_crms";
inline constexpr std::string_view kNamingMetric = "crm_agent_target_info";

class AgentWatch {
 public:
  using Place = std::uint32_t;
  static constexpr Place kNone = ~Place{0};
  static constexpr std::size_t kMost = 10'000;

  void align(const std::vector<ReceiverSpec>& receivers);
  /// Returns the agent's place, made if it is new; kNone if there are too many. Allocates; hear() does not.
  [[nodiscard]] Place place_of(std::string_view name);
  /// It spoke. `heartbeat`: in the way only our agents do; others are never lost.
  void hear(Place place, bool heartbeat, TimePoint now);
  /// Samples of the time `at` say which CRMs it watches; it names all of them within kAnnouncement.
  void announce(Place place, TimePoint at);
  /// One of its samples that a rule looks at was in time, or too late to be judged.
  void judged(Place place, bool late, TimePoint at, TimePoint now);
  static constexpr Duration kAnnouncement = std::chrono::seconds{5};
  /// An agent that announces, and has announced others for so long, does not watch the CRM any more.
  static constexpr Duration kGone = std::chrono::minutes{10};
  /// All agents that feed the CRM announce, and their newest announcements do not name it.
  [[nodiscard]] bool unannounced(const Crm& crm, Duration least) const;
  [[nodiscard]] bool announces() const { return announces_; }
  /// The time before `now` was ours: everybody has the full time again.
  void restarted(TimePoint now);
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  /// Messages are to be looked at again: CRMs, receivers or marks changed.
  void look() { look_ = true; }

  /// Who is lost at `now`. Returns the agents whose CRMs must be looked at.
  [[nodiscard]] std::vector<Place> update(const Settings& settings, TimePoint now);
  /// Every agent that feeds this CRM is lost.
  [[nodiscard]] bool lost(const Crm& crm) const;
  /// Its agents have said nothing since its state changed and may prove lost until then; kUnset: they are there.
  [[nodiscard]] TimePoint doubt(const Crm& crm, const Settings& settings);
  /// `agent_lost` and `agent_returned` that are due. True when anybody's knowledge changed.
  bool tell(std::span<const std::unique_ptr<Crm>> crms, const std::vector<ReceiverSpec>& receivers,
            const Settings& settings, bool muted, TimePoint now, std::vector<Message>& messages);
  [[nodiscard]] TimePoint deadline() const { return std::min(is_set(next_lost_) ? next_lost_ : kNever, next_message_); }

  void save(Encoder& encoder) const;
  void load(Decoder& decoder, const std::vector<ReceiverSpec>& receivers);
  /// What was added later, as a section of its own.
  [[nodiscard]] std::string save_more() const;
  void load_more(std::string_view bytes);

 private:
  /// So long nothing of an agent was in time: it is told, unless it catches up.
  static constexpr Duration kAllLate = std::chrono::minutes{5};
  struct Agent {
    std::string name;
    TimePoint heard = kUnset;
    bool tracked = false;  ///< it sends heartbeats
    TimePoint lost_at = kUnset;
    std::vector<Notice> told;
    TimePoint announced = kUnset;   ///< stamp of its newest announcement
    TimePoint late_from = kUnset;   ///< since then everything came too late to be judged
    TimePoint late_since = kUnset;  ///< the same, or when it was last found to catch up
    Duration lag{};                 ///< how old samples were when that began
    Duration newest_lag{};
    bool late = false;  ///< lost in that it is not judged
    // Not saved.
    bool spoke = false;    ///< since it was lost, or since somebody waited for it
    bool awaited = false;  ///< a CRM waits to know whether it is lost
    [[nodiscard]] bool lost() const { return lost_at != kUnset; }
  };
  bool check_late(Agent& agent, TimePoint now);
  [[nodiscard]] bool tell_one(Agent& agent, Place place, std::span<const std::unique_ptr<Crm>> crms,
                              const std::vector<ReceiverSpec>& receivers, const Settings& settings, TimePoint now,
                              std::vector<Message>& messages);

  std::vector<Agent> agents_;
  std::map<std::string, Place, std::less<>> by_name_;
  std::vector<Notice> nobody_told_;  ///< what a new agent begins with
  TimePoint counted_from_ = kUnset;  ///< silence before this does not count
  TimePoint next_lost_ = kNever;     ///< somebody may be lost then; never too late; kUnset: to be found anew
  TimePoint next_message_ = kNever;
  bool look_ = false;
  bool any_spoke_ = false;
  bool announces_ = false;  ///< some agent does
};

}  // namespace crmpulse::rules
