#include "collector/state/series_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "wire/text.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kFresh{std::chrono::minutes{5}};
constexpr Duration kFreshAtMost{std::chrono::hours{3}};

struct DutyOf {
  std::string_view metric;
  FactKind duty;
};
constexpr std::array kDuties{
    DutyOf{"crm_up", FactKind::up},
    DutyOf{"crm_operation_success", FactKind::success},
    DutyOf{"crm_operation_duration_seconds", FactKind::duration},
    DutyOf{"crm_operation_phase_seconds", FactKind::phase},
    DutyOf{"crm_failure", FactKind::failure},
    DutyOf{"crm_vendor_status", FactKind::vendor_status},
    DutyOf{"crm_agent_target_info", FactKind::target_info},
    DutyOf{"crm_agent_interval_stretch_ratio", FactKind::stretch},
    DutyOf{"crm_agent_paused_until_timestamp_seconds", FactKind::paused},
    DutyOf{"crm_agent_connectivity_success", FactKind::connectivity},
    DutyOf{"crm_agent_heartbeat_timestamp_seconds", FactKind::heartbeat},
    DutyOf{"crm_agent_dropped_samples_total", FactKind::dropped},
    DutyOf{"crm_agent_spool_damaged_files", FactKind::damaged},
    DutyOf{"crm_info", FactKind::version},
    DutyOf{"crm_schema_fingerprint", FactKind::schema},
    DutyOf{"crm_agent_info", FactKind::agent_version},
};

/// Beyond these nothing more is learnt: names are few unless somebody makes them up.
constexpr std::size_t kMetricsLearnt = 4096;
constexpr std::size_t kNamesLearnt = 64;

bool all_names_showable(std::string_view key) {
  wire::KeyLabels labels{key};
  for (auto label = labels.next(); label; label = labels.next()) {
    if (label->name == wire::kMetricName ? !wire::is_metric_name(label->value) : !wire::is_label_name(label->name))
      return false;
  }
  return true;
}

}  // namespace

wire::SkipReason reason_of(Census::Bound bound) {
  switch (bound) {
    case Census::Bound::crms: return wire::SkipReason::crm_limit;
    case Census::Bound::crms_of_sender: return wire::SkipReason::crm_sender_limit;
    case Census::Bound::series_of_crm: return wire::SkipReason::crm_series_limit;
    case Census::Bound::memory:
    case Census::Bound::none: break;
  }
  return wire::SkipReason::memory_limit;
}

SeriesKey::SeriesKey(std::string_view bytes)
    : bytes_(std::make_unique_for_overwrite<char[]>(bytes.size())), size_(static_cast<std::uint32_t>(bytes.size())) {
  std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

void SeriesKey::assign(std::string_view bytes) {
  if (bytes.size() != size_) {
    *this = SeriesKey{bytes};
  } else {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
}

Series make_series(std::string_view key) {
  Series series;
  series.key = SeriesKey{key};
  const std::string_view metric = series.metric();
  const auto duty =
      std::find_if(kDuties.begin(), kDuties.end(), [&](const DutyOf& entry) { return entry.metric == metric; });
  if (duty != kDuties.end()) series.duty = duty->duty;
  series.showable = all_names_showable(key);
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

SeriesTable::Place SeriesTable::find_or_add(const wire::SeriesView& view, std::uint32_t sender,
                                            const Census::Sender& names) {
  if (const Id known = find(view.key); known != kNone) return {known};
  if (by_key_.size() >= max_series_) return {kNone, wire::SkipReason::series_limit};
  const std::string_view crm = wire::label_of(view.key, "crm");
  if (const auto bound = census_.check_series(crm, view.key.size(), names); bound != Census::Bound::none)
    return {kNone, reason_of(bound)};
  auto index = static_cast<SeriesIndex>(series_.size());
  if (free_.empty()) {
    series_.push_back(make_series(view.key));
  } else {
    index = free_.back();
    free_.pop_back();
    series_[index] = make_series(view.key);
  }
  Series& series = series_[index];
  by_key_.emplace(series.key.view(), index);
  series.sender = sender;
  count(sender, 1);
  census_.came(crm, view.key.size(), names);
  learn_names(series);
  return {index};
}

void SeriesTable::count(std::uint32_t sender, std::ptrdiff_t by) {
  if (sender >= held_.size()) held_.resize(std::size_t{sender} + 1);
  held_[sender] += static_cast<std::size_t>(by);
}

std::string_view SeriesTable::spelling_of(Id id) const {
  const auto found = spellings_.find(id);
  return found == spellings_.end() ? std::string_view{} : found->second.view();
}

void SeriesTable::spelled(Id id, std::string_view labels) {
  Series& series = series_[id];
  const bool as_key = labels.empty() || labels == series.key.view();
  if (as_key) {
    if (std::exchange(series.spelled, false)) spellings_.erase(id);
    return;
  }
  SeriesKey& spelling = spellings_[id];
  if (!series.spelled || spelling.view() != labels) spelling.assign(labels);
  series.spelled = true;
}

void SeriesTable::learn_names(const Series& series) {
  if (!series.label("instance").empty() && !series.label("job").empty()) return;
  const std::string_view metric = series.metric();
  auto known = names_.find(metric);
  if (known == names_.end()) {
    if (names_.size() == kMetricsLearnt) return;
    known = names_.emplace(std::string{metric}, std::vector<std::string>{}).first;
  }
  std::vector<std::string>& names = known->second;
  wire::KeyLabels labels{series.key.view()};
  for (auto label = labels.next(); label && names.size() < kNamesLearnt; label = labels.next()) {
    if (std::find(names.begin(), names.end(), label->name) == names.end()) names.emplace_back(label->name);
  }
}

const std::vector<std::string>& SeriesTable::label_names(std::string_view metric) const {
  static const std::vector<std::string> none;
  const auto known = names_.find(metric);
  return known == names_.end() ? none : known->second;
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
    if (series.spelled) spellings_.erase(index);
    count(series.sender, -1);
    census_.left(series.label("crm"), series.key.view().size());
    series = Series{};
    free_.push_back(index);
  }
}

}  // namespace crmpulse::collector
