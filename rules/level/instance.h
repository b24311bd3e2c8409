#pragma once
// Evaluates one rule on one CRM: takes samples, aggregates them, and follows deadlines.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/fields.h"
#include "core/rule.h"
#include "core/time/calendar.h"
#include "rules/level/dimension.h"
#include "rules/window/pauses.h"
#include "rules/window/spacing.h"
#include "rules/window/window.h"

namespace crmpulse::rules {

/// A rule with two fingerprints that show, across reloads and restarts, what an edit changed.
struct CompiledRule {
  explicit CompiledRule(Rule source);
  Rule rule;
  std::uint64_t data_print = 0;   ///< which samples, which aggregation: a change empties the windows
  std::uint64_t judge_print = 0;  ///< thresholds and times: a change clears the timers
  std::optional<Calendar> hours;  ///< of `active`
};

/// What one observer saw last.
struct Observation {
  std::string agent;
  std::optional<double> value;  ///< of its newest evaluation
  TimePoint at = kUnset;
  static constexpr auto fields() {
    return std::tuple{Field{1, &Observation::agent}, Field{2, &Observation::value}, Field{3, &Observation::at}};
  }
};

/// The window of one observer: all agents together, or with a quorum each agent by itself.
struct AgentWindow : Observation {
  AgentWindow(std::string who, const Rule& rule) : Observation{std::move(who), std::nullopt, kUnset}, window(rule) {}
  Window window;
};

/// The unit that is judged: one CRM × one rule × one value of the rule's label `each`.
struct Instance {
  // What a CRM's survey reads of every rule stands together.
  Dimension dimension;
  bool expired = false;     ///< no data for `no_data.after`
  bool active = true;       ///< inside the rule's active hours
  bool placeholder = true;  ///< no series feeds it yet
  bool listed = false;      ///< the engine knows that something is pending
  /// deadline() may have come nearer since it was last asked for; it moves away by itself. Not saved.
  bool nearer = true;
  StretchSteps learned_at = 0;     ///< the pace `learned` holds for
  std::uint32_t learned_from = 0;  ///< tag of that series
  Duration learned{};              ///< spacing of its fastest series; 0 until known
  std::optional<double> value;     ///< newest aggregated value
  Pace pace;                       ///< of the CRM now

  std::string each;  ///< the label's value; empty without `each`, or before the first series came
  std::vector<AgentWindow> views;
  TimePoint counted_from = kUnset;  ///< no-data time is not counted from before this
  TimePoint refill_from =
      kUnset;  ///< start, restart or new rule: until the window had time to fill, samples count as data
  TimePoint newest_sample = kUnset;
  TimePoint switch_at = kUnset;       ///< when `active` must be looked at again
  const RuleClock* clock = &kAlways;  ///< of its rule on its CRM
  TimePoint older_at = kUnset;  ///< an age comes to its next threshold by itself then; unset: to be found. Not saved

  struct Waiting {
    bool set = false;
    std::uint32_t view = 0, tag = 0, slot = 0;
    TimePoint at;
    double value = 0;
  } waiting;  ///< a sample whose divisor was not known yet

  /// Samples of one instant are judged together, when the next instant's come or the engine steps: their order says
  /// nothing, and a CRM sends many at a time. Not saved.
  struct Pending {
    bool set = false;
    std::uint32_t view = 0;
    TimePoint at;
    TimePoint now;
  } pending;

  static constexpr std::size_t kMostViews = 64;
  /// Returns the index of the agent's view, made if it is new (with quorum 1 all agents share one). Returns nullopt if
  /// there are too many agents.
  std::optional<std::uint32_t> view_of(const Rule& rule, std::string_view agent);
  void reset_windows(TimePoint now);
  /// Makes its windows count what they keep in `room`.
  void share(const std::shared_ptr<RingRoom>& room) {
    for (AgentWindow& view : views) view.window.share(room);
  }
  /// Moves all times by `by`, after the clock was corrected.
  void shift(Duration by);

  [[nodiscard]] Duration interval(const Rule& rule) const;
  /// As samples came until now: that intervals grow from here on explains nothing that is missing already.
  [[nodiscard]] Duration interval_until_now(const Rule& rule) const;
  [[nodiscard]] Duration no_data_after(const Rule& rule) const;
  /// Returns the length of the rule's window. While intervals are stretched it is as long as `min_samples` needs.
  [[nodiscard]] Duration window(const Rule& rule) const;
  void learn(SeriesMemory& memory, std::uint32_t tag);

  struct Intake {
    Window::Put put = Window::Put::stored;
    TimePoint evaluated = kUnset;  ///< the instant before, when this sample began another
  };
  /// Takes a sample. settle() evaluates it if it is not older than what was judged already.
  Intake take(const Rule& rule, std::uint32_t view, TimePoint at, std::uint32_t tag, double sample,
              const Previous& previous, TimePoint now, std::vector<double>& scratch);

  /// Evaluates what is pending. Returns the instant that was judged, kUnset if nothing was pending or there is no data.
  TimePoint settle(const Rule& rule, std::vector<double>& scratch);

  /// Meets deadlines at `now`: hours that begin or end, an age that reaches a threshold, data that has been missing too
  /// long.
  void check_deadlines(const Rule& rule, TimePoint now);
  /// Call it after its hours, or the times that do not age, changed.
  void look_again() { switch_at = older_at = kUnset; }
  /// Returns the next instant at which check_deadlines() would do something, unless `nearer` is set before.
  [[nodiscard]] TimePoint deadline(const Rule& rule) const;
  [[nodiscard]] bool has_data() const { return is_set(dimension.last_data); }

  void save(FieldWriter& out) const;
  /// Loads what save() wrote. `same_data` says that the windows still fit the rule; otherwise they are left out.
  void load(FieldReader& in, const Rule& rule, bool same_data);
  static constexpr auto fields() {
    return std::tuple{
        Field{1, &Instance::each},          Field{2, &Instance::placeholder},   Field{3, &Instance::dimension},
        Field{4, &Instance::value},         Field{5, &Instance::counted_from},  Field{6, &Instance::refill_from},
        Field{7, &Instance::newest_sample}, Field{8, &Instance::expired},       Field{9, &Instance::active},
        Field{10, &Instance::learned},      Field{11, &Instance::learned_from}, Field{12, &Instance::learned_at}};
  }

 private:
  std::optional<double> observe(const Rule& rule, AgentWindow& view, TimePoint at, std::vector<double>& scratch);
  [[nodiscard]] TimePoint no_data_due(const Rule& rule) const;
  void get_older(const Rule& rule, TimePoint now);
  void plan_older(const Rule& rule, TimePoint at, Duration least);
  /// Returns true if samples come at the configured interval, not stretched.
  [[nodiscard]] bool as_configured() const { return pace.stretch == 0 && learned_at == 0; }
};

}  // namespace crmpulse::rules
