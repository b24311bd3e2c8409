#include "agent/quota/governor.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::agent {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRateLimitWait = 30s;  ///< when the CRM says "too many" and not for how long
constexpr Duration kOutageWait = 5min;    ///< longest wait when the cause is not the quota: a return must be seen
constexpr double kRelief = 0.8;           ///< what a good run leaves of a penalty
constexpr double kPenaltyStep = 2;
constexpr double kNoticeable = 1.05;  ///< changes of a stretch below that do not move a schedule
constexpr int kLoginCalls = 2;        ///< a token that ended: renewed, asked again
constexpr double kMeanStep = 0.2;

bool is_about_quota(Reason reason) {
  return reason == Reason::rate_limited || reason == Reason::quota;
}

}  // namespace

void Governor::configure(Options options) {
  options_ = std::move(options);
  runs_.clear();
  for (const PlannedRun& planned : options_.runs) {
    Run run;
    run.planned = planned;
    run.mean = run.most = planned.calls;
    runs_.push_back(run);
  }
  stretch_.assign(runs_.size(), 1);
  ++revision_;
  replan();
}

std::optional<double> Governor::cap(const Options& options, std::optional<double> per_day) {
  if (!per_day || !options.backs_off) return std::nullopt;
  constexpr double kRounding = 1e-9;  // 1 % of 5,000 is 50, whatever binary fractions say
  return std::max(1.0, std::floor(*per_day * options.budget + kRounding));
}

Governor::Admission Governor::admit(std::size_t index, TimePoint now) {
  Run& run = runs_[index];
  if (now < paused_until_) return {false, true, paused_until_};
  const int calls = static_cast<int>(std::ceil(std::max(run.mean, run.most)));
  if (plan_.allowed && calls > 0) {
    const auto allowed = static_cast<std::int64_t>(*plan_.allowed);
    // Only what is made counts in the end, but it is too late then: so a login is reckoned with.
    const std::int64_t spare = options_.logs_in ? std::min<std::int64_t>(kLoginCalls, allowed / 10) : 0;
    if (ledger_.day(now) + calls + spare > allowed)
      return {false, false, ledger_.at_most(std::max<std::int64_t>(0, allowed - calls - spare), now)};
    const Part part = run.planned.part;
    const auto share = static_cast<std::int64_t>(plan_.share[static_cast<std::size_t>(part)]);
    const std::int64_t of_part = ledger_.day(now, part);
    // A single run may be more than the part's share; then it is made when nothing else was.
    if (part != Part::liveness && of_part > 0 && of_part + calls > share)
      return {false, false, ledger_.at_most(std::max<std::int64_t>(0, share - calls), now, part)};
  }
  run.reserved = calls;
  run.started = now;
  ledger_.add(now, run.planned.part, calls);
  unsaved_calls_ += calls;
  return {};
}

void Governor::finished(std::size_t index, const Outcome& outcome, TimePoint now) {
  Run& run = runs_[index];
  if (run.reserved >= 0) {
    const int made = std::max(0, outcome.calls);
    ledger_.add(run.started, run.planned.part, made - run.reserved);
    unsaved_calls_ += std::max(0, made - run.reserved);
    run.reserved = -1;
    count(run, made);
  }
  heed(outcome, now);
}

/// A run that makes more calls than planned (further pages, logins) is planned with what it makes.
void Governor::count(Run& run, int calls) {
  if (calls <= 0) return;
  const double before = run.mean;
  run.mean = std::max(run.planned.calls, run.mean + kMeanStep * (calls - run.mean));
  run.most = std::max(static_cast<double>(calls), run.most - kMeanStep * (run.most - run.mean));
  if (run.mean > before * kNoticeable || run.mean < before / kNoticeable) replan();
}

void Governor::heed(const Outcome& outcome, TimePoint now) {
  if (!options_.backs_off) return;
  const double before = penalty_;
  const bool quota = outcome.failed && is_about_quota(*outcome.failed);
  if (quota || (outcome.wait && !outcome.failed)) {
    const Duration wait = std::clamp(outcome.wait.value_or(kRateLimitWait), Duration{0}, kLongestWait);
    paused_until_ = std::max(paused_until_, now + wait);
    penalty_ = std::min(kMostStretch, penalty_ * kPenaltyStep);
  } else if (outcome.wait) {
    paused_until_ = std::max(paused_until_, now + std::clamp(*outcome.wait, Duration{0}, kOutageWait));
  } else if (!outcome.failed && penalty_ > 1) {
    penalty_ = penalty_ * kRelief < kNoticeable ? 1 : penalty_ * kRelief;
  }
  if (now >= paused_until_)
    paused_since_.reset();
  else if (!paused_since_)
    paused_since_ = now;
  if (outcome.wait || penalty_ != before) unsaved_ = true;
  if (penalty_ != before) replan();
}

std::vector<Sample> Governor::learn(std::span<const Sample> samples) {
  const double before = scarcity();
  const std::optional<double> known = limit_;
  std::vector<Sample> forecasts = quota_.take(samples);
  const QuotaRegistry::Entry* entry = options_.allowance.empty() ? nullptr : quota_.find(options_.allowance);
  if (entry != nullptr && entry->limit && *entry->limit > 0) limit_ = entry->limit;
  if (known != limit_) unsaved_ = true;
  if (known != limit_ || before != scarcity()) replan();
  return forecasts;
}

/// The customer's own programs come first: the less is left of the allowance, the less we ask.
double Governor::scarcity() const {
  const QuotaRegistry::Entry* entry = options_.allowance.empty() ? nullptr : quota_.find(options_.allowance);
  if (entry == nullptr || !entry->remaining) return 1;
  const auto limit = entry->limit ? entry->limit : options_.per_day;
  const double left = limit && *limit > 0 ? *entry->remaining / *limit : 1;
  if (left < 0.02) return 8;
  if (left < 0.05) return 4;
  if (left < 0.1 || entry->trend.exhaustion()) return 2;
  return 1;
}

void Governor::replan() {
  std::vector<PlannedRun> runs;
  for (const Run& run : runs_) {
    runs.push_back(run.planned);
    if (run.planned.calls > 0) runs.back().calls = run.mean;
  }
  plan_ = plan_calls(runs, cap(options_, limit_ ? limit_ : options_.per_day));
  if (plan_.allowed) save_after_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(*plan_.allowed / 100));
  const double further = options_.backs_off ? std::min(kMostStretch, penalty_ * scarcity()) : 1;
  bool changed = false;
  for (std::size_t index = 0; index < runs_.size(); ++index) {
    const double wanted = plan_.stretch[index] * (runs_[index].planned.calls > 0 ? further : penalty_);
    const bool noticed = wanted > stretch_[index] * kNoticeable || wanted < stretch_[index] / kNoticeable ||
                         (wanted == 1) != (stretch_[index] == 1);
    if (!noticed) continue;
    stretch_[index] = wanted;
    changed = true;
  }
  if (changed) ++revision_;
}

Governor::Status Governor::status(TimePoint now) const {
  Status status;
  for (const double stretch : stretch_) status.stretch = std::max(status.stretch, stretch);
  status.planned = plan_.planned;
  status.allowed = plan_.allowed;
  status.made = ledger_.day(now);
  if (now < paused_until_) status.paused_until = paused_until_;
  status.paused_since = paused_since_;
  return status;
}

Governor::Memory Governor::memory() const {
  return {ledger_.slots(), limit_, penalty_, paused_until_, {}};
}

void Governor::restore(const Memory& memory, TimePoint now) {
  const std::int64_t newest = now.time_since_epoch() / std::chrono::minutes{15};
  for (CallLedger::Slot slot : memory.slots) {
    for (std::size_t part = 0; part < kParts; ++part) {
      const TimePoint at{std::min(slot.number, newest) * Duration{std::chrono::minutes{15}}};
      ledger_.add(at, static_cast<Part>(part), slot.calls[part]);
    }
  }
  limit_ = memory.limit;
  penalty_ = std::clamp(memory.penalty, 1.0, kMostStretch);
  paused_until_ = std::min(memory.paused_until, now + kLongestWait);
  if (now < paused_until_) paused_since_ = now;
  replan();
  saved();
}

}  // namespace crmpulse::agent
