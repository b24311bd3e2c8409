#include "collector/history/days.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

/// Adds what held of each of the spans between `bounds`, which are in order, to the one of its number.
class SpanSums {
 public:
  SpanSums(std::vector<TimePoint> bounds, std::vector<StateTimes>& sums) : bounds_(std::move(bounds)), sums_(sums) {}

  /// Until `change` held what was taken before.
  void take(const store::StateChange& change) {
    reach(std::min(change.at, bounds_.back()));
    held_ = change;
  }
  void finish() { reach(bounds_.back()); }

 private:
  void reach(TimePoint to) {
    TimePoint from = std::max(reached_, bounds_.front());
    while (from < to) {
      while (next_ + 1 < bounds_.size() && bounds_[next_ + 1] <= from) ++next_;
      const TimePoint end = std::min(to, bounds_[next_ + 1]);
      sums_[next_].add(held_ ? &*held_ : nullptr, end - from);
      from = end;
    }
    reached_ = std::max(reached_, from);
  }

  std::vector<TimePoint> bounds_;
  std::vector<StateTimes>& sums_;
  std::size_t next_ = 0;
  TimePoint reached_;
  std::optional<store::StateChange> held_;
};

Result<std::vector<StateTimes>> read_spans(store::Database& database, const std::string& crm,
                                           std::vector<TimePoint> bounds) {
  std::vector<StateTimes> sums(bounds.size() - 1);
  const TimePoint from = bounds.front();
  const TimePoint to = bounds.back();
  SpanSums spans{std::move(bounds), sums};
  const auto read =
      store::read_state_changes(database, crm, from, to, [&](const store::StateChange& change) { spans.take(change); });
  if (!read) return read.error();
  spans.finish();
  return sums;
}

}  // namespace

std::optional<double> StateTimes::availability() const {
  const Duration known = healthy + sub_healthy + poor;
  if (known <= Duration{}) return std::nullopt;
  return static_cast<double>((healthy + sub_healthy).count()) / static_cast<double>(known.count());
}

void StateTimes::add(const store::StateChange* held, Duration time) {
  const bool known =
      held != nullptr && held->data_status != DataStatus::no_data && held->data_status != DataStatus::warming_up;
  if (held != nullptr && held->maintenance) {
    maintenance += time;
  } else if (!known) {
    no_data += time;
  } else if (held->state == Level::poor) {
    poor += time;
  } else {
    (held->state == Level::healthy ? healthy : sub_healthy) += time;
  }
}

Result<StateTimes> read_state_times(store::Database& database, const std::string& crm, TimePoint from, TimePoint to) {
  const auto sums = read_spans(database, crm, {from, std::max(from, to)});
  if (!sums) return sums.error();
  return sums->front();
}

Result<std::vector<DayOfStates>> read_days(store::Database& database, const std::string& crm, const Zone& zone,
                                           int days, TimePoint now) {
  std::vector<DayOfStates> out;
  std::vector<TimePoint> bounds;
  const std::chrono::sys_days today = local_day(zone, now);
  for (std::chrono::sys_days day = today - std::chrono::days{days - 1}; day <= today; day += std::chrono::days{1}) {
    out.push_back({day, {}});
    bounds.push_back(day_begin(zone, day));
  }
  bounds.push_back(std::max(now, bounds.back()));
  const auto sums = read_spans(database, crm, std::move(bounds));
  if (!sums) return sums.error();
  for (std::size_t i = 0; i < out.size(); ++i) out[i].times = (*sums)[i];
  return out;
}

}  // namespace crmpulse::collector
