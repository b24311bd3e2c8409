#pragma once
// A target whose CRM is asked over SQL: runs that share a connection queue behind each other.

#include <deque>
#include <memory>
#include <mutex>

#include "probes/sql/run_sql.h"
#include "probes/transport_target.h"

namespace crmpulse::probes {

class SqlTarget final : public TransportTarget {
 public:
  /// Checks everything that can be checked without the network.
  [[nodiscard]] static Made make(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan);
  SqlTarget(Runtime::Impl& runtime, const std::shared_ptr<const TargetSpec>& spec, Plan plan);
  [[nodiscard]] std::string pooler() const override;

 private:
  /// Runs that share one connection, one after another.
  struct Lane {
    Workers& workers;
    SqlRunner runner;  ///< only the worker that is at it touches it
    std::deque<std::shared_ptr<Run>> queue{};
    std::shared_ptr<Run> active{};  ///< on a worker thread
    bool busy = false;              ///< a worker is at it, or will be
  };

  void begin(const std::shared_ptr<Run>& run) override;
  void close() override;
  [[nodiscard]] Found overdue(const Run& run) override;
  [[nodiscard]] int uncounted_calls(const Run& run) const override { return run.plan.calls; }
  [[nodiscard]] Lane& lane_of(const Run& run) { return run.plan.measurement->liveness ? alive_ : rest_; }
  void hand_to_worker(Lane& lane);
  void work(Lane& lane);
  void do_run(Lane& lane, const std::shared_ptr<Run>& run);

  const std::shared_ptr<ToldOnce> told_ = std::make_shared<ToldOnce>();
  const std::shared_ptr<sql::LoginGate> gate_;
  std::mutex mutex_;  ///< over the lanes, but for their runners
  Lane alive_;        ///< liveness has a connection and workers of its own: it waits for no other measurement
  Lane rest_;
};

}  // namespace crmpulse::probes
