#pragma once
// A rule as a value: `config/` reads it from YAML, `rules/` judges with it, the agent's `probe` compares one reading
// with its thresholds. The meaning of every field is section 2 of the health-states specification
// (docs/health-states.md).

#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "core/level.h"
#include "core/notification_policy.h"
#include "core/time/hours.h"
#include "core/time/time.h"

namespace crmpulse {

/// A label must have one of these values. An empty list of matches matches everything.
struct LabelMatch {
  std::string name;
  std::vector<std::string> any_of;
  friend bool operator==(const LabelMatch&, const LabelMatch&) = default;
};
[[nodiscard]] bool matches(std::span<const LabelMatch> matches, const Labels& labels);

/// Which samples feed a rule.
struct Measure {
  std::string metric;
  std::vector<LabelMatch> where;
  /// When set, the value judged is metric / divisor, both of the same CRM (and of the same labels `on`): a share
  /// of licensed users, of all records. A divisor that is absent, ≤ 0 or below
  /// `least` means: no value.
  struct Divisor {
    std::string metric;
    std::vector<LabelMatch> where;
    std::vector<std::string> on;
    double least = 0;  ///< with a smaller divisor there is no value
    friend bool operator==(const Divisor&, const Divisor&) = default;
  };
  std::optional<Divisor> per;
  /// For apdex: a sample below 1 of this metric is an operation that failed, and counts as frustrated. Operations that
  /// fail have no duration.
  struct Errors {
    std::string metric;
    std::vector<LabelMatch> where;
    friend bool operator==(const Errors&, const Errors&) = default;
  };
  std::optional<Errors> errors;
  friend bool operator==(const Measure&, const Measure&) = default;
};

enum class Direction { above, below };  ///< which way is worse
enum class Role { gate, soft };         ///< worst-of, or at most sub-healthy by itself
enum class NoDataState { sub_healthy, keep, ignore };

enum class Aggregator {
  last,
  avg,
  min,
  max,
  quantile,         ///< pNN, nearest rank ceil(q·n)
  ratio,            ///< mean of 0/1 samples: the good share
  rate,             ///< increase of a counter per second, resets skipped
  count,            ///< samples in the window
  age,              ///< now minus the newest value, which is a Unix time in seconds; seconds
  burn,             ///< error-budget burn rate of 0/1 samples against `slo`
  apdex,            ///< (satisfied + tolerating/2) / total against `target` seconds
  baseline_drop,    ///< relative drop against the same weekday hour of the last four weeks, 0…1
  failures_in_row,  ///< how many newest samples in a row are below 1
  share_above       ///< share of samples above `target`
};
/// `last`, `p75`, …; the quantile comes back in `quantile` (0…1).
struct AggregatorName {
  Aggregator aggregator;
  double quantile;
};
[[nodiscard]] std::optional<AggregatorName> aggregator_from(std::string_view name);
[[nodiscard]] std::string to_string(Aggregator aggregator, double quantile);

struct Threshold {
  double enter = 0;  ///< equal is a breach
  double exit = 0;   ///< equal is recovered
  Duration hold{};   ///< `for`: observed time in breach before the level is confirmed
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

struct Rule {
  std::string id;
  std::string dimension;
  Measure measure;
  std::string each;  ///< a label: judge every value of it, the worst counts; empty: all samples together
  int quorum = 1;    ///< how many agents must see the level
  std::vector<LabelMatch> applies_to;
  Direction op = Direction::above;
  Aggregator aggregator = Aggregator::last;
  double quantile = 0;      ///< for Aggregator::quantile
  double target = 0;        ///< for apdex and share_above; seconds or the metric's unit
  double slo = 0;           ///< for burn: 0.999
  int min_bad = 0;          ///< for burn and ratio: bad samples needed in the window before it counts
  int min_bad_short = 0;    ///< and in the short window
  Duration short_window{};  ///< for burn: the same must show in it, so that what is over clears; 0: none
  Duration window{};        ///< 0 only for `last`, `age`, `failures_in_row`
  int min_samples = 1;
  Threshold sub;
  Threshold poor;
  Duration recover_sub{};
  Duration recover_poor{};
  Role role = Role::gate;
  double weight = 1;
  /// Ends of the score scale; NaN: the straight line through enter_sub (0.8) and enter_poor (0.4) goes on.
  double score_target = std::numeric_limits<double>::quiet_NaN();
  double score_worst = std::numeric_limits<double>::quiet_NaN();
  Duration no_data_after{};  ///< 0: max(60 s, 4 × interval)
  NoDataState no_data = NoDataState::sub_healthy;
  Duration interval{};                ///< expected spacing; 0: learned from the samples
  std::optional<ActiveHours> active;  ///< judged only then
  bool active_crm = false;            ///< judged only in the hours of the CRM's own people
  std::string remedy;                 ///< key of the remedy text
  std::string unit;                   ///< `seconds`, `ratio`, `count` … for people
  /// Ids of rules that explain this one while they are poor: messages then leave it out. It counts in the state.
  std::vector<std::string> inhibited_by;
  // Where it was written last: what a later file says of an earlier rule stands there.
  std::string file;
  int line = 0;  ///< 1-based; 0: in no file
};

/// The level one value would enter, with no memory: 2 at or beyond poor.enter, 1 at or beyond sub.enter.
[[nodiscard]] Level entered_level(const Rule& rule, double value);
/// Does a CRM's sample feed this rule?
[[nodiscard]] bool feeds(const Rule& rule, std::string_view metric, const Labels& labels);

/// Rules in the order of their files; ids may repeat: the last rule of an id whose `applies_to` matches wins.
struct Ruleset {
  NotificationPolicy settings;
  std::vector<Rule> rules;
  /// Finds a zone by its IANA name, for hours that CRMs declare; empty: only UTC is known.
  std::function<std::optional<Zone>(std::string_view)> find_zone{};
};

/// What to do about a failing dimension.
struct Remedy {
  std::string en;
  std::string zh;
};

}  // namespace crmpulse
