#pragma once
// Write tests over HTTP: create, read, find, update, delete a record of our own, and leave none behind, whatever
// happens. docs/recipe-format.md, "Write tests over HTTP".

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "probes/http/exchange.h"
#include "probes/run/readings.h"
#include "probes/write_test/ledger.h"

namespace crmpulse::probes {

/// What a write test needs of the agent around it. Thread-safe, all of it.
struct TransactionHost {
  Exchanger& exchanger;
  /// Runs a job that may block (it writes the ledger), soon, on some thread. A job may be dropped when the agent stops.
  std::function<void(std::function<void()>)> work;
  /// Calls a function that does not block at that time.
  std::function<void(std::chrono::steady_clock::time_point, std::function<void()>)> at;
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<TimePoint()> wall;
};

/// One write test of one CRM. Thread-safe; one run at a time, another is skipped.
class WriteTest {
 public:
  /// `timeout` is of the whole run. All arguments outlive the test, but for the host, which is copied.
  WriteTest(const TargetSpec& spec, const Measurement& measurement, Duration timeout, TransactionHost host);

  using Done = std::function<void(Found)>;
  /// Removes what earlier runs left, then does the steps. `done` is called once, on some thread, at the latest at
  /// the deadline; until it has gone it must keep alive this test and what it stands on.
  void run(const std::string& run_id, std::chrono::steady_clock::time_point deadline, Done done);
  /// Only removes what earlier runs left: for a write test that was switched off. Failures are in the result.
  void clean_up(std::chrono::steady_clock::time_point deadline, Done done);
  /// Are there records in the ledger on disk that clean_up() should look for?
  [[nodiscard]] bool has_left_overs() const;
  /// Begins no more requests; a run under way ends as skipped. The host is not called after this.
  void stop();

 private:
  friend class TransactionRun;
  friend class LeftOverSweep;
  [[nodiscard]] std::string marker() const;

  const TargetSpec& spec_;
  const Measurement& measurement_;
  const Duration timeout_;
  const TransactionHost host_;
  const std::string ledger_file_;
  std::mutex mutex_;  ///< over what follows, and the opening and closing of `ledger_`
  bool stopped_ = false;
  // Of the run that has the ledger open.
  TransactionLedger ledger_;
  bool swept_ = false;     ///< the left-overs of before the start are gone
  bool disabled_ = false;  ///< by itself, until the agent is restarted
  int created_since_sweep_ = 0;
};

}  // namespace crmpulse::probes
