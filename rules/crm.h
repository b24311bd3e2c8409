#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/labels.h"
#include "core/rule.h"
#include "rules/engine.h"
#include "rules/incident.h"
#include "rules/instance.h"
#include "rules/score.h"

namespace crmpulse::rules {

/// One rule as it applies to one CRM.
struct RuleState {
  static constexpr std::size_t kMostInstances = 256;  ///< further values of `each` are not judged

  /// The newest divisor with one set of `on` labels; ≤ 0 or never seen: not known.
  struct Slot {
    std::string key;
    double value = 0;
    bool known = false;
  };

  std::shared_ptr<const CompiledRule> compiled;
  std::vector<std::unique_ptr<Instance>> instances;  ///< at least one; series hold pointers to them
  std::vector<Slot> slots;

  [[nodiscard]] const Rule& rule() const { return compiled->rule; }
  /// The instance whose level, or else whose value, is worst.
  [[nodiscard]] const Instance& worst() const;
  /// Confirmed level: the worst of the instances.
  [[nodiscard]] Level confirmed() const;
  [[nodiscard]] bool latched() const;
  [[nodiscard]] bool judged() const;   ///< some instance is active and not expired, and had data
  [[nodiscard]] bool missing() const;  ///< no data for too long, and that counts: not `ignore`, inside active hours
  /// The unit for a value of `each`, made when it is new; nothing when there are too many already.
  [[nodiscard]] Instance* instance_of(std::string_view each_value);
  [[nodiscard]] std::uint32_t slot_of(std::string key);
};

/// Everything known of one CRM. Owned by the Engine; series and deadlines refer to it by address and number.
struct Crm {
  std::uint32_t number = 0;
  std::string name;
  std::string kind;
  Labels labels;       ///< `crm`, `kind` and those of its crm_up series, without `agent`
  bool known = false;  ///< false: only marks wait for it
  std::vector<std::unique_ptr<RuleState>> rules;
  std::vector<SeriesMemory> series;  ///< by tag
  std::unordered_map<std::uint64_t, std::uint32_t> tags;
  std::vector<std::uint32_t> series_ids;  ///< the engine's; not saved
  Paces paces;
  Pace pace;  ///< what they come to

  bool started = false;  ///< judged once; before that the state is unknown
  Level state = Level::healthy;
  TimePoint since = kUnset;
  ScoreLevel score;
  bool maintenance = false;
  bool silenced = false;
  bool inhibited = false;
  TimePoint suppression_ended = kUnset;  ///< of the last maintenance or inhibition
  Flap flap;
  std::optional<Ack> ack;
  std::optional<Incident> incident;
  std::uint64_t incidents = 0;
  std::vector<Told> told;  ///< parallel to the engine's receivers
  int grace = 0;           ///< evaluations left without `resolved`

  // Between fold() and step(); not saved.
  bool dirty = false;
  TimePoint evaluated_at = kUnset;  ///< newest evaluation since the last step
  TimePoint scheduled = kNever;

  /// Tells every rule what `paces` come to. True when that was news.
  bool follow_pace();
  [[nodiscard]] bool suppressed() const { return maintenance || silenced || inhibited; }
};

/// Gives the CRM the rules that apply to it: of several with the same id the last one whose `applies_to` matches.
/// Levels stay where the rule stays; edited data empties windows, edited thresholds clear timers.
/// Returns whether a rule that was there is gone.
bool apply_rules(Crm& crm, std::span<const std::shared_ptr<const CompiledRule>> rules, TimePoint now);

/// Worst-of, soft rules, score level, latch and coverage put together. Docs: "The state of a CRM".
[[nodiscard]] Level verdict(const Crm& crm);
enum class ScoreOver { judged, remembered };  ///< rules with data now, or all that ever had, at their last values
[[nodiscard]] Score score_of(const Crm& crm, ScoreOver over);
/// The weight of the rules with data among those that should have some; 1 when none should.
[[nodiscard]] double coverage(const Crm& crm);
/// Takes one score evaluation when one is due: at most one per shortest interval, with two rules or more.
void evaluate_score(Crm& crm, const Settings& settings);
[[nodiscard]] DataStatus data_status(const Crm& crm, TimePoint now);
/// Why the state is not healthy when no rule's level says so: `no_data`, `score`, or empty.
[[nodiscard]] std::string_view silent_reason(const Crm& crm);
[[nodiscard]] CrmStatus status_of(const Crm& crm, TimePoint now);

[[nodiscard]] std::string save_crm(const Crm& crm);
/// Into a CRM that has its name only. `rules` decide what is kept.
[[nodiscard]] Result<void> load_crm(Crm& crm, std::string_view bytes,
                                    std::span<const std::shared_ptr<const CompiledRule>> rules);

}  // namespace crmpulse::rules
