#pragma once
// Runs what the scheduler says, on the targets, and hands the readings on.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/quota/governors.h"
#include "agent/settings/targets.h"
#include "core/time/clock.h"
#include "net/loop/loop.h"

namespace crmpulse::agent {

/// What the agent says about its runs; counted since the start of the process, over reloads.
struct RunCounters {
  std::uint64_t runs = 0;
  std::uint64_t skipped = 0;  ///< due again while still running
  std::uint64_t refused = 0;  ///< not made: our share of the allowance is used up, or the CRM wants to be left alone
  std::uint64_t rows_truncated = 0;
  std::map<std::string, std::uint64_t> calls;  ///< by CRM
};

/// Everything on the loop's thread. One CRM's measurements run one after another, so that none of them spends its
/// timeout waiting for another; its liveness waits for none of them, and CRMs run beside each other. After a first and
/// a second failure liveness is asked again sooner, within the CRM's budget: a third in a row is an outage.
class Runner {
 public:
  using Sink = std::function<void(const std::string& crm, probes::Reading)>;
  /// `clock` says what is due; `wall` stamps the samples. Every run is asked of its CRM's governor first.
  Runner(net::Loop& loop, const Clock& clock, std::function<TimePoint()> wall, Governors& governors, Sink sink);
  ~Runner();

  /// Starts measuring these targets in place of those before, whose current runs end by themselves. The governors know
  /// them already.
  void replace(Targets targets, const std::string& agent);
  /// Starts nothing more. Calls `finished` when no run is under way any more or `grace` is over.
  void stop(Duration grace, std::function<void()> finished);

  [[nodiscard]] RunCounters counters() const;
  /// Returns when something is due next, TimePoint::max() if nothing is.
  [[nodiscard]] TimePoint next_run() const;
  /// What the targets' logins say about themselves.
  [[nodiscard]] std::vector<Sample> token_samples(TimePoint at) const;

 private:
  struct Generation;
  struct Mailbox;
  void wake();
  void arm();
  void start_next(Generation& generation, std::size_t lane);
  void begin(std::uint64_t generation, std::size_t item, TimePoint stamp);
  [[nodiscard]] Generation* find(std::uint64_t generation);
  void forget_idle();
  void ask_again_sooner(Generation& generation, std::size_t item, const probes::Reading& reading);
  void follow_governor(Generation& generation, const Governor& governor);
  void finished(std::uint64_t generation, std::size_t item, probes::Reading reading);
  void retire(std::unique_ptr<Generation> generation);
  void check_stopped();

  net::Loop& loop_;
  const Clock& clock_;
  std::function<TimePoint()> wall_;
  Governors& governors_;
  Sink sink_;
  std::shared_ptr<Mailbox> mailbox_;
  std::unique_ptr<Generation> current_;
  std::vector<std::unique_ptr<Generation>> retired_;  ///< until their last run has ended
  RunCounters counters_;
  std::uint64_t generations_ = 0;
  net::Loop::Timer timer_;
  TimePoint armed_ = TimePoint::max();  ///< when the timer rings
  net::Loop::Timer grace_timer_;
  std::function<void()> stopped_;
};

}  // namespace crmpulse::agent
