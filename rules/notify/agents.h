#pragma once
// Agents that fall silent: docs/health-states.md, "Agents". One message instead of one for each of their CRMs.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "rules/notify/notice.h"

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
  /// Notes that the agent spoke. `heartbeat` says that it did so as only our agents do; other senders are never lost.
  void hear(Place place, bool heartbeat, TimePoint now);
  /// Notes an announcement: samples of the time `at` say which CRMs the agent watches. It names all within
  /// kAnnouncement.
  void announce(Place place, TimePoint at);
  /// Notes whether one of its samples that a rule looks at was in time, or too late to be judged.
  void judged(Place place, bool late, TimePoint at, TimePoint now);
  static constexpr Duration kAnnouncement = std::chrono::seconds{5};
  /// An agent that announces, and has announced others for so long, does not watch the CRM any more.
  static constexpr Duration kGone = std::chrono::minutes{10};
  /// Returns true if all agents that feed the CRM announce, and their newest announcements do not name it.
  [[nodiscard]] bool unannounced(const Crm& crm, Duration least) const;
  [[nodiscard]] bool announces() const { return announces_; }
  /// Gives every agent the full time again after a restart, because the collector was away before `now`.
  void restarted(TimePoint now);
  void shift(Duration by);  ///< moves all times, after the clock was corrected by so much
  /// Makes the next tell() look at all messages again, because CRMs, receivers or marks changed.
  void look() { look_ = true; }

  /// Decides which agents are lost at `now`. Returns the agents whose CRMs must be looked at.
  [[nodiscard]] std::vector<Place> update(const NotificationPolicy& settings, TimePoint now);
  /// Returns true if every agent that feeds this CRM is lost.
  [[nodiscard]] bool lost(const Crm& crm) const;
  /// Visits the agents that are lost, by name, with the time since when.
  template <class Visit>
  void each_lost(Visit visit) const {
    for (const auto& [name, place] : by_name_) {
      if (const Agent& agent = agents_[place]; agent.lost()) visit(name, agent.lost_at);
    }
  }
  /// Returns until when the CRM's agents, silent since its state changed, may prove lost; kUnset if they are there.
  [[nodiscard]] TimePoint doubt(const Crm& crm, const NotificationPolicy& settings);
  /// Adds the `agent_lost` and `agent_returned` messages that are due. Returns true if what a receiver was told
  /// changed.
  bool tell(std::span<const std::unique_ptr<Crm>> crms, const std::vector<ReceiverSpec>& receivers,
            const NotificationPolicy& settings, bool muted, TimePoint now, std::vector<Message>& messages);
  [[nodiscard]] TimePoint deadline() const { return std::min(is_set(next_lost_) ? next_lost_ : kNever, next_message_); }

  void save(FieldWriter& out) const;
  /// Agents that have a place already keep it. Call align() afterwards.
  void load(FieldReader& in);

 private:
  /// How long nothing of an agent may be in time before a message says so, unless it catches up.
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
    static constexpr auto fields() {
      return std::tuple{Field{1, &Agent::name},        Field{2, &Agent::heard},      Field{3, &Agent::tracked},
                        Field{4, &Agent::lost_at},     Field{5, &Agent::told},       Field{6, &Agent::announced},
                        Field{7, &Agent::late_from},   Field{8, &Agent::late_since}, Field{9, &Agent::lag},
                        Field{10, &Agent::newest_lag}, Field{11, &Agent::late}};
    }
  };
  bool check_late(Agent& agent, TimePoint now);
  [[nodiscard]] bool tell_one(Agent& agent, Place place, std::span<const std::unique_ptr<Crm>> crms,
                              const std::vector<ReceiverSpec>& receivers, const NotificationPolicy& settings,
                              TimePoint now, std::vector<Message>& messages);

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
