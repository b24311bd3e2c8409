#pragma once
// The stored history as a report needs it: the one place that knows how it is asked.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/journal_tail.h"
#include "collector/report/figures/goals.h"
#include "collector/report/figures/readings.h"
#include "core/labels.h"
#include "core/rule.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector::report {

/// How content a rule takes those to be who wait for an operation.
struct ApdexRule {
  double target = 0;  ///< seconds; four times as much is tolerable
  std::vector<LabelMatch> where;
};

/// Asks for one CRM, and counts what it did not get.
class StoredReadings {
 public:
  /// `stepped` is called after each step of a read(), on the thread that reads.
  StoredReadings(store::Database& database, std::string crm, std::optional<ApdexRule> apdex,
                 std::function<void()> stepped)
      : database_(database), crm_(std::move(crm)), apdex_(std::move(apdex)), stepped_(std::move(stepped)) {}

  /// Returns how many steps read() makes of a period.
  [[nodiscard]] static std::uint64_t steps_of(const Period& period, const ZonePtr& zone, bool buckets);

  /// Reads a period as far as `now`: states, totals, ages, notices; with `buckets` also its parts.
  [[nodiscard]] Result<PeriodReadings> read(const Period& period, TimePoint now, const ZonePtr& zone, bool buckets);
  /// Reads what a goal's metric was at its begin and is at `at`.
  [[nodiscard]] Result<GoalProgress> read_goal(const Goal& goal, TimePoint at, const ZonePtr& zone);

  /// Returns the CRM's labels as its checks had them; without any, those of some other series.
  [[nodiscard]] const Labels& labels() const { return labels_; }
  [[nodiscard]] std::size_t omitted() const { return omitted_; }
  [[nodiscard]] std::size_t damaged() const { return damaged_; }

 private:
  using Metrics = std::span<const std::string_view>;
  [[nodiscard]] Result<std::vector<Totals>> totals(Metrics metrics, TimePoint from, TimePoint to);
  [[nodiscard]] Result<void> add_totals(Metrics metrics, TimePoint from, TimePoint to, std::vector<Totals>& out);
  [[nodiscard]] Result<void> add_states(PeriodReadings& out);
  [[nodiscard]] Result<void> add_maintenance(PeriodReadings& out);
  [[nodiscard]] Result<void> add_ages(PeriodReadings& out);
  [[nodiscard]] Result<void> add_notices(PeriodReadings& out);
  [[nodiscard]] Result<void> add_buckets(PeriodReadings& out, const ZonePtr& zone);
  void know_labels(const Labels& labels, bool of_checks);

  store::Database& database_;
  JournalTail tail_;  ///< a report asks a hundred times
  std::string crm_;
  std::optional<ApdexRule> apdex_;
  std::function<void()> stepped_;
  Labels labels_;
  bool labels_of_checks_ = false;
  std::size_t omitted_ = 0;
  std::size_t damaged_ = 0;
};

}  // namespace crmpulse::collector::report
