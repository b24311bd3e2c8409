#include "collector/report/figures/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace crmpulse::collector::report {
namespace {

constexpr double kSame = 0.01;

/// How the readings of several series become one number.
enum class Way { mean, closing, least, most, p50, p75, p95 };

/// A figure that is one metric summed up.
struct Row {
  std::string_view dimension;
  std::string_view name;
  std::string_view metric;
  std::string_view by;  ///< the labels that tell its figures apart: `process quantile`
  Way way;
  std::string_view unit;
  Better better;
  std::string_view rule;  ///< whose sub-healthy line is the target; `{}` stands for `of`
};
constexpr std::array kRows{
    Row{"latency", "response_time_p50", kDurations, "operation", Way::p50, "seconds", Better::lower, ""},
    Row{"latency", "response_time_p75", kDurations, "operation", Way::p75, "seconds", Better::lower, "latency"},
    Row{"latency", "response_time_p95", kDurations, "operation", Way::p95, "seconds", Better::lower, ""},
    Row{"transactions", "transaction_success_ratio", "crm_transaction_success", "transaction", Way::mean, "ratio",
        Better::higher, "transactions"},
    Row{"transactions", "write_visible_seconds", "crm_write_visible_seconds", "transaction", Way::mean, "seconds",
        Better::lower, ""},
    Row{"throughput", "records_per_second", "crm_records_per_second", "operation", Way::mean, "records/s",
        Better::higher, ""},
    Row{"usage", "active_users", "crm_active_users", "period", Way::mean, "count", Better::higher, ""},
    Row{"usage", "logins", "crm_logins", "period", Way::mean, "count", Better::higher, ""},
    Row{"usage", "records_created", "crm_records_created", "object period", Way::mean, "count", Better::neither, ""},
    Row{"usage", "records_modified", "crm_records_modified", "object period", Way::mean, "count", Better::neither, ""},
    Row{"usage", "activities", "crm_activities", "object period", Way::mean, "count", Better::higher, ""},
    Row{"process", "process_seconds", "crm_process_seconds", "process quantile", Way::mean, "seconds", Better::lower,
        "process_{}"},
    Row{"process", "process_overdue_ratio", "crm_process_overdue_ratio", "process", Way::mean, "ratio", Better::lower,
        "process_{}"},
    Row{"satisfaction", "csat_ratio", "crm_csat_ratio", "", Way::mean, "ratio", Better::higher, "satisfaction_csat"},
    Row{"satisfaction", "user_satisfaction_ratio", "crm_user_satisfaction_ratio", "period", Way::mean, "ratio",
        Better::higher, ""},
    Row{"business", "sales_amount", "crm_sales_amount", "period", Way::closing, "", Better::higher, ""},
    Row{"business", "customers", "crm_customers", "period", Way::closing, "count", Better::higher, ""},
    Row{"business", "win_ratio", "crm_win_ratio", "period source", Way::mean, "ratio", Better::higher, ""},
    Row{"business", "lead_conversion_ratio", "crm_lead_conversion_ratio", "period source", Way::mean, "ratio",
        Better::higher, ""},
};

/// Shares of two metrics, both closing values, worst of all objects and fields.
struct Share {
  std::string_view dimension;
  std::string_view name;
  std::string_view metric;
  std::string_view per;
  Better better;
  std::string_view rule;
};
constexpr std::array kQuality{
    Share{"data_quality", "incomplete_ratio", "crm_records_incomplete", "crm_records", Better::lower,
          "data_quality_incomplete"},
    Share{"data_quality", "duplicate_ratio", "crm_records_duplicate", "crm_records", Better::lower,
          "data_quality_duplicate"},
    Share{"data_quality", "invalid_ratio", "crm_records_invalid", "crm_records", Better::lower, "data_quality_invalid"},
    Share{"data_quality", "outdated_ratio", "crm_records_outdated", "crm_records", Better::lower,
          "data_quality_outdated"},
    Share{"data_quality", "orphaned_ratio", "crm_records_orphaned", "crm_records", Better::lower,
          "data_quality_orphaned"},
};
/// Figures that are made by functions of their own, and the rule with their target.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOwnTargets{{
    {"apdex_ratio", "satisfaction_apdex"},
    {"availability_ratio", "availability"},
    {"active_share", "usage"},
    {"features_used_ratio", "features"},
    {"allowance_left_least", "quota"},
    {"backup_age", "safety_backup"},
}};

std::string of_text(const Labels& labels, std::string_view by) {
  std::string out;
  while (!by.empty()) {
    const std::size_t blank = std::min(by.find(' '), by.size());
    const std::string_view value = labels.get(by.substr(0, blank));
    if (!value.empty()) out += fmt::format("{}{}", out.empty() ? "" : " ", value);
    by.remove_prefix(std::min(blank + 1, by.size()));
  }
  return out;
}

/// Sums of series that one figure is about. Quantiles cannot be added: where there are several, the worst counts.
struct Sum {
  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  std::optional<double> p50, p75, p95;

  void add(const Totals& one) {
    count += one.count;
    sum += one.sum;
    min = std::min(min, one.min);
    max = std::max(max, one.max);
    const auto worst = [](std::optional<double>& mine, const std::optional<double>& other) {
      if (other && (!mine || *other > *mine)) mine = other;
    };
    worst(p50, one.p50);
    worst(p75, one.p75);
    worst(p95, one.p95);
  }
  [[nodiscard]] std::optional<double> value(Way way) const {
    if (count == 0) return std::nullopt;
    switch (way) {
      case Way::mean:
      case Way::closing: return sum / static_cast<double>(count);
      case Way::least: return min;
      case Way::most: return max;
      case Way::p50: return p50;
      case Way::p75: return p75;
      case Way::p95: break;
    }
    return p95;
  }
};
using Sums = std::map<std::string, Sum, std::less<>>;  ///< by `of`

Sums sums_of(const std::vector<Totals>& totals, std::string_view metric, std::string_view by) {
  Sums out;
  for (const Totals& one : totals) {
    if (one.metric == metric && one.count > 0) out[of_text(one.labels, by)].add(one);
  }
  return out;
}

Figure figure(std::string_view dimension, std::string_view metric, std::string of, std::string_view unit, Better better,
              std::optional<double> value) {
  Figure out;
  out.dimension = dimension;
  out.metric = metric;
  out.of = std::move(of);
  out.unit = unit;
  out.better = better;
  out.value = value;
  return out;
}

void add_health(const PeriodReadings& readings, std::vector<Figure>& out) {
  const StateTimes times = sum_states(readings.states, readings.period.from, readings.until);
  const auto seconds = [&](std::string_view metric, Condition condition, Better better) {
    out.push_back(figure("health", metric, "", "seconds", better, to_seconds(times.of(condition))));
  };
  out.push_back(figure("health", "score_mean", "", "", Better::higher, times.score));
  seconds("healthy_seconds", Condition::healthy, Better::higher);
  seconds("degraded_seconds", Condition::degraded, Better::lower);
  seconds("poor_seconds", Condition::poor, Better::lower);
  seconds("maintenance_seconds", Condition::maintenance, Better::neither);
  seconds("no_data_seconds", Condition::no_data, Better::lower);
}

void add_rows(const PeriodReadings& readings, std::string_view dimension, std::vector<Figure>& out) {
  for (const Row& row : kRows) {
    if (row.dimension != dimension) continue;
    const auto& from = row.way == Way::closing ? readings.closing : readings.totals;
    for (const auto& [of, sum] : sums_of(from, row.metric, row.by)) {
      if (const auto value = sum.value(row.way))
        out.push_back(figure(row.dimension, row.name, of, row.unit, row.better, value));
    }
  }
}

void add_ages(const PeriodReadings& readings, std::vector<Figure>& out) {
  for (const Ages& age : readings.ages) {
    out.push_back(figure("staleness", "data_age_mean", age.object, "seconds", Better::lower, age.mean));
    out.push_back(figure("staleness", "data_age_longest", age.object, "seconds", Better::lower, age.longest));
  }
}

/// The most people that were active in whatever period is measured longest, of all seats.
void add_active_share(const PeriodReadings& readings, std::vector<Figure>& out) {
  const Sums seats = sums_of(readings.totals, "crm_licensed_users", "");
  const Sums active = sums_of(readings.totals, "crm_active_users", "period");
  if (seats.empty()) return;
  const double licensed = *seats.begin()->second.value(Way::mean);
  out.push_back(figure("usage", "licensed_users", "", "count", Better::neither, licensed));
  for (const auto& [period, sum] : active) {
    if (licensed > 0)
      out.push_back(figure("usage", "active_share", period, "ratio", Better::higher, *sum.value(Way::mean) / licensed));
  }
}

void add_features(const PeriodReadings& readings, std::vector<Figure>& out) {
  const Sums features = sums_of(readings.totals, "crm_feature_used", "feature");
  if (features.empty()) return;
  const auto used = std::count_if(features.begin(), features.end(), [](const auto& one) { return one.second.max > 0; });
  const auto all = static_cast<double>(features.size());
  out.push_back(figure("features", "features_used", "", "count", Better::higher, static_cast<double>(used)));
  out.push_back(figure("features", "features_measured", "", "count", Better::neither, all));
  out.push_back(
      figure("features", "features_used_ratio", "", "ratio", Better::higher, static_cast<double>(used) / all));
}

/// Of the objects and fields that are checked the worst counts, as for the rules.
void add_quality(const PeriodReadings& readings, std::vector<Figure>& out) {
  const Sums records = sums_of(readings.closing, "crm_records", "object");
  for (const Share& share : kQuality) {
    std::optional<double> worst;
    std::string where;
    for (const Totals& one : readings.closing) {
      if (one.metric != share.metric || one.count == 0) continue;
      const auto all = records.find(one.labels.get("object"));
      if (all == records.end() || *all->second.value(Way::mean) <= 0) continue;
      const double part = one.mean() / *all->second.value(Way::mean);
      if (worst && part <= *worst) continue;
      worst = part;
      where = of_text(one.labels, "object field");
    }
    if (worst) out.push_back(figure(share.dimension, share.name, where, "ratio", share.better, worst));
  }
}

/// Operations that failed have no duration, and content nobody.
void add_apdex(const PeriodReadings& readings, std::vector<Figure>& out) {
  double content = 0;
  double calls = 0;
  std::set<std::string> operations;
  for (const Totals& one : readings.totals) {
    if (!one.apdex) continue;
    content += *one.apdex * static_cast<double>(one.count);
    calls += static_cast<double>(one.count);
    operations.emplace(one.labels.get("operation"));
  }
  for (const Totals& one : readings.totals) {
    if (one.metric == "crm_operation_success" && operations.contains(std::string{one.labels.get("operation")}))
      calls += static_cast<double>(one.count) - one.sum;
  }
  if (calls > 0) out.push_back(figure("satisfaction", "apdex_ratio", "", "ratio", Better::higher, content / calls));
}

void add_quota(const PeriodReadings& readings, std::vector<Figure>& out) {
  const Sums limits = sums_of(readings.totals, "crm_api_limit", "allowance");
  for (const auto& [allowance, left] : sums_of(readings.totals, "crm_api_remaining", "allowance")) {
    const auto limit = limits.find(allowance);
    if (limit == limits.end() || limit->second.max <= 0) continue;
    const double most = limit->second.max;
    out.push_back(figure("quota", "allowance_left_least", allowance, "ratio", Better::higher, left.min / most));
    out.push_back(
        figure("quota", "allowance_left_mean", allowance, "ratio", Better::higher, *left.value(Way::mean) / most));
  }
}

void add_safety(const PeriodReadings& readings, std::vector<Figure>& out) {
  const auto age = [&](std::string_view name, std::string_view metric) {
    const Sums stamps = sums_of(readings.closing, metric, "");
    if (stamps.empty()) return;
    const double end = static_cast<double>(unix_millis(readings.until)) / 1000.0;
    out.push_back(figure("safety", name, "", "seconds", Better::lower, end - stamps.begin()->second.max));
  };
  age("backup_age", "crm_backup_timestamp_seconds");
  age("restore_test_age", "crm_restore_test_timestamp_seconds");
}

/// Of the customers of the period's start, those who stayed.
void add_retention(const PeriodReadings& readings, std::vector<Figure>& out) {
  const Sums customers = sums_of(readings.closing, "crm_customers", "period");
  for (const auto& [period, kept] : sums_of(readings.closing, "crm_customers_retained", "period")) {
    const auto all = customers.find(period);
    if (all == customers.end() || *all->second.value(Way::mean) <= 0) continue;
    out.push_back(figure("business", "customer_retention_ratio", period, "ratio", Better::higher,
                         *kept.value(Way::mean) / *all->second.value(Way::mean)));
  }
}

/// `process_lead_response` for `process_{}` of `lead_response 0.5`.
std::string rule_of(std::string_view rule, std::string_view of) {
  const std::size_t place = rule.find("{}");
  if (place == std::string_view::npos) return std::string{rule};
  return fmt::format("{}{}", rule.substr(0, place), of.substr(0, of.find(' ')));
}

std::string target_rule(const Figure& figure) {
  // The rule judges a week's users.
  if (figure.metric == "active_share" && figure.of != "7d") return {};
  for (const auto& [metric, rule] : kOwnTargets) {
    if (figure.metric == metric) return std::string{rule};
  }
  for (const Row& row : kRows) {
    if (figure.metric == row.name) return rule_of(row.rule, figure.of);
  }
  for (const Share& share : kQuality) {
    if (figure.metric == share.name) return std::string{share.rule};
  }
  return {};
}

}  // namespace

std::optional<bool> Figure::met() const {
  if (!value || !target || better == Better::neither) return std::nullopt;
  return better == Better::higher ? *value >= *target : *value <= *target;
}

Trend trend(const Figure& figure, const std::optional<double>& earlier) {
  if (!figure.value || !earlier) return Trend::unknown;
  const double change = *figure.value - *earlier;
  if (std::abs(change) <= kSame * std::abs(*earlier) && figure.unit != "ratio") return Trend::same;
  // Of a share a hundredth of a percent may be an hour.
  if (figure.unit == "ratio" && std::abs(change) < 0.00005) return Trend::same;
  if (figure.better == Better::neither) return change > 0 ? Trend::more : Trend::less;
  return (change > 0) == (figure.better == Better::higher) ? Trend::better : Trend::worse;
}

std::optional<double> availability_of(const std::vector<Totals>& totals, const std::vector<Totals>& maintenance) {
  double good = 0;
  double all = 0;
  for (const auto& [list, sign] : {std::pair{&totals, 1.0}, std::pair{&maintenance, -1.0}}) {
    for (const Totals& one : *list) {
      if (one.metric != kChecks) continue;
      good += sign * one.sum;
      all += sign * static_cast<double>(one.count);
    }
  }
  if (all < 1) return std::nullopt;
  return good / all;
}

std::vector<Figure> figures_of(const PeriodReadings& readings) {
  std::vector<Figure> out;
  add_health(readings, out);
  out.push_back(figure("availability", "availability_ratio", "", "ratio", Better::higher,
                       availability_of(readings.totals, readings.maintenance)));
  for (const std::string_view dimension : {"latency", "transactions", "throughput"}) add_rows(readings, dimension, out);
  add_ages(readings, out);
  add_rows(readings, "usage", out);
  add_active_share(readings, out);
  add_features(readings, out);
  add_quality(readings, out);
  add_rows(readings, "process", out);
  add_apdex(readings, out);
  add_rows(readings, "satisfaction", out);
  add_quota(readings, out);
  add_safety(readings, out);
  add_rows(readings, "business", out);
  add_retention(readings, out);
  return out;
}

void set_targets(std::vector<Figure>& figures, const Targets& targets) {
  for (Figure& one : figures) {
    const auto target = targets.find(target_rule(one));
    if (target == targets.end()) continue;
    const bool fits = (target->second.worse == Worse::below) == (one.better == Better::higher);
    if (!fits) continue;
    one.target = target->second.sub_healthy;
    one.poor = target->second.poor;
  }
}

void set_earlier(std::vector<Figure>& figures, const std::vector<Figure>& earlier,
                 std::optional<double> Figure::* where) {
  // The worst object of a kind of fault may be another one than before: the kind is what is compared.
  const auto same = [](const Figure& a, const Figure& b) {
    return a.metric == b.metric && (a.of == b.of || a.dimension == "data_quality");
  };
  for (const Figure& before : earlier) {
    const auto now = std::find_if(figures.begin(), figures.end(), [&](const Figure& one) { return same(one, before); });
    if (now != figures.end()) {
      (*now).*where = before.value;
      continue;
    }
    if (!before.value) continue;
    Figure gone = before;
    gone.value.reset();
    gone.*where = before.value;
    // Beside the others of its metric, or else of its dimension.
    const auto behind = std::find_if(figures.rbegin(), figures.rend(),
                                     [&](const Figure& one) { return one.dimension == gone.dimension; });
    figures.insert(behind.base(), std::move(gone));
  }
}

const Figure* find(const std::vector<Figure>& figures, std::string_view metric, std::string_view of) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const Figure& one) { return one.metric == metric && one.of == of; });
  return found == figures.end() ? nullptr : &*found;
}

}  // namespace crmpulse::collector::report
