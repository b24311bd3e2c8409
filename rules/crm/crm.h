#pragma once
// Holds the state of one CRM: its rules, incident, agents and what receivers were told.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/labels.h"
#include "core/rule.h"
#include "rules/crm/crm_hours.h"
#include "rules/crm/incident.h"
#include "rules/crm/message.h"
#include "rules/level/instance.h"
#include "rules/level/score.h"
#include "rules/window/slots.h"

namespace crmpulse::rules {

/// One rule as it applies to one CRM.
struct RuleState {
  static constexpr std::size_t kMostInstances = 256;  ///< further values of `each` are not judged

  std::shared_ptr<const CompiledRule> compiled;
  std::vector<std::unique_ptr<Instance>> instances;  ///< at least one; series hold pointers to them
  Slots slots;
  RuleClock clock;  ///< instances refer to it

  [[nodiscard]] const Rule& rule() const { return compiled->rule; }
  /// Returns the instance whose level, or else whose value, is worst.
  [[nodiscard]] const Instance& worst() const;
  /// Returns the confirmed level: the worst of the instances.
  [[nodiscard]] Level confirmed() const;
  [[nodiscard]] bool latched() const;
  [[nodiscard]] bool judged() const;   ///< some instance is active and not expired, and had data
  [[nodiscard]] bool missing() const;  ///< no data for too long, and that counts: not `ignore`, inside active hours
  /// Returns the instance for a value of `each`, made if it is new; null if there are too many already.
  [[nodiscard]] Instance* instance_of(std::string_view each_value);
};

/// An agent whose samples feed a CRM.
struct ReportingAgent {
  std::string agent;
  TimePoint newest = kUnset;                ///< when it last sent something of this CRM
  TimePoint named = kUnset;                 ///< stamp of its newest announcement that names this CRM
  std::uint32_t place = ~std::uint32_t{0};  ///< in the engine's AgentWatch; not saved
  static constexpr std::size_t kMost = 64;  ///< a CRM; more are not looked at
  static constexpr Duration kStale =
      std::chrono::minutes{10};  ///< silent so long while another spoke: it feeds no more
  static constexpr auto fields() {
    return std::tuple{Field{1, &ReportingAgent::agent}, Field{2, &ReportingAgent::newest},
                      Field{3, &ReportingAgent::named}};
  }
};

inline constexpr std::string_view kVendorMetric = "crm_vendor_status";
/// What the vendor's status page says about one of its instances, as this CRM's agent reads it.
struct VendorReading {
  std::string instance;  ///< empty: the page does not say; then it is about this CRM alone
  TimePoint at = kUnset;
  TimePoint major_since = kUnset;  ///< first of the readings that name a major incident; unset: the newest does not
  Duration gap{};                  ///< between the newest two
  static constexpr std::size_t kMost = 16;
  static constexpr auto fields() {
    return std::tuple{Field{1, &VendorReading::instance}, Field{2, &VendorReading::at},
                      Field{3, &VendorReading::major_since}, Field{4, &VendorReading::gap}};
  }
  /// Returns how old a reading may be. A page that is read every hour is not silent after five minutes.
  [[nodiscard]] Duration patience() const {
    return std::max(Duration{std::chrono::minutes{5}}, std::min(gap, Duration{std::chrono::hours{1}}) * 3 / 2);
  }
};

/// One operation as one agent runs it, with its failure series, which its next success ends. Not saved.
struct Exchange {
  std::string key;                      ///< operation and agent
  std::vector<std::uint32_t> failures;  ///< the engine's series `crm_failure`
  bool failed = true;                   ///< some of them may still say so
  static constexpr std::size_t kMost = 512;
  static constexpr std::size_t kMostFailures = 64;
};

/// Everything known of one CRM. Owned by the Engine; series and deadlines refer to it by address and number.
struct Crm {
  std::uint32_t number = 0;
  std::string name;
  std::string kind;
  Labels labels;                   ///< `crm`, `kind` and those of its crm_up series, without `agent`
  bool known = false;              ///< false: only marks wait for it
  std::shared_ptr<RingRoom> room;  ///< of its windows
  std::vector<std::unique_ptr<RuleState>> rules;
  std::vector<SeriesMemory> series;  ///< by tag
  std::unordered_map<std::uint64_t, std::uint32_t> tags;
  std::vector<std::uint32_t> series_ids;  ///< the engine's; not saved
  Paces paces;
  Pace pace;  ///< what they come to
  CrmHours hours;
  std::unique_ptr<Pauses> pauses = std::make_unique<Pauses>();  ///< rules' clocks refer to it
  bool keeps_hours = false;                                     ///< some rule is judged only at times

  bool started = false;  ///< judged once; before that the state is unknown
  Level state = Level::healthy;
  TimePoint since = kUnset;
  ScoreLevel score;
  bool maintenance = false;
  bool silenced = false;
  bool inhibited = false;
  TimePoint suppression_ended = kUnset;  ///< of the last maintenance or inhibition
  std::vector<ReportingAgent> feeders;
  TimePoint unnamed = kUnset;  ///< when something came last that names no agent
  std::vector<VendorReading> vendor;
  std::vector<Exchange> exchanges;
  bool agents_lost = false;         ///< all agents that feed it
  bool unannounced = false;         ///< its agents do not name it among what they watch any more
  TimePoint missing_from = kUnset;  ///< its agents are back: data that is still missing then is news
  bool vendor_out = false;          ///< its vendor has an outage that is not younger than its state
  Flap flap;
  std::optional<Ack> ack;
  std::optional<Incident> incident;
  std::uint64_t incidents = 0;
  std::vector<NotificationState> told;  ///< parallel to the engine's receivers
  std::int64_t last_seq = 0;            ///< highest of any receiver ever: the outbox takes a number once
  int grace = 0;                        ///< evaluations left without `resolved`

  // Between fold() and step(); not saved.
  bool dirty = false;
  std::size_t relabellings = 0;  ///< of these kMostRelabellings are followed at once
  bool labels_wait = false;      ///< its rules are those of labels it had before
  static constexpr std::size_t kMostRelabellings = 4;
  TimePoint evaluated_at = kUnset;  ///< newest evaluation since the last step
  TimePoint newest_data = kUnset;   ///< newest evaluation at all, or the last start
  bool evaluated = false;           ///< since the last step
  bool ack_news = false;            ///< it was acknowledged since the last step
  std::string ack_from;             ///< the receiver that this came from; empty: none of them
  bool rules_gone = false;          ///< rules were taken away: a recovery is told with that reason
  TimePoint agent_doubt = kUnset;   ///< until then it is open whether its agent is lost
  TimePoint vendor_doubt = kUnset;  ///< until then it is open whether its vendor has an outage
  TimePoint scheduled = kNever;
  TimePoint no_data_from = kUnset;  ///< before this no rule begins to miss data; unset: not known

  /// Updates `no_data_from` after the instance took a sample or was evaluated.
  void expect(Instance& instance, const Rule& rule) {
    if (std::exchange(instance.nearer, false)) no_data_from = std::min(no_data_from, instance.deadline(rule));
  }
  /// Tells every rule what `paces` come to, if that changed. Returns true then.
  bool follow_pace();
  /// Like follow_pace(), but also if nothing changed: for new rules.
  void tell_pace();
  /// Gives every rule its clock, after rules, hours or maintenance changed.
  void follow_hours();
  /// Returns when its agents last sent something of it, kUnset if no agent with a name did.
  [[nodiscard]] TimePoint heard_at() const;
  /// Returns true if an operator does not want messages about it.
  [[nodiscard]] bool excused() const { return maintenance || silenced; }
  /// Returns true if only missing data is wrong, and that is because its agents are lost.
  [[nodiscard]] bool suppressed() const;
  /// Returns the agents that feed it now.
  [[nodiscard]] std::vector<const ReportingAgent*> fed_by() const;
  [[nodiscard]] std::size_t feeder_of(std::string_view agent);  ///< ReportingAgent::kMost if there is no room
  [[nodiscard]] std::size_t exchange_of(std::string key);       ///< Exchange::kMost if there is no room
  void take_vendor(std::size_t reading, TimePoint at, double value);
  /// Moves all times by `by`, after the clock was corrected: what was an hour ago stays an hour ago.
  void shift(Duration by);
  [[nodiscard]] std::size_t reading_of(std::string_view instance);  ///< VendorReading::kMost if there is no room
  /// What is saved of it, beside rules, hours and pauses.
  static constexpr auto fields() {
    return std::tuple{Field{2, &Crm::kind},
                      Field{3, &Crm::labels},
                      Field{4, &Crm::known},
                      Field{5, &Crm::started},
                      Field{6, &Crm::maintenance},
                      Field{7, &Crm::silenced},
                      Field{8, &Crm::inhibited},
                      Field{9, &Crm::state},
                      Field{10, &Crm::since},
                      Field{11, &Crm::suppression_ended},
                      Field{12, &Crm::grace},
                      Field{13, &Crm::score},
                      Field{14, &Crm::flap},
                      Field{16, &Crm::incidents},
                      Field{17, &Crm::incident},
                      Field{18, &Crm::ack},
                      Field{19, &Crm::told},
                      Field{20, &Crm::series},
                      Field{21, &Crm::paces},
                      Field{22, &Crm::agents_lost},
                      Field{23, &Crm::vendor_out},
                      Field{24, &Crm::last_seq},
                      Field{25, &Crm::missing_from},
                      Field{26, &Crm::newest_data},
                      Field{27, &Crm::feeders, ReportingAgent::kMost},
                      Field{28, &Crm::vendor, VendorReading::kMost},
                      Field{29, &Crm::unnamed}};
  }
};

/// Gives the CRM the rules that apply to it: of several with the same id the last one whose `applies_to` matches.
/// Levels stay where the rule stays; edited data empties windows, edited thresholds clear timers.
/// Returns whether a rule that was there is gone.
bool apply_rules(Crm& crm, std::span<const std::shared_ptr<const CompiledRule>> rules, TimePoint now);

/// Totals over a CRM's rules. Computed in one pass because a CRM is evaluated on every request that brings samples of
/// it and has dozens of rules.
struct RuleTotals {
  Level worst = Level::healthy;         ///< confirmed levels, soft rules and latches as they count
  double coverage = 1;                  ///< the weight of the rules with data among those that should have some
  Duration shortest = Duration::max();  ///< interval of those that ever had data
};
[[nodiscard]] RuleTotals survey(const Crm& crm);
struct Scores {
  Score judged;      ///< over the rules with data now
  Score remembered;  ///< over all that ever had, at their last values
};
[[nodiscard]] Scores scores_of(const Crm& crm);
/// Returns the CRM's level from worst-of, score level and coverage: docs/health-states.md, "The state of a CRM".
[[nodiscard]] Level verdict(const Crm& crm, const RuleTotals& seen);
/// Evaluates the score if that is due: at most once per shortest interval, with two rules or more.
void evaluate_score(Crm& crm, const RuleTotals& seen, const NotificationPolicy& settings);
[[nodiscard]] DataStatus data_status(const Crm& crm, TimePoint now);
/// Returns the part of the state that messages are sent about now: rules outside their hours keep their levels
/// silently.
[[nodiscard]] Level awake_level(const Crm& crm, const NotificationPolicy& settings);
/// Returns why the state is not healthy although no rule's level says so: `no_data`, `score`, or empty.
[[nodiscard]] std::string_view silent_reason(const Crm& crm);
[[nodiscard]] CrmStatus status_of(const Crm& crm, TimePoint now);

[[nodiscard]] std::string save_crm(const Crm& crm);
/// Loads into a CRM that has its name only. `rules` decide what is kept.
[[nodiscard]] Result<void> load_crm(Crm& crm, std::string_view bytes,
                                    std::span<const std::shared_ptr<const CompiledRule>> rules, HoursBook& hours);

}  // namespace crmpulse::rules
