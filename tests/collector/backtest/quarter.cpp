#include "tests/collector/backtest/quarter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace crmpulse::collector::test {
namespace {

using namespace std::chrono_literals;
using Value = std::function<double(TimePoint)>;

constexpr double kPeople = 50;
constexpr Duration kBatch = 6h;
constexpr std::array kObjects{"account", "contact", "deal"};
constexpr std::array kFeatures{"sales", "leads", "service", "reports", "campaigns"};
constexpr std::array kPeriods{"24h", "7d", "30d"};

double unix_seconds(TimePoint at) {
  return to_seconds(at.time_since_epoch());
}

/// The values of a label that rows bring, but for objects.
std::vector<std::string> values_of(const std::string& label) {
  if (label == "feature") return {kFeatures.begin(), kFeatures.end()};
  if (label == "period") return {kPeriods.begin(), kPeriods.end()};
  return {"1"};
}

std::vector<Labels> with_each(const std::vector<Labels>& all, const std::string& label,
                              const std::vector<std::string>& values) {
  std::vector<Labels> out;
  for (const Labels& labels : all) {
    for (const std::string& value : values) {
      out.push_back(labels);
      out.back().set(label, value);
    }
  }
  return out;
}

std::size_t hash_of(const std::string& text) {
  return std::accumulate(text.begin(), text.end(), std::size_t{17}, [](std::size_t sum, char c) {
    return (sum * 131 + static_cast<unsigned char>(c)) % 1'000'003;
  });
}

}  // namespace

Quarter::Quarter(const probes::Recipe& recipe, Story story)
    : story_(std::move(story)),
      calendar_(story_.place.hours),
      random_(story_.seed),
      objects_(kObjects.begin(), kObjects.end()) {
  for (const probes::Measurement& measurement : recipe.measurements) {
    for (const probes::SampleSpec& spec : measurement.samples) add_object(spec);
    for (const probes::Exchange& exchange : measurement.exchanges) {
      for (const probes::SampleSpec& spec : exchange.samples) add_object(spec);
    }
  }
  for (const probes::Measurement& measurement : recipe.measurements) {
    const auto& only = story_.only;
    if (only.empty() || std::find(only.begin(), only.end(), measurement.id) != only.end()) add_measurement(measurement);
  }
  add_beside("crm_agent_heartbeat_timestamp_seconds", {}, 1min, unix_seconds);
  if (story_.declared) {
    const HoursText text = text_of(story_.place.hours);
    Labels labels{{"days", text.days}, {"from", text.from}, {"to", text.to}, {"tz", text.zone}};
    if (!text.holidays.empty()) labels.set("holidays", text.holidays);
    add_beside("crm_hours_info", labels, 5min, [](TimePoint) { return 1.0; });
  }
  const auto night = [](TimePoint at) { return std::chrono::floor<std::chrono::days>(at - 2h) + 2h + 20min; };
  add_beside("crm_backup_timestamp_seconds", {}, 15min, [this, night](TimePoint at) {
    return unix_seconds(night(broken(Fault::no_backup, at) ? story_.broken : at));
  });
  // It grows by half in a year; a night's is a tenth larger or smaller.
  add_beside("crm_backup_bytes", {}, 15min, [this, night](TimePoint at) {
    const double day = unix_seconds(night(at)) / 86'400;
    const double other = static_cast<double>(hash_of(std::to_string(day)) % 200) / 1000 - 0.1;
    const double missing = night(at) > story_.broken && broken(Fault::half_backup, at) ? 0.4 : 1;
    return 2e9 * (1 + (day - 20'000) / 730) * (1 + other) * missing;
  });
  add_beside("crm_sync_timestamp_seconds", {{"integration", "erp"}}, 5min, [this](TimePoint at) {
    const TimePoint until = broken(Fault::no_sync, at) ? story_.broken : at;
    return unix_seconds(std::chrono::floor<std::chrono::duration<int, std::ratio<900>>>(until));
  });
  add_beside("crm_certificate_expiry_timestamp_seconds", {}, 1h, [this](TimePoint at) {
    const bool renewed = story_.fault != Fault::certificate;
    return unix_seconds(renewed ? at + 40 * 24h : story_.broken + 14 * 24h);
  });
  for (std::size_t i = 0; i < runs_.size(); ++i)
    due_.push(
        {story_.from + runs_[i].every * static_cast<int>(hash_of(recipe.name + std::to_string(i)) % 100) / 100, i});
}

std::uint32_t Quarter::series(std::string metric, Labels labels) {
  labels.set("crm", "acme");
  labels.set("agent", "branch-1");
  labels.set("kind", "simulated");
  const std::string key = metric + to_string(labels);
  const auto [place, added] = numbers_.emplace(key, static_cast<std::uint32_t>(numbers_.size()));
  if (added) names_.push_back({std::move(metric), std::move(labels)});
  return place->second;
}

void Quarter::add_measurement(const probes::Measurement& measurement) {
  Run run;
  run.every = measurement.interval.value_or(measurement.transaction.empty() ? Duration{30s} : Duration{5min});
  run.every = std::max(run.every, story_.least);
  run.liveness = measurement.liveness;
  run.transaction = !measurement.transaction.empty();
  const Labels call{{"operation", measurement.operation}, {"object", measurement.object}};
  if (run.liveness) run.up = series("crm_up", {});
  run.success = series("crm_operation_success", call);
  run.duration = series("crm_operation_duration_seconds", call);
  run.base = 0.05 + 0.01 * static_cast<double>(hash_of(measurement.id) % 15);
  if (run.transaction) run.written = series("crm_transaction_success", {{"transaction", measurement.transaction}});
  for (const probes::SampleSpec& spec : measurement.samples) add_sample(spec, run);
  for (const probes::Exchange& exchange : measurement.exchanges) {
    for (const probes::SampleSpec& spec : exchange.samples) add_sample(spec, run);
  }
  runs_.push_back(std::move(run));
}

/// An object that one sample names, rows of another bring: shares are taken of the same object's records.
void Quarter::add_object(const probes::SampleSpec& spec) {
  for (const auto& [name, value] : spec.labels) {
    if (name != "object" || value.find("${") != std::string::npos) continue;
    if (std::find(objects_.begin(), objects_.end(), value) == objects_.end()) objects_.push_back(value);
  }
}

void Quarter::add_sample(const probes::SampleSpec& spec, Run& run) {
  std::vector<Labels> all{Labels{}};
  for (const auto& [name, value] : spec.labels)
    all = with_each(all, name, value.find("${") != std::string::npos ? objects_ : std::vector{value});
  for (const std::string& name : spec.by) all = with_each(all, name, name == "object" ? objects_ : values_of(name));
  if (!spec.quantiles.empty()) {
    std::vector<std::string> quantiles;
    for (const double quantile : spec.quantiles) quantiles.push_back(fmt::format("{:g}", quantile));
    all = with_each(all, "quantile", quantiles);
  }
  for (const Labels& labels : all) run.readings.push_back({series(spec.metric, labels), value_of(spec.metric, labels)});
}

void Quarter::add_beside(std::string metric, Labels labels, Duration every, Value value) {
  Run run;
  run.every = every;
  run.measured = false;
  run.readings.push_back({series(std::move(metric), std::move(labels)), std::move(value)});
  runs_.push_back(std::move(run));
}

/// What a metric of a company in good health says.
Value Quarter::value_of(const std::string& metric, const Labels& labels) {
  const std::string object{labels.get("object")};
  const std::string feature{labels.get("feature")};
  const std::string process{labels.get("process")};
  const std::string period{labels.get("period")};
  const auto fixed = [](double value) -> Value { return [value](TimePoint) { return value; }; };
  if (metric == "crm_last_modified_timestamp_seconds")
    return [this, object](TimePoint at) { return newest_change(object, at); };
  if (metric == "crm_records") return fixed(20'000);
  if (metric == "crm_records_incomplete")
    return [this](TimePoint at) { return broken(Fault::incomplete, at) ? 6'000.0 : 800.0; };
  if (metric == "crm_records_duplicate") return fixed(300);
  if (metric == "crm_records_invalid") return fixed(150);
  if (metric == "crm_records_outdated") return fixed(2'500);
  if (metric == "crm_records_orphaned") return fixed(100);
  if (metric == "crm_licensed_users") return fixed(kPeople * 1.25);
  if (metric == "crm_active_users" || metric == "crm_logins")
    return [this, days = std::chrono::days{period == "7d"    ? 7
                                           : period == "30d" ? 30
                                                             : 1}](TimePoint at) {
      return users(at, days) * (broken(Fault::deserted, at) ? 0.5 : 1);
    };
  if (metric == "crm_feature_used") return fixed(feature == kFeatures.back() ? 0 : 1);
  if (metric == "crm_process_seconds")
    return [this, slow = labels.get("quantile") != "0.5", process](TimePoint at) {
      return process == "lead_response" && broken(Fault::leads_wait, at) ? 10'800.0 : slow ? 7'200.0 : 1'500.0;
    };
  if (metric == "crm_process_overdue_ratio") return fixed(process == "automation" ? 0.004 : 0.15);
  if (metric == "crm_csat_ratio") return fixed(0.91);
  if (metric == "crm_api_limit") return fixed(100'000);
  if (metric == "crm_api_remaining" || metric == "crm_api_used")
    return [this, used = metric == "crm_api_used"](TimePoint at) {
      const double day = to_seconds(at.time_since_epoch() % Duration{24h}) / 86'400;
      const double left = broken(Fault::quota, at) ? 3'000 : 100'000 * (1 - 0.6 * day);
      return used ? 100'000 - left : left;
    };
  if (metric == "crm_records_per_second") return [this](TimePoint at) { return 200 / load(at); };
  if (metric == "crm_vendor_status") return fixed(0);
  return fixed(1);
}

Duration Quarter::clock(TimePoint at) const {
  return (at + calendar_.zone().offset_at(at)).time_since_epoch() % Duration{24h};
}

/// Four minutes on a Wednesday evening of November: a restart, then everything is slow for a while.
bool Quarter::release(TimePoint at) const {
  const TimePoint local = at + calendar_.zone().offset_at(at);
  const auto start = TimePoint{std::chrono::sys_days{std::chrono::year{2026} / 11 / 18}} + 20h;
  return local >= start && local < start + 4min;
}

/// Of what a call takes at night. Mondays are slow until eleven, and so are the last and the first day of a month.
double Quarter::load(TimePoint at) const {
  const TimePoint local = at + calendar_.zone().offset_at(at);
  const auto today = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{today};
  const std::chrono::year_month_day tomorrow{today + std::chrono::days{1}};
  double load = calendar_.open_at(at) ? 1.3 : 1;
  if (std::chrono::weekday{today} == std::chrono::Monday && calendar_.open_at(at) && clock(at) < 11h) load *= 1.6;
  if (date.day() == std::chrono::day{1} || tomorrow.day() == std::chrono::day{1}) load *= 1.5;
  return release(at) ? load * 2.5 : load;
}

/// Everybody comes within the first two hours and goes within the last one.
double Quarter::users(TimePoint at, std::chrono::days period) const {
  const auto came = [&](TimePoint then) {
    const Duration into = calendar_.open_between(then - 14h, then);
    return std::clamp(to_seconds(into) / 7'200, 0.0, 1.0);
  };
  if (period == std::chrono::days{1}) {
    const TimePoint yesterday = at - 24h;
    // Who was there yesterday after this time of day, or is there today.
    const double then = std::clamp(to_seconds(calendar_.open_between(yesterday, yesterday + 14h)) / 3'600, 0.0, 1.0);
    return kPeople * std::max(came(at), then);
  }
  const Duration worked = calendar_.open_between(at - period, at);
  return kPeople * std::clamp(to_seconds(worked) / 7'200, 0.0, 1.0);
}

/// About every seven minutes somebody changes something: deals often, accounts some times an hour. Nobody does at lunch
/// or in the last half hour of a Friday; a Monday begins an hour late.
double Quarter::newest_change(const std::string& object, TimePoint at) {
  const Duration often = object == "account" ? Duration{25min} : object == "contact" ? Duration{12min} : Duration{7min};
  auto& [newest, seen] = changed_.try_emplace(object, Change{story_.from - 30min, story_.from}).first->second;
  const auto works = [&](TimePoint time) {
    const Duration now = clock(time);
    const auto day =
        std::chrono::weekday{std::chrono::floor<std::chrono::days>(time + calendar_.zone().offset_at(time))};
    if (!calendar_.open_at(time) || (now >= 12h && now < 13h)) return false;
    if (day == std::chrono::Monday && now < 9h) return false;
    return !(day == std::chrono::Friday && now >= 17h + 30min);
  };
  // Who looks after work sees what was changed before its end.
  TimePoint until = std::min(at, story_.fault == Fault::frozen ? story_.broken : at);
  while (until > seen && !works(until)) until -= 1min;
  seen = std::max(seen, at);
  if (works(until)) {
    std::uniform_real_distribution<double> back{0, 1};
    const TimePoint change =
        until -
        Duration{static_cast<std::int64_t>(-std::log(1 - back(random_) * 0.98) * static_cast<double>(often.count()))};
    if (works(change)) newest = std::max(newest, change);
  }
  return unix_seconds(newest);
}

/// Two calls a week get lost, never two within an hour.
bool Quarter::lost(TimePoint at) {
  if (at - last_lost_ < 1h || random_() % 30'000 != 0) return false;
  last_lost_ = at;
  return true;
}

void Quarter::take(const Run& run, TimePoint at, BacktestBatch& batch) {
  const auto add = [&](std::uint32_t number, double value) { batch.events.push_back({at, value, number}); };
  if (broken(Fault::silent, at)) return batch.events.push_back({at, 0, BacktestEvent::kTick});
  if (!run.measured) return add(run.readings[0].series, run.readings[0].value(at));
  // Over before the next probe: a longer one is an outage.
  const bool restarts = release(at) && !release(at - std::min<Duration>(15s, run.every * 9 / 10));
  bool failed = (restarts && run.liveness) || lost(at) || broken(Fault::stopped, at);
  if (run.liveness && broken(Fault::every_fourth, at)) failed = ++probes_ % 4 == 0;
  if (run.transaction && broken(Fault::writes_fail, at)) failed = true;
  if (run.liveness) add(run.up, failed ? 0 : 1);
  add(run.success, failed ? 0 : 1);
  if (run.transaction) add(run.written, failed ? 0 : 1);
  if (failed) return;
  std::lognormal_distribution<double> noise{0, 0.25};
  const double slow = broken(Fault::very_slow, at) ? 5 : broken(Fault::slow, at) ? 1.5 : 0;
  add(run.duration, slow + run.base * load(at) * noise(random_));
  for (const Reading& reading : run.readings) add(reading.series, reading.value(at));
}

std::optional<BacktestBatch> Quarter::next() {
  if (due_.top().at >= story_.to) return std::nullopt;
  BacktestBatch batch;
  batch.names = std::move(names_);
  names_.clear();
  const TimePoint until = std::min(due_.top().at + kBatch, story_.to);
  while (due_.top().at < until) {
    Due due = due_.top();
    due_.pop();
    take(runs_[due.run], due.at, batch);
    due.at += runs_[due.run].every;
    due_.push(due);
  }
  // Who watches knows the time, also when nothing comes.
  batch.events.push_back({until, 0, BacktestEvent::kTick});
  return batch;
}

}  // namespace crmpulse::collector::test
