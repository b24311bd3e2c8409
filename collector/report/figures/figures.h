#pragma once
// The figures of a report: one number each, of one dimension, with its target and what it was before. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/report/figures/readings.h"
#include "collector/text/value_text.h"

namespace crmpulse::collector::report {

/// Which way is better; of a plain amount nobody can say.
enum class Better { neither, higher, lower };

struct Figure {
  std::string dimension;  ///< of core/dimension.h, or `health`, `incidents`
  std::string metric;     ///< `availability_ratio`, `response_time_p95`; a promise, as CSV and JSON have it
  std::string of;         ///< operation, object, process, …; empty: of all
  std::string unit;       ///< of core/words/value.h
  Better better = Better::neither;
  std::optional<double> value;  ///< absent: not measured
  std::optional<double> target;
  std::optional<double> poor;      ///< where poor begins, if a rule says so
  std::optional<double> previous;  ///< of the period it is compared with
  std::optional<double> year_ago;

  /// Returns `response_time_p95{read}`, or the metric alone.
  [[nodiscard]] std::string name() const { return of.empty() ? metric : metric + "{" + of + "}"; }
  /// Returns whether the target is met, nullopt without a value or a target.
  [[nodiscard]] std::optional<bool> met() const;
};

enum class Trend { unknown, same, better, worse, more, less };
/// Returns how the value moved against an earlier one; less than one percent is the same.
[[nodiscard]] Trend trend(const Figure& figure, const std::optional<double>& earlier);

/// Returns the figures of one period, without targets and earlier values; only of what was measured, but for those of
/// `health` and `availability`, which are always there.
[[nodiscard]] std::vector<Figure> figures_of(const PeriodReadings& readings);
/// Puts targets to the figures.
void set_targets(std::vector<Figure>& figures, const Targets& targets);
/// Puts an earlier period's values to the figures; what was measured only then joins without a value.
void set_earlier(std::vector<Figure>& figures, const std::vector<Figure>& earlier,
                 std::optional<double> Figure::* where);

/// Returns the first with this metric and `of`; null if there is none.
[[nodiscard]] const Figure* find(const std::vector<Figure>& figures, std::string_view metric, std::string_view of = {});

/// Returns the share of good checks outside maintenance, nullopt without any.
[[nodiscard]] std::optional<double> availability_of(const std::vector<Totals>& totals,
                                                    const std::vector<Totals>& maintenance);
/// The label by which the durations of operations are told apart, and the metric.
inline constexpr std::string_view kDurations = "crm_operation_duration_seconds";
inline constexpr std::string_view kChecks = "crm_up";

}  // namespace crmpulse::collector::report
