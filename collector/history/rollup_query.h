#pragma once
// A chart from rollups, and from the blocks of those parts that are in none yet. Internal to collector/history/.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/chart.h"
#include "collector/history/chooser.h"
#include "store/history/rollups.h"

namespace crmpulse::collector {

using Readings = std::map<std::string, std::vector<store::Reading>, std::less<>>;

class RollupQuery {
 public:
  /// Gives the readings of a part that is in no rollup, of the query's span, each once and in order.
  using ReadPart = std::function<Result<Readings>(TimePoint part)>;

  /// All of them outlive this object. `unrolled` are the parts that ReadPart is asked for.
  RollupQuery(store::Database& database, const HistoryQuery& query, store::Tier tier, Chooser& chooser,
              std::set<TimePoint> unrolled, ReadPart read_part)
      : database_(database),
        query_(query),
        tier_(tier),
        chooser_(chooser),
        unrolled_(std::move(unrolled)),
        read_part_(std::move(read_part)) {}

  /// Adds everything to the chart.
  [[nodiscard]] Result<void> run(Chart& chart, HistoryAnswer& answer);

 private:
  using Series = std::vector<store::RollupSeries>;

  [[nodiscard]] Result<void> add_day(TimePoint day, Chart& chart, HistoryAnswer& answer);
  [[nodiscard]] Result<void> add_hours(TimePoint day, Chart& chart, HistoryAnswer& answer);
  [[nodiscard]] Result<void> add_minutes(TimePoint part, Chart& chart, HistoryAnswer& answer);
  [[nodiscard]] Result<const Series*> load(store::Tier tier, TimePoint time, HistoryAnswer& answer);
  void add(const Series& series, TimePoint from, TimePoint to, Chart& chart) const;

  store::Database& database_;
  const HistoryQuery& query_;
  store::Tier tier_;
  Chooser& chooser_;
  std::set<TimePoint> unrolled_;
  ReadPart read_part_;
  Series loaded_;  ///< the last block that was read
  std::optional<std::pair<store::Tier, TimePoint>> loaded_is_;
};

}  // namespace crmpulse::collector
