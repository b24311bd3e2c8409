#pragma once
// The outbox as the loop uses it: each call is a job of the store's writer, its result comes back on the loop.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net/loop/loop.h"
#include "store/collector/collector_store.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

using OutboxRows = std::vector<store::OutboxRow>;

struct LeaseRequest {
  std::string receiver;
  int limit = 1;
  bool newest_only = false;  ///< of each queue only the newest message matters
};

/// Owned by the notifier; belongs to the loop's thread. While the writer's queue is full, nothing is done: what returns
/// a bool says false then and never calls `then`.
class Outbox {
 public:
  Outbox(net::Loop& loop, store::Writer& writer) : loop_(loop), writer_(writer) {}

  /// Leases the rows of a receiver that are due, for ten minutes; none if the disk refuses. Bad news that is two hours
  /// old is not sent if something newer about the same subject waits behind it.
  [[nodiscard]] bool lease(const LeaseRequest& request, TimePoint now, std::function<void(OutboxRows)> then);
  /// Stores outcomes and, with them, new messages about them. `then` is called when they are stored; outcomes that the
  /// disk refuses are kept for take_unsettled().
  void settle(OutboxRows outcomes, OutboxRows notices,
              std::function<void(const OutboxRows& outcomes, const OutboxRows& notices)> then);
  /// Returns the outcomes that could not be stored: the caller settles them again.
  [[nodiscard]] OutboxRows take_unsettled() { return std::exchange(unsettled_, {}); }
  /// What a receiver that keeps states was told: the newest message of each subject, whatever became of it, and the two
  /// newest that it took, without bodies.
  struct Told {
    OutboxRows newest;
    OutboxRows delivered;
  };
  /// `then` is not called if reading fails.
  [[nodiscard]] bool told(const std::string& receiver, std::function<void(const Told&)> then);
  /// Marks as delivered what a receiver that keeps states was told otherwise.
  void mark_told(const std::string& receiver, std::vector<std::string> ids);
  /// Abandons the rows of all other receivers; `then` gets their number by receiver.
  void keep_only(std::vector<std::string> receivers,
                 std::function<void(const std::map<std::string, std::int64_t>&)> then);
  void count();
  /// Returns what count() found last.
  [[nodiscard]] const store::OutboxCounts& counts() const { return counts_; }
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

 private:
  template <typename T>
  [[nodiscard]] bool submit(std::function<Result<T>(store::Database&)> job, std::function<void(Result<T>)> then);

  net::Loop& loop_;
  store::Writer& writer_;
  OutboxRows unsettled_;
  store::OutboxCounts counts_;
};

}  // namespace crmpulse::collector
