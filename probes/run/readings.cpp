#include "probes/run/readings.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::probes {
namespace {

const std::string kLogin = "login";
const std::string kToken = "token";
constexpr std::string_view kLoginKey = "/login";  // no measurement's id

}  // namespace

double whole_microseconds(double seconds) {
  return std::round(std::max(0.0, seconds) * 1e6) / 1e6;
}

void Readings::add(Reading& reading, std::string_view metric, std::initializer_list<Labels::Pair> labels,
                   double value) const {
  Sample sample{std::string{metric}, spec_.labels, value, reading.at};
  for (const auto& [name, text] : labels) sample.labels.set(name, text);
  reading.samples.push_back(std::move(sample));
}

void Readings::add_failure_samples(std::string_view key, std::string_view operation, std::string_view object,
                                   const std::optional<Failure>& failure, Reading& reading) {
  const std::lock_guard lock{mutex_};
  const auto last = open_.find(key);
  std::optional<Labels> now;
  if (failure) {
    now = spec_.labels;
    now->set("operation", operation);
    now->set("object", object);
    now->set("stage", to_string(failure->stage));
    now->set("reason", to_string(failure->reason));
  }
  if (last != open_.end() && last->second != now) {
    const Labels closed = last->second;
    open_.erase(last);
    // Another measurement of the same operation may still fail the same way.
    const bool still =
        std::any_of(open_.begin(), open_.end(), [&](const auto& entry) { return entry.second == closed; });
    if (!still) reading.samples.push_back(Sample{"crm_failure", closed, 0, reading.at});
  }
  if (!now) return;
  reading.samples.push_back(Sample{"crm_failure", *now, 1, reading.at});
  open_.insert_or_assign(std::string{key}, *now);
}

/// A login is an operation of its own: its time is in no measurement's.
void Readings::add_login(const auth::Login& login, Reading& reading) {
  const bool skipped = login.failure && login.failure->reason == Reason::skipped;
  if (skipped) return;
  add(reading, "crm_operation_success", {{"operation", kLogin}, {"object", kToken}}, login.failure ? 0 : 1);
  if (!login.failure) {
    add(reading, "crm_operation_duration_seconds", {{"operation", kLogin}, {"object", kToken}},
        whole_microseconds(login.duration_seconds));
  }
  add_failure_samples(kLoginKey, kLogin, kToken, login.failure, reading);
}

bool Readings::is_worth_telling(const Found& found, const std::optional<Failure>& failure) {
  const std::lock_guard lock{mutex_};
  if (!failure) {
    login_.reset();
    return false;
  }
  const std::pair kind{failure->stage, failure->reason};
  if (!found.login_failed) {
    if (kind == std::pair{Stage::auth, Reason::credentials}) login_ = kind;
    return true;
  }
  const bool repeated = found.login_told && login_ == kind;
  login_ = kind;
  return !repeated;
}

Evidence Readings::evidence(const Measurement& measurement, TimePoint at, const Failure& failure) const {
  const auto label = [&](std::string_view name) { return std::string{spec_.labels.get(name)}; };
  return Evidence{at,
                  label("crm"),
                  label("kind"),
                  label("agent"),
                  measurement.operation,
                  std::string{to_string(failure.stage)},
                  std::string{to_string(failure.reason)},
                  one_line(failure.message, kMaxEvidenceText)};
}

Reading Readings::make(const Measurement& measurement, TimePoint scheduled, Found found) {
  Reading reading;
  reading.measurement = measurement.id;
  reading.operation = measurement.operation;
  reading.object = measurement.object;
  reading.at = scheduled;
  reading.phases = std::move(found.phases);
  for (auto& [name, seconds] : reading.phases) seconds = whole_microseconds(seconds);
  reading.duration_seconds = whole_microseconds(found.duration);
  reading.failure = std::move(found.failure);
  reading.rows_truncated = found.rows_truncated;
  if (!reading.failure) reading.warnings = std::move(found.warnings);
  reading.calls = found.calls;
  reading.wait = found.wait;
  reading.login_failed = found.login_failed;
  const bool worth_telling = is_worth_telling(found, reading.failure);

  const bool succeeded = !reading.failure;
  // A run that was never made says nothing about the CRM.
  const bool skipped = reading.failure && reading.failure->reason == Reason::skipped;
  const double success = succeeded ? 1 : 0;
  if (measurement.liveness && !skipped) add(reading, "crm_up", {}, success);
  if (!skipped)
    add(reading, "crm_operation_success", {{"operation", measurement.operation}, {"object", measurement.object}},
        success);
  if (succeeded) {
    add(reading, "crm_operation_duration_seconds",
        {{"operation", measurement.operation}, {"object", measurement.object}}, reading.duration_seconds);
  }
  for (const auto& [phase, seconds] : reading.phases) {
    add(reading, "crm_operation_phase_seconds",
        {{"operation", measurement.operation}, {"object", measurement.object}, {"phase", phase}}, seconds);
  }
  if (!measurement.transaction.empty() && !skipped)
    add(reading, "crm_transaction_success", {{"transaction", measurement.transaction}}, success);
  for (const auto& [step, seconds] : found.steps) {
    add(reading, "crm_transaction_duration_seconds", {{"transaction", measurement.transaction}, {"step", step}},
        whole_microseconds(seconds));
  }
  for (Sample& sample : found.samples) {
    if (sample.at == TimePoint{}) sample.at = reading.at;
    // A function is used or not, however often: a count would make the share of those in use more than all of them.
    if (sample.metric == "crm_feature_used") sample.value = sample.value > 0 ? 1 : 0;
    reading.samples.push_back(std::move(sample));
  }
  add_failure_samples(measurement.id, measurement.operation, measurement.object, reading.failure, reading);
  if (found.login) add_login(*found.login, reading);
  if (worth_telling) reading.evidence.push_back(evidence(measurement, reading.at, *reading.failure));
  return reading;
}

}  // namespace crmpulse::probes
