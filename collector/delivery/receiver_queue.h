#pragma once
// Decides what may go to one receiver now, and what a verdict means for its messages: parallel requests, lists, budget,
// retries, the circuit breaker.
//
// What goes out together: a receiver with a budget gets what is due as one message when its last allowed request of the
// moment is reached; a receiver that takes lists gets lists; the others one row each.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "collector/configuration/settings.h"
#include "collector/delivery/outbox.h"
#include "collector/delivery/retry_plan.h"
#include "collector/delivery/sender.h"
#include "collector/delivery/sending_budget.h"

namespace crmpulse::collector {

struct ReceiverStats {
  std::uint64_t delivered = 0;
  std::uint64_t retried = 0;
  std::uint64_t dead = 0;
  std::uint64_t abandoned = 0;  ///< waited for it when it was taken out of the configuration
  bool breaker_open = false;
  bool gone = false;  ///< its endpoint wants nothing any more
  // Since the process began.
  std::optional<TimePoint> last_delivered;
  /// An attempt that failed.
  struct Failure {
    TimePoint at;
    int code = 0;  ///< HTTP status or SMTP code; 0: there was no answer
    std::string error;
  };
  std::optional<Failure> last_failure;
};

/// Owned by the notifier; belongs to the loop's thread. Does no I/O itself.
class ReceiverQueue {
 public:
  /// `stats` outlives the queue.
  ReceiverQueue(std::string name, ReceiverStats& stats) : name_(std::move(name)), stats_(stats) {}
  /// Takes new settings, and tries a receiver again that had said it is gone (HTTP 410).
  void configure(const ReceiverSettings& settings, TimePoint now);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::shared_ptr<const Receiver>& receiver() const { return receiver_; }
  [[nodiscard]] net::Forbid forbid() const { return forbid_; }
  /// Returns how often it must be sent its states again, nullopt if it takes messages.
  [[nodiscard]] std::optional<Duration> repeats() const;
  /// Is it one that hears when another receiver was not told?
  [[nodiscard]] bool hears_of_others() const { return !gone_ && !heartbeat_; }

  struct Lease {
    LeaseRequest request;
    int requests = 0;  ///< that the rows may go in at most
  };
  /// Returns what to lease now; the caller says leased() then. nullopt if nothing may be sent now.
  [[nodiscard]] std::optional<Lease> next_lease(TimePoint now);
  void leased() { leasing_ = false; }
  /// Makes the next next_lease() look at the outbox, however lately it was asked.
  void wake(TimePoint now) { next_poll_ = now; }

  /// Puts rows together that go in one request.
  [[nodiscard]] std::vector<Delivery> pack(OutboxRows rows, int requests) const;
  /// Counts a request with these rows. Returns false if they must not be sent, and writes into each what becomes of it.
  [[nodiscard]] bool begin(OutboxRows& rows, TimePoint now);
  /// Counts an answer. Returns how often the rows were tried.
  [[nodiscard]] int answered(OutboxRows& rows, int status);
  /// Writes into each row what becomes of it: delivered, waiting for the next attempt, or dead.
  void finish(OutboxRows& rows, const Verdict& verdict, TimePoint now);
  void delivered(OutboxRows& rows, TimePoint now);
  /// The outcome of this row is stored.
  void settled(const store::OutboxRow& row, TimePoint now);

  /// Takes one request out of the budget for a message that could not be stored. Returns false if none may be sent now.
  [[nodiscard]] bool take_unstored(TimePoint now);
  /// It took states that were sent again.
  void resent();
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

 private:
  void separate(OutboxRows& rows, TimePoint now);
  void failed(const Verdict& verdict, TimePoint now);
  void bury(store::OutboxRow& row, TimePoint now);

  std::string name_;
  ReceiverStats& stats_;
  std::shared_ptr<const Receiver> receiver_;
  net::Forbid forbid_ = net::Forbid::link_local;
  bool heartbeat_ = false;
  TimePoint next_poll_;     ///< when the outbox is asked again
  TimePoint retry_at_;      ///< when the next failed row known here is due; in the past: none known
  TimePoint paused_until_;  ///< breaker or Retry-After
  bool leasing_ = false;
  bool gone_ = false;
  int in_flight_ = 0;
  int failures_ = 0;  ///< in a row
  std::optional<SendingBudget> budget_;
  std::set<std::string> alone_;  ///< ids that were refused in company: the next time they go by themselves
  RetryPlan plan_;
};

/// The receivers that are configured, by name.
using ReceiverQueues = std::map<std::string, ReceiverQueue>;
/// Returns null if the receiver is not configured any more.
[[nodiscard]] ReceiverQueue* find(ReceiverQueues& queues, const std::string& receiver);

}  // namespace crmpulse::collector
