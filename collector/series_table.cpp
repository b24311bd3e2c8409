#include "collector/series_table.h"

#include <algorithm>
#include <array>

namespace crmpulse::collector {
namespace {

constexpr Duration kFresh{std::chrono::minutes{5}};
constexpr Duration kFreshAtMost{std::chrono::hours{3}};

struct DutyOf {
  std::string_view metric;
  Duty duty;
};
constexpr std::array kDuties{
    DutyOf{"crm_up", Duty::up},
    DutyOf{"crm_operation_success", Duty::success},
    DutyOf{"crm_operation_duration_seconds", Duty::duration},
    DutyOf{"crm_operation_phase_seconds", Duty::phase},
    DutyOf{"crm_failure", Duty::failure},
    DutyOf{"crm_vendor_status", Duty::vendor_status},
    DutyOf{"crm_agent_target_info", Duty::target_info},
    DutyOf{"crm_agent_interval_stretch_ratio", Duty::stretch},
    DutyOf{"crm_agent_paused_until_timestamp_seconds", Duty::paused},
    DutyOf{"crm_agent_connectivity_success", Duty::connectivity},
    DutyOf{"crm_agent_heartbeat_timestamp_seconds", Duty::heartbeat},
    DutyOf{"crm_info", Duty::version},
    DutyOf{"crm_schema_fingerprint", Duty::schema},
    DutyOf{"crm_agent_info", Duty::agent_version},
};

}  // namespace

SeriesKey::SeriesKey(std::string_view bytes)
    : bytes_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(static_cast<std::uint32_t>(bytes.size())) {
  std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

Series make_series(std::string_view key) {
  Series series;
  series.key = SeriesKey{key};
  const std::string_view metric = series.metric();
  const auto duty =
      std::find_if(kDuties.begin(), kDuties.end(), [&](const DutyOf& entry) { return entry.metric == metric; });
  if (duty != kDuties.end()) series.duty = duty->duty;
  return series;
}

void Series::note(TimePoint time, double reading) {
  if (time < at) return;
  interval = at == TimePoint{} ? Duration{} : time - at;
  at = time;
  value = reading;
  live = true;
}

SeriesTable::Id SeriesTable::find(std::string_view key) const {
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? kNone : known->second;
}

SeriesTable::Id SeriesTable::find_or_add(const wire::SeriesView& view) {
  if (const Id known = find(view.key); known != kNone) return known;
  if (by_key_.size() >= max_series_) return kNone;
  auto index = static_cast<SeriesIndex>(series_.size());
  if (free_.empty()) {
    series_.push_back(make_series(view.key));
  } else {
    index = free_.back();
    free_.pop_back();
    series_[index] = make_series(view.key);
  }
  by_key_.emplace(series_[index].key.view(), index);
  return index;
}

bool SeriesTable::fresh(const Series& series, TimePoint now) {
  if (!series.live) return false;
  // A first value says nothing of the spacing: it may be an hourly one.
  const Duration allowed =
      series.interval == Duration{} ? kFreshAtMost : std::clamp(3 * series.interval, kFresh, kFreshAtMost);
  return now - series.at <= allowed;
}

void SeriesTable::shift(Duration by, TimePoint after) {
  for (Series& series : series_) {
    if (series.at != TimePoint{} && series.at > after) series.at += by;
  }
}

void SeriesTable::forget(TimePoint before) {
  for (auto entry = by_key_.begin(); entry != by_key_.end();) {
    Series& series = series_[entry->second];
    if (series.at >= before) {
      ++entry;
      continue;
    }
    const SeriesIndex index = entry->second;
    by_key_.erase(entry++);
    series = Series{};
    free_.push_back(index);
  }
}

}  // namespace crmpulse::collector
