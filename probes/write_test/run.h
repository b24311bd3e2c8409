#pragma once
// One run of a write test: a chain of exchanges, each answer handled by a job of its own.

#include "probes/write_test/sweep.h"
#include "probes/write_test/transaction.h"

namespace crmpulse::probes {

/// Kept alive by the exchange or the timer it waits for. Its jobs never overlap.
class TransactionRun : public std::enable_shared_from_this<TransactionRun> {
 public:
  TransactionRun(WriteTest& test, std::string run_id, std::chrono::steady_clock::time_point deadline,
                 bool only_clean_up, WriteTest::Done done);
  /// A lost run still answers.
  ~TransactionRun();
  TransactionRun(const TransactionRun&) = delete;
  TransactionRun& operator=(const TransactionRun&) = delete;

  void begin();

 private:
  friend class LeftOverSweep;
  using SteadyTime = std::chrono::steady_clock::time_point;

  void create();
  void next_step();
  void ask_step();
  void step_done(ExchangeResult result);
  [[nodiscard]] bool wait_until(const Step& step, const ExchangeResult& result);
  void keep_id(const ExchangeResult& result);
  void step_failed(const Step& step, Failure failure);
  void conclude();

  [[nodiscard]] SteadyTime share(int quarters) const { return started_ + (deadline_ - started_) * quarters / 4; }
  [[nodiscard]] const Step& step() const { return test_.measurement_.steps[step_]; }
  void job(std::function<void()> what);
  void ask(const Exchange& exchange, const Variables& variables, SteadyTime deadline, bool keep_rows,
           std::function<void(ExchangeResult)> next);
  void count(const ExchangeResult& result);
  /// Counts it. Returns what is to be added to the failure: that the write test is switched off now, or nothing.
  [[nodiscard]] std::string_view clean_up_failed();
  void add_sample(std::string_view metric, std::string_view label, std::string_view text, double value);
  [[nodiscard]] bool wrote(const Result<void>& result);
  void refuse(Stage stage, Reason reason, std::string message);
  void finish();

  WriteTest& test_;
  const std::string run_id_;
  const SteadyTime started_;
  const SteadyTime deadline_;
  const SteadyTime steps_end_;  ///< the last quarter is for cleaning up
  const bool only_clean_up_;
  WriteTest::Done done_;
  bool opened_ = false;
  Found found_;

  LeftOverSweep sweep_{*this, test_};
  std::size_t step_ = 0;
  Variables variables_;
  bool cleaned_ = false;  ///< the clean-up steps succeeded
  bool clean_up_failed_ = false;
  bool failed_after_clean_up_ = false;  ///< a check that the record is gone
  bool surely_not_created_ = false;
  std::optional<SteadyTime> created_;  ///< when the first step was answered
  SteadyTime until_end_;
  Duration pause_{};
  bool unseen_ = false;  ///< the step that waits has been answered: not there
  int written_ = 0;
  double writing_seconds_ = 0;
};

}  // namespace crmpulse::probes
