#pragma once
// What targets of all transports do alike: each run that was started is told once, at the latest shortly after its
// deadline.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "probes/run/readings.h"
#include "probes/runtime.h"
#include "probes/sql/driver/connection.h"
#include "probes/target.h"

namespace crmpulse::probes {

/// One run of one measurement, from its start until its `done` has returned.
struct Run {
  const Target::Planned& plan;
  const TimePoint scheduled;
  std::function<void(Reading)> done;
  const sql::SteadyTime deadline = std::chrono::steady_clock::now() + plan.timeout;
  std::atomic<bool> finished{false};
  sql::Cancel cancel;
  Workers::Id alarm{};
};

/// Thread-safe. Shared by its Target and the runs under way.
class TransportTarget : public std::enable_shared_from_this<TransportTarget> {
 public:
  using Plan = std::vector<Target::Planned>;
  using Made = boost::system::result<std::shared_ptr<TransportTarget>, Problems>;

  TransportTarget(Runtime::Impl& runtime, std::shared_ptr<const TargetSpec> spec, Plan plan);
  virtual ~TransportTarget() = default;
  TransportTarget(const TransportTarget&) = delete;
  TransportTarget& operator=(const TransportTarget&) = delete;

  void start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done);
  /// Every run that is open ends now, as skipped. Returns when no `done` is being called any more.
  void stop();
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const TargetSpec& spec() const { return *spec_; }
  [[nodiscard]] virtual std::optional<auth::LoginStats> auth_stats() const { return std::nullopt; }
  [[nodiscard]] virtual std::string account() const { return {}; }
  [[nodiscard]] virtual std::string login_identity() const { return {}; }  ///< empty: it logs in nowhere
  [[nodiscard]] virtual std::string pooler() const { return {}; }

 protected:
  /// Does the run; finish() tells what it found, or nobody and its time is over.
  virtual void begin(const std::shared_ptr<Run>& run) = 0;
  /// Begins nothing more.
  virtual void close() = 0;
  /// Returns what a run found that was not told by its deadline.
  [[nodiscard]] virtual Found overdue(const Run& run) = 0;
  /// Returns the calls of a run that did not count them.
  [[nodiscard]] virtual int uncounted_calls(const Run& /*run*/) const { return 0; }

  /// Tells what a run found, unless it has been told.
  void finish(const std::shared_ptr<Run>& run, Found found);
  void expire(const std::shared_ptr<Run>& run);
  [[nodiscard]] Runtime::Impl& runtime() const { return runtime_; }
  [[nodiscard]] const std::shared_ptr<const TargetSpec>& shared_spec() const { return spec_; }

 private:
  Runtime::Impl& runtime_;
  const std::shared_ptr<const TargetSpec> spec_;
  const Plan plan_;
  Readings readings_;
  std::mutex mutex_;  ///< over what follows
  std::condition_variable quiet_;
  std::vector<std::shared_ptr<Run>> open_;  ///< those whose `done` has not returned
  bool closed_ = false;
};

/// A run that found nothing but this failure.
[[nodiscard]] Found only_failure(Stage stage, Reason reason, std::string message);

}  // namespace crmpulse::probes
