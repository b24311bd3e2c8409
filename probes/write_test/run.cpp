#include "probes/write_test/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/log.h"
#include "probes/write_test/until.h"

namespace crmpulse::probes {
namespace {

constexpr Duration kFirstPause{200};
constexpr Duration kLongestPause{2000};
/// Failed clean-ups in a row that switch a write test off.
constexpr int kFailedCleanUps = 2;
constexpr std::string_view kSwitchedOff = "; the write test is switched off now";

/// The answer, or its absence, means that the CRM took nothing: nobody needs to look for it.
bool surely_refused(const ExchangeResult& result) {
  if (!result.failure) return false;
  if (result.status != 0) return result.status >= 400 && result.status < 500 && result.status != 408;
  const Stage stage = result.failure->stage;
  return stage == Stage::resolve || stage == Stage::connect || stage == Stage::tls || stage == Stage::auth;
}

bool writes(const Step& step) {
  constexpr std::array<std::string_view, 3> kWriting{"create", "update", "delete"};
  return std::find(kWriting.begin(), kWriting.end(), step.step) != kWriting.end();
}

bool saves_id(const Measurement& measurement) {
  return std::any_of(measurement.steps.begin(), measurement.steps.end(), [](const Step& step) {
    return step.exchange && std::any_of(step.exchange->save.begin(), step.exchange->save.end(),
                                        [](const Column& column) { return column.name == kRecordId; });
  });
}

double seconds_between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

TransactionRun::TransactionRun(WriteTest& test, std::string run_id, SteadyTime deadline, bool only_clean_up,
                               WriteTest::Done done)
    : test_(test),
      run_id_(std::move(run_id)),
      started_(test.host_.steady()),
      deadline_(deadline),
      steps_end_(share(3)),
      only_clean_up_(only_clean_up),
      done_(std::move(done)),
      variables_(start_variables(run_id_, test.host_.wall())) {}

TransactionRun::~TransactionRun() {
  if (done_) refuse(Stage::request, Reason::skipped, "cancelled: the agent is stopping");
}

void TransactionRun::begin() {
  job([this] {
    const Result<bool> opened = [&] {
      const std::lock_guard lock{test_.mutex_};
      return test_.ledger_.open();
    }();
    if (!opened) {
      return refuse(Stage::request, Reason::internal, "the ledger of test records: " + opened.error().message);
    }
    if (!*opened) return refuse(Stage::request, Reason::skipped, "another run of this write test is under way");
    opened_ = true;
    if (test_.disabled_ && !only_clean_up_) {
      return refuse(Stage::cleanup, Reason::skipped,
                    fmt::format("switched itself off after two failed clean-ups: remove the records named {} … and "
                                "restart the agent",
                                test_.marker()));
    }
    const TransactionLedger& ledger = test_.ledger_;
    // Now and then anyway: a CRM may say that it has removed what it has not.
    const bool look = !test_.swept_ || !ledger.records().empty() || ledger.failed_clean_ups() >= kFailedCleanUps ||
                      test_.created_since_sweep_ >= test_.measurement_.cap;
    if (look || only_clean_up_) return sweep_.begin();
    create();
  });
}

void TransactionRun::create() {
  if (!wrote(test_.ledger_.intend(run_id_, test_.host_.wall()))) return;
  ++test_.created_since_sweep_;
  step_ = 0;
  next_step();
}

void TransactionRun::next_step() {
  const Measurement& measurement = test_.measurement_;
  // A clean-up needs to know what to remove; what it does not know is looked for by the next run.
  const bool id_missing = !variables_.contains(kRecordId) && saves_id(measurement);
  for (; step_ < measurement.steps.size(); ++step_) {
    if (step().exchange && !(step().cleanup ? id_missing : found_.failure.has_value())) break;
  }
  if (step_ == measurement.steps.size()) return conclude();
  if (const auto& until = step().until) {
    until_end_ = std::min(created_.value_or(test_.host_.steady()) + until->within, steps_end_);
    pause_ = kFirstPause;
    unseen_ = false;
  }
  ask_step();
}

void TransactionRun::ask_step() {
  ask(*step().exchange, variables_, step().cleanup ? deadline_ : steps_end_, false,
      [this](ExchangeResult result) { step_done(std::move(result)); });
}

void TransactionRun::step_done(ExchangeResult result) {
  const Step& current = step();
  keep_id(result);
  for (const auto& [name, value] : result.saved) variables_[name] = value;
  if (current.until && wait_until(current, result)) return;
  found_.duration += result.duration;
  if (result.failure) {
    if (!created_) surely_not_created_ = surely_refused(result);
    step_failed(current, std::move(*result.failure));
  } else {
    found_.steps.emplace_back(current.step, result.duration);
    if (!created_) created_ = test_.host_.steady();
    if (current.cleanup) cleaned_ = true;
    if (writes(current)) {
      ++written_;
      writing_seconds_ += result.duration;
    }
  }
  ++step_;
  next_step();
}

/// On disk before the next step.
void TransactionRun::keep_id(const ExchangeResult& result) {
  const auto saved = result.saved.find(kRecordId);
  if (saved == result.saved.end() || saved->second.empty() || variables_.contains(kRecordId)) return;
  if (const Result<void> written = test_.ledger_.name(run_id_, saved->second); !written) {
    // Here and now the record is known, so it is removed; but the run has failed.
    step_failed(step(), Failure{Stage::request, Reason::internal, written.error().message});
  }
}

/// True: nothing more to do about this answer; the step is asked again later, or has failed.
bool TransactionRun::wait_until(const Step& step, const ExchangeResult& result) {
  const SteadyTime now = test_.host_.steady();
  const bool not_found = result.failure && result.status == 404;
  // The last question of many, cut off by the run's end: what the others showed counts.
  const bool cut_off = result.failure && result.failure->reason == Reason::timeout && unseen_;
  if (result.failure && !not_found && !cut_off) return false;
  const SteadyTime since = created_.value_or(started_);
  if (!not_found && !cut_off && holds(*step.until, result.body)) {
    add_sample("crm_write_visible_seconds", "transaction", test_.measurement_.transaction,
               whole_microseconds(seconds_between(since, now)));
    return false;
  }
  const SteadyTime again = std::min(now + pause_, until_end_);
  // A question at the very end of the run's time could not be answered any more.
  if (cut_off || now >= until_end_ || again >= steps_end_) {
    found_.duration += result.duration;
    step_failed(step, Failure{Stage::response, Reason::timeout,
                              fmt::format("not visible to searches after {:.3g} s", seconds_between(since, now))});
    ++step_;
    next_step();
    return true;
  }
  unseen_ = true;
  pause_ = std::min(pause_ * 2, kLongestPause);
  test_.host_.at(again, [self = shared_from_this()] { self->job([run = self.get()] { run->ask_step(); }); });
  return true;
}

void TransactionRun::step_failed(const Step& step, Failure failure) {
  std::optional<Failure>& told = found_.failure;
  failure.message =
      one_line(fmt::format("step {}: {}{}", step.step, failure.message, told ? "; before it " + told->message : ""));
  if (step.cleanup) {
    failure.stage = Stage::cleanup;
    clean_up_failed_ = true;
  } else if (cleaned_) {
    failed_after_clean_up_ = true;
  }
  told = std::move(failure);
}

/// What is now known about the record goes to disk.
void TransactionRun::conclude() {
  std::optional<Failure>& failure = found_.failure;
  const bool removed = cleaned_ && !clean_up_failed_ && !failed_after_clean_up_;
  if (!removed && !failure)
    failure = Failure{Stage::cleanup, Reason::missing, "the CRM did not return the test record's id"};
  const Result<void> written = removed || surely_not_created_ ? test_.ledger_.gone(run_id_) : Result<void>{};
  if (!written && !failure) failure = Failure{Stage::request, Reason::internal, written.error().message};
  if (clean_up_failed_) {
    failure->message = one_line(failure->message + std::string{clean_up_failed()});
  } else if (removed) {
    (void)test_.ledger_.count_failed(0);  // a file that cannot be written fails the next run
  }
  if (!failure && writing_seconds_ > 0)
    add_sample("crm_records_per_second", "operation", "write", written_ / writing_seconds_);
  finish();
}

void TransactionRun::job(std::function<void()> what) {
  const auto guarded = [self = shared_from_this(), what = std::move(what)] {
    if (!self->done_) return;
    try {
      what();
    } catch (const std::exception& error) {
      self->refuse(Stage::request, Reason::internal, error.what());
    }
  };
  {
    const std::lock_guard lock{test_.mutex_};
    if (!test_.stopped_) return test_.host_.work(guarded);
  }
  refuse(Stage::request, Reason::skipped, "cancelled: the agent is stopping");
}

void TransactionRun::ask(const Exchange& exchange, const Variables& variables, SteadyTime deadline, bool keep_rows,
                         std::function<void(ExchangeResult)> next) {
  test_.host_.exchanger.run(exchange, variables, deadline, keep_rows,
                            [self = shared_from_this(), next = std::move(next)](ExchangeResult result) {
                              self->job([run = self.get(), next, result = std::move(result)]() mutable {
                                run->count(result);
                                next(std::move(result));
                              });
                            });
}

void TransactionRun::count(const ExchangeResult& result) {
  found_.calls += result.calls;
  found_.rows_truncated += result.rows_truncated;
  if (result.wait) found_.wait = std::max(found_.wait.value_or(Duration{}), *result.wait);
  if (result.login && !found_.login) found_.login = result.login;
  if (!result.login_failed || found_.login_failed) return;
  found_.login_failed = true;
  found_.login_told = !found_.login;
}

std::string_view TransactionRun::clean_up_failed() {
  const int failed = std::min(test_.ledger_.failed_clean_ups() + 1, kFailedCleanUps);
  (void)test_.ledger_.count_failed(failed);  // a file that cannot be written fails the next run
  if (failed < kFailedCleanUps) return {};
  if (!test_.disabled_) {
    log::error(
        "a write test switched itself off after two failed clean-ups",
        {{"crm", test_.spec_.crm}, {"transaction", test_.measurement_.transaction}, {"records", test_.marker()}});
  }
  test_.disabled_ = true;
  return kSwitchedOff;
}

void TransactionRun::add_sample(std::string_view metric, std::string_view label, std::string_view text, double value) {
  Sample sample{std::string{metric}, test_.spec_.labels, value, {}};
  sample.labels.set(label, text);
  found_.samples.push_back(std::move(sample));
}

/// False: the run has ended.
bool TransactionRun::wrote(const Result<void>& result) {
  if (result.has_value()) return true;
  refuse(Stage::request, Reason::internal, result.error().message);
  return false;
}

/// The run ends with this.
void TransactionRun::refuse(Stage stage, Reason reason, std::string message) {
  found_.failure = Failure{stage, reason, one_line(message)};
  finish();
}

void TransactionRun::finish() {
  if (!done_) return;
  if (opened_) {
    const bool disabled = test_.disabled_ || test_.ledger_.failed_clean_ups() >= kFailedCleanUps;
    add_sample("crm_agent_transaction_disabled", "transaction", test_.measurement_.transaction, disabled ? 1 : 0);
    const std::lock_guard lock{test_.mutex_};
    test_.ledger_.close();
  }
  opened_ = false;
  std::exchange(done_, nullptr)(std::move(found_));
}

}  // namespace crmpulse::probes
