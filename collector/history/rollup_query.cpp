#include "collector/history/rollup_query.h"

#include <algorithm>
#include <utility>

namespace crmpulse::collector {
namespace {

using store::Tier;

constexpr Duration kOneDay{std::chrono::hours{24}};

}  // namespace

Result<void> RollupQuery::run(Chart& chart, HistoryAnswer& answer) {
  for (TimePoint day = store::span_begin(Tier::hours, query_.from); day <= query_.to; day += kOneDay) {
    if (const auto added = add_day(day, chart, answer); !added) return added;
  }
  return {};
}

/// A day of which a part is in no rollup is put together from its hours and that part's readings: the day's own point
/// may have other ones of it.
Result<void> RollupQuery::add_day(TimePoint day, Chart& chart, HistoryAnswer& answer) {
  const auto first = unrolled_.lower_bound(day);
  const bool whole = first == unrolled_.end() || *first >= day + kOneDay;
  if (tier_ == Tier::days && whole) {
    const auto series = load(Tier::days, day, answer);
    if (!series) return series.error();
    add(**series, day, day + kOneDay, chart);
    return {};
  }
  if (tier_ != Tier::minutes) return add_hours(day, chart, answer);
  for (TimePoint part = day; part < day + kOneDay; part += store::kHistoryPart) {
    if (part > query_.to || part + store::kHistoryPart <= query_.from) continue;
    if (const auto added = add_minutes(part, chart, answer); !added) return added;
  }
  return {};
}

Result<void> RollupQuery::add_hours(TimePoint day, Chart& chart, HistoryAnswer& answer) {
  for (TimePoint part = day; part < day + kOneDay; part += store::kHistoryPart) {
    if (part > query_.to || part + store::kHistoryPart <= query_.from) continue;
    if (!unrolled_.contains(part)) {
      const auto series = load(Tier::hours, day, answer);
      if (!series) return series.error();
      add(**series, part, part + store::kHistoryPart, chart);
      continue;
    }
    const auto readings = read_part_(part);
    if (!readings) return readings.error();
    for (const auto& [name, some] : *readings) chart.add(name, some);
  }
  return {};
}

Result<void> RollupQuery::add_minutes(TimePoint part, Chart& chart, HistoryAnswer& answer) {
  if (unrolled_.contains(part)) {
    const auto readings = read_part_(part);
    if (!readings) return readings.error();
    for (const auto& [name, some] : *readings) chart.add(name, some);
    return {};
  }
  const auto series = load(Tier::minutes, part, answer);
  if (!series) return series.error();
  add(**series, part, part + store::kHistoryPart, chart);
  return {};
}

/// Nothing where there is no block or a damaged one; that is counted, and made again by the roller.
Result<const RollupQuery::Series*> RollupQuery::load(Tier tier, TimePoint time, HistoryAnswer& answer) {
  const std::pair is{tier, store::span_begin(tier, time)};
  if (loaded_is_ == is) return &loaded_;
  const auto row = store::get_rollups(database_, tier, query_.crm, is.second);
  if (!row) return row.error();
  loaded_is_ = is;
  loaded_.clear();
  if (!*row) return &loaded_;
  auto series = (*row)->intact ? store::decode_rollups((*row)->bytes,
                                                       [this](std::string_view name) { return chooser_.wants(name); })
                               : Result<Series>{Error{"its checksum does not match"}};
  if (series) {
    loaded_ = std::move(*series);
  } else {
    ++answer.damaged_rollups;
  }
  return &loaded_;
}

void RollupQuery::add(const Series& series, TimePoint from, TimePoint to, Chart& chart) const {
  // A point that the query's span begins or ends in is shown whole.
  const TimePoint first = std::max(from, query_.from - store::width_of(tier_) + Duration{1});
  const TimePoint last = std::min(to, query_.to + Duration{1});
  for (const store::RollupSeries& one : series) {
    const auto begin = std::lower_bound(one.points.begin(), one.points.end(), first,
                                        [](const store::Rollup& point, TimePoint at) { return point.at < at; });
    const auto end = std::lower_bound(begin, one.points.end(), last,
                                      [](const store::Rollup& point, TimePoint at) { return point.at < at; });
    chart.add(one.name, std::span{begin, end});
  }
}

}  // namespace crmpulse::collector
