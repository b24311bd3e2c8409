#include "collector/report/stored_readings.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "collector/history/query.h"
#include "collector/report/figures/figures.h"
#include "store/history/states.h"

namespace crmpulse::collector::report {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// What is asked together: a query answers at most a hundred series.
constexpr std::array<std::string_view, 6> kCalls{kChecks,
                                                 kDurations,
                                                 "crm_operation_success",
                                                 "crm_transaction_success",
                                                 "crm_write_visible_seconds",
                                                 "crm_records_per_second"};
constexpr std::array<std::string_view, 7> kUse{"crm_active_users",     "crm_logins",     "crm_records_created",
                                               "crm_records_modified", "crm_activities", "crm_licensed_users",
                                               "crm_feature_used"};
constexpr std::array<std::string_view, 9> kWork{
    "crm_process_seconds", "crm_process_overdue_ratio", "crm_csat_ratio", "crm_user_satisfaction_ratio",
    "crm_api_limit",       "crm_api_remaining",         "crm_win_ratio",  "crm_lead_conversion_ratio",
    "crm_vendor_status"};
constexpr std::array<std::string_view, 6> kQualityNow{"crm_records",           "crm_records_incomplete",
                                                      "crm_records_duplicate", "crm_records_invalid",
                                                      "crm_records_outdated",  "crm_records_orphaned"};
constexpr std::array<std::string_view, 5> kClosing{"crm_sales_amount", "crm_customers", "crm_customers_retained",
                                                   "crm_backup_timestamp_seconds",
                                                   "crm_restore_test_timestamp_seconds"};
constexpr std::array<std::string_view, 2> kCharts{kChecks, kDurations};
constexpr std::array<std::string_view, 1> kOnlyChecks{kChecks};
constexpr std::array<std::string_view, 1> kModified{"crm_last_modified_timestamp_seconds"};
constexpr std::array<std::string_view, 1> kVendor{"crm_vendor_status"};

/// Steps begin at multiples of their length since 1970: one so long has everything in it.
constexpr Duration kWhole{hours{24 * 365 * 200}};
constexpr Duration kMinute{minutes{1}};
constexpr Duration kSecond{std::chrono::seconds{1}};
/// Enough for a share that the sketch of a distribution knows to a few percent.
constexpr int kHalvings = 24;
constexpr Duration kHour{hours{1}};
constexpr Duration kDay{hours{24}};
constexpr Duration kWeek{hours{24 * 7}};
constexpr Duration kGoalPast{hours{24 * 400}};
constexpr Duration kLongPeriod{hours{24 * 100}};
constexpr Duration kNoticeStep{minutes{5}};
/// Notices so near to each other are one: the status page is not asked all the time.
constexpr Duration kNoticeGap{minutes{30}};
constexpr std::size_t kMostMaintenance = 400;
/// Of a period without its buckets: what read() does.
constexpr std::uint64_t kSteps = 9;

Condition condition_of(const store::StateChange& change) {
  if (change.maintenance) return Condition::maintenance;
  if (change.data_status == DataStatus::warming_up || change.data_status == DataStatus::no_data)
    return Condition::no_data;
  switch (change.state) {
    case Level::healthy: return Condition::healthy;
    case Level::sub_healthy: return Condition::degraded;
    case Level::poor: break;
  }
  return Condition::poor;
}

std::vector<StateSpan> maintenance_of(const std::vector<StateSpan>& states) {
  std::vector<StateSpan> out;
  for (const StateSpan& span : states) {
    if (span.condition != Condition::maintenance) continue;
    if (!out.empty() && out.back().to == span.from) {
      out.back().to = span.to;
    } else {
      out.push_back(span);
    }
  }
  return out;
}

/// The step that has a span in one point, from the coarsest source whose points begin and end where the span does:
/// a point that the span cuts would be counted whole.
Duration step_of(TimePoint from, TimePoint to) {
  const auto aligned = [&](Duration unit) {
    return from.time_since_epoch() % unit == Duration{} && to.time_since_epoch() % unit == Duration{};
  };
  if (aligned(kDay)) return kWhole;
  if (aligned(kHour)) return kWhole + kHour;
  return aligned(kMinute) ? kWhole + kMinute : kWhole + kSecond;
}

/// Where its readings end: while it is under way, with the hour, which sums are there of; nothing lies behind now.
TimePoint end_of(const PeriodReadings& readings) {
  return std::min(readings.period.to, TimePoint{std::chrono::ceil<hours>(readings.until)});
}

/// The share of durations that took at most `most` seconds.
double share_within(const HistoryPoint& point, double most) {
  if (point.max <= most) return 1;
  if (point.min > most) return 0;
  double low = 0;
  double high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (quantile_of(point, middle) <= most ? low : high) = middle;
  }
  return low;
}

Totals totals_of(const HistoryLine& line, const std::optional<ApdexRule>& apdex) {
  Totals out;
  out.metric = line.name.metric;
  out.labels = line.name.labels;
  for (const HistoryPoint& point : line.points) {
    out.count += point.count;
    out.sum += point.sum;
    out.min = std::min(out.min, point.min);
    out.max = std::max(out.max, point.max);
  }
  // Of one step there is one point; of several there would be no quantile.
  if (!line.duration || line.points.size() != 1) return out;
  const HistoryPoint& point = line.points.front();
  out.p50 = quantile_of(point, 0.5);
  out.p75 = quantile_of(point, 0.75);
  out.p95 = quantile_of(point, 0.95);
  if (apdex && out.metric == kDurations && matches(apdex->where, out.labels))
    out.apdex = (share_within(point, apdex->target) + share_within(point, 4 * apdex->target)) / 2;
  return out;
}

Result<HistoryAnswer> ask(store::Database& database, JournalTail& tail, const std::string& crm,
                          std::vector<SeriesChoice> choices, TimePoint from, TimePoint to, Duration step) {
  if (to <= from) return HistoryAnswer{};
  return read_history(database, {crm, std::move(choices), from, to - Duration{1}, step}, &tail);
}

std::vector<SeriesChoice> choices_of(std::span<const std::string_view> metrics) {
  std::vector<SeriesChoice> out;
  for (const std::string_view metric : metrics) out.push_back({std::string{metric}, {}});
  return out;
}

/// The labels by which a report tells series apart: not by who measured, and calls not by the object they were for.
Labels told_apart_by(const HistoryName& name) {
  Labels labels = name.labels;
  labels.set("agent", "");
  if (name.metric == kDurations) labels.set("object", "");
  return labels;
}

/// Puts together what is told as one: of one step each has one point, and quantiles are those of all.
std::vector<HistoryLine> together(const std::vector<HistoryLine>& lines) {
  std::map<std::pair<std::string, Labels>, HistoryLine> sums;
  for (const HistoryLine& line : lines) {
    const Labels labels = told_apart_by(line.name);
    const auto [known, fresh] = sums.try_emplace({line.name.metric, labels}, line);
    HistoryLine& sum = known->second;
    sum.name.labels = labels;
    if (fresh) continue;
    if (sum.points.size() == 1 && line.points.size() == 1) {
      sum.points.front().merge(line.points.front());
    } else {
      sum.points.insert(sum.points.end(), line.points.begin(), line.points.end());
    }
  }
  std::vector<HistoryLine> out;
  out.reserve(sums.size());
  for (auto& [key, sum] : sums) out.push_back(std::move(sum));
  return out;
}

/// By hour the newest change of each object, whoever saw it; of all of them under an empty name.
using Newest = std::map<std::string, std::map<TimePoint, double>>;

Ages ages_of(const std::string& object, const std::map<TimePoint, double>& newest, TimePoint until) {
  Ages out{object, 0, 0};
  for (const auto& [hour, change] : newest) {
    const TimePoint end = std::min(hour + kHour, until);
    const double age = std::max(0.0, static_cast<double>(unix_millis(end)) / 1000.0 - change);
    out.mean += age / static_cast<double>(newest.size());
    out.longest = std::max(out.longest, age);
  }
  return out;
}

void add_notice(std::vector<VendorNotice>& out, const std::string& instance, const HistoryPoint& point, Duration step) {
  const auto known =
      std::find_if(out.rbegin(), out.rend(), [&](const VendorNotice& one) { return one.instance == instance; });
  const int level = static_cast<int>(point.max);
  if (known != out.rend() && point.at - known->to <= kNoticeGap) {
    known->to = point.at + step;
    known->level = std::max(known->level, level);
    return;
  }
  out.push_back({instance, point.at, point.at + step, level});
}

std::optional<GoalReading> mean_of(const std::vector<HistoryLine>& lines, TimePoint from, TimePoint to) {
  double sum = 0;
  std::uint64_t count = 0;
  for (const HistoryLine& line : lines) {
    for (const HistoryPoint& point : line.points) {
      if (point.at < from || point.at >= to) continue;
      sum += point.sum;
      count += point.count;
    }
  }
  if (count == 0) return std::nullopt;
  return GoalReading{from, sum / static_cast<double>(count)};
}

std::optional<TimePoint> first_point(const std::vector<HistoryLine>& lines) {
  std::optional<TimePoint> first;
  for (const HistoryLine& line : lines) {
    if (!line.points.empty() && (!first || line.points.front().at < *first)) first = line.points.front().at;
  }
  return first;
}

}  // namespace

void StoredReadings::know_labels(const Labels& labels, bool of_checks) {
  if (labels_of_checks_ || (!labels_.empty() && !of_checks)) return;
  labels_ = {};
  for (const auto& [name, value] : labels) {
    const bool of_crm = of_checks ? name != "agent" : name == "kind";
    if (of_crm) labels_.set(name, value);
  }
  labels_.set("crm", crm_);
  labels_of_checks_ = of_checks;
}

Result<void> StoredReadings::add_totals(Metrics metrics, TimePoint from, TimePoint to, std::vector<Totals>& out) {
  const auto answer = ask(database_, tail_, crm_, choices_of(metrics), from, to, step_of(from, to));
  if (!answer) return answer.error();
  omitted_ += answer->omitted;
  damaged_ += answer->damaged.count() + answer->damaged_rollups;
  for (const HistoryLine& line : answer->lines) know_labels(line.name.labels, line.name.metric == kChecks);
  for (const HistoryLine& line : together(answer->lines)) out.push_back(totals_of(line, apdex_));
  return {};
}

Result<std::vector<Totals>> StoredReadings::totals(Metrics metrics, TimePoint from, TimePoint to) {
  std::vector<Totals> out;
  if (const auto added = add_totals(metrics, from, to, out); !added) return added.error();
  return out;
}

Result<void> StoredReadings::add_states(PeriodReadings& out) {
  std::vector<StateSpan> spans;
  const auto take = [&](const store::StateChange& change) {
    if (!spans.empty()) spans.back().to = change.at;
    spans.push_back({change.at, out.until, condition_of(change), change.score});
  };
  const auto read = store::read_state_changes(database_, crm_, out.period.from, out.until, take);
  if (!read) return read.error();
  out.states = cut(spans, out.period.from, out.until);
  return {};
}

Result<void> StoredReadings::add_maintenance(PeriodReadings& out) {
  std::vector<StateSpan> spans = maintenance_of(out.states);
  std::stable_sort(spans.begin(), spans.end(),
                   [](const StateSpan& a, const StateSpan& b) { return a.to - a.from > b.to - b.from; });
  spans.resize(std::min(spans.size(), kMostMaintenance));
  for (const StateSpan& span : spans) {
    if (const auto added = add_totals(kOnlyChecks, span.from, span.to, out.maintenance); !added) return added.error();
  }
  return {};
}

Result<void> StoredReadings::add_ages(PeriodReadings& out) {
  const auto answer = ask(database_, tail_, crm_, choices_of(kModified), out.period.from, out.until, kHour);
  if (!answer) return answer.error();
  Newest newest;
  for (const HistoryLine& line : answer->lines) {
    const std::string object{line.name.labels.get("object")};
    for (const std::string& name : {std::string{}, object}) {
      for (const HistoryPoint& point : line.points) {
        double& known = newest[name][point.at];
        known = std::max(known, point.max);
      }
      if (object.empty()) break;
    }
  }
  // Of a single object there is nothing to add to what is said of all.
  if (newest.size() == 2) newest.erase(std::next(newest.begin()));
  for (const auto& [object, hours_of_object] : newest) out.ages.push_back(ages_of(object, hours_of_object, out.until));
  return {};
}

Result<void> StoredReadings::add_notices(PeriodReadings& out) {
  const bool any = std::any_of(out.totals.begin(), out.totals.end(),
                               [](const Totals& one) { return one.metric == kVendor.front() && one.max > 0; });
  if (!any) return {};
  const Duration step = out.until - out.period.from > kLongPeriod ? kHour : kNoticeStep;
  const auto answer = ask(database_, tail_, crm_, choices_of(kVendor), out.period.from, out.until, step);
  if (!answer) return answer.error();
  for (const HistoryLine& line : answer->lines) {
    for (const HistoryPoint& point : line.points) {
      if (point.max > 0) add_notice(out.notices, std::string{line.name.labels.get("instance")}, point, step);
    }
  }
  std::stable_sort(out.notices.begin(), out.notices.end(),
                   [](const VendorNotice& a, const VendorNotice& b) { return a.from < b.from; });
  return {};
}

Result<void> StoredReadings::add_buckets(PeriodReadings& out, const ZonePtr& zone) {
  for (const Bucket& bucket : buckets_of(out.period, zone)) {
    BucketReadings part{bucket, {}};
    auto read = totals(kCharts, bucket.from, std::min(bucket.to, end_of(out)));
    if (!read) return read.error();
    part.totals = std::move(*read);
    out.buckets.push_back(std::move(part));
    stepped_();
  }
  return {};
}

std::uint64_t StoredReadings::steps_of(const Period& period, const ZonePtr& zone, bool buckets) {
  return kSteps + (buckets ? buckets_of(period, zone).size() : 0);
}

Result<PeriodReadings> StoredReadings::read(const Period& period, TimePoint now, const ZonePtr& zone, bool buckets) {
  PeriodReadings out;
  out.period = period;
  out.until = std::clamp(now, period.from, period.to);
  if (const auto states = add_states(out); !states) return states.error();
  stepped_();
  for (const Metrics metrics : {Metrics{kCalls}, Metrics{kUse}, Metrics{kWork}}) {
    if (const auto added = add_totals(metrics, period.from, end_of(out), out.totals); !added) return added.error();
    stepped_();
  }
  const TimePoint last_day = std::max(period.from, end_of(out) - kDay);
  for (const Metrics metrics : {Metrics{kQualityNow}, Metrics{kClosing}}) {
    if (const auto added = add_totals(metrics, last_day, end_of(out), out.closing); !added) return added.error();
    stepped_();
  }
  if (const auto added = add_maintenance(out); !added) return added.error();
  stepped_();
  if (const auto added = add_ages(out); !added) return added.error();
  stepped_();
  if (const auto added = add_notices(out); !added) return added.error();
  stepped_();
  if (!buckets) return out;
  if (const auto added = add_buckets(out, zone); !added) return added.error();
  return out;
}

Result<GoalProgress> StoredReadings::read_goal(const Goal& goal, TimePoint at, const ZonePtr& zone) {
  const TimePoint due = day_begin(goal.by + std::chrono::days{1}, zone);
  const TimePoint oldest = std::max(at - kGoalPast, TimePoint{});
  const auto answer = ask(database_, tail_, crm_, {{goal.metric, goal.where}}, oldest, at, kDay);
  if (!answer) return answer.error();
  const auto first = first_point(answer->lines);
  auto now = mean_of(answer->lines, at - kWeek, at);
  if (now) now->at = at;
  std::optional<GoalReading> began;
  const std::optional<TimePoint> since = goal.since ? std::optional{day_begin(*goal.since, zone)} : first;
  if (since && *since < at) {
    began = mean_of(answer->lines, std::chrono::floor<std::chrono::days>(*since), *since + kWeek);
    if (goal.baseline) began = GoalReading{*since, *goal.baseline};
    if (began) began->at = *since;
  }
  return progress_of(goal, began, now, due, at);
}

}  // namespace crmpulse::collector::report
