#pragma once
// Takes messages out of the outbox and to their receivers, at least once, in order per subject. Receivers are
// independent: a dead endpoint delays nobody else. Belongs to the loop's thread.
//
// What goes out together: a receiver with a budget gets what is due as one message when its last allowed request of the
// moment is reached; a receiver that takes lists gets lists; the others one row each.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "collector/delivery/dispatch.h"
#include "collector/delivery/outbox_lease.h"
#include "collector/delivery/resend_schedule.h"
#include "collector/delivery/retry_plan.h"
#include "collector/delivery/sending_budget.h"
#include "collector/engine/clocks.h"
#include "net/loop/loop.h"
#include "store/collector/collector_store.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class Notifier {
 public:
  struct ReceiverStats {
    std::uint64_t delivered = 0;
    std::uint64_t retried = 0;
    std::uint64_t dead = 0;
    std::uint64_t abandoned = 0;  ///< waited for it when it was taken out of the configuration
    bool breaker_open = false;
  };

  Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, Clients clients,
           const std::shared_ptr<const Configuration>& configuration);

  /// Call it when new rows are in the outbox.
  void wake(const std::vector<store::OutboxRow>& rows);
  /// The disk refuses these rows for now: each is tried without the outbox, so that somebody hears of it, and is not
  /// sent again when it reaches the outbox after all. May be called again with the same rows.
  void send_unstored(const std::vector<store::OutboxRow>& rows);
  /// Runs once a second: sends rows that came due, stores outcomes the disk refused before, and resends states.
  void tick();
  /// Tries receivers again that had said they are gone (HTTP 410).
  void reconfigure(const std::shared_ptr<const Configuration>& configuration);
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);
  /// Sends nothing new from here on.
  void stop() { stopping_ = true; }
  [[nodiscard]] int in_flight() const { return in_flight_; }

  [[nodiscard]] const std::map<std::string, ReceiverStats>& stats() const { return stats_; }
  [[nodiscard]] const store::OutboxCounts& outbox() const { return outbox_; }

 private:
  struct Worker {
    std::shared_ptr<const Receiver> receiver;
    net::Forbid forbid = net::Forbid::link_local;
    bool heartbeat = false;
    TimePoint next_poll;     ///< when the outbox is asked again
    TimePoint retry_at;      ///< when the next failed row known here is due; in the past: none known
    TimePoint paused_until;  ///< breaker or Retry-After
    bool leasing = false;
    bool gone = false;
    int in_flight = 0;
    int failures = 0;  ///< in a row
    std::optional<SendingBudget> budget;
    std::set<std::string> alone;         ///< ids that were refused in company: the next time they go by themselves
    std::optional<ResendSchedule> feed;  ///< of a receiver that repeats()
    bool feed_sending = false;
  };
  /// The messages that one request carries to a receiver.
  struct Delivery {
    std::string receiver;
    std::vector<store::OutboxRow> rows;
    unsigned terms = 0;  ///< the receiver's, when it was written
  };
  /// A poll for the outcome of a request that was only "accepted" so far.
  struct ConfirmationPoll {
    Delivery parcel;
    net::ClientRequest request;
    int asked = 0;
    TimePoint due;
  };
  struct Unstored {
    bool told = false;
    bool sending = false;
    int attempts = 0;
    TimePoint again;
  };

  static constexpr int kBreakerFailures = 5;

  void start_feed(const std::string& name, Worker& worker);
  void resend(const std::string& name, Worker& worker);
  void resent(const Delivery& said, const net::ClientResponse& answer);
  void poll(const std::string& name, Worker& worker);
  void leased(const std::string& name, std::vector<store::OutboxRow> rows, int requests);
  [[nodiscard]] static std::vector<Delivery> pack(const std::string& name, const Worker& worker,
                                                  std::vector<store::OutboxRow> rows, int requests);
  void put_back(std::vector<store::OutboxRow> rows);
  /// Abandons rows whose receiver was removed from the configuration while they were under way.
  void give_up(std::vector<store::OutboxRow> rows);
  void deliver(Worker& worker, Delivery parcel);
  /// Judges the answer to a request that was written under the receiver's `terms` of then.
  [[nodiscard]] Verdict judge(const Receiver& receiver, unsigned terms, const net::ClientResponse& response,
                              int attempts) const;
  void answered(Delivery parcel, const net::ClientResponse& response);
  void ask(ConfirmationPoll question);
  void question_answered(ConfirmationPoll question, const net::ClientResponse& response);
  void finish(Worker& worker, Delivery parcel, const Verdict& verdict);
  void delivered(const std::string& name, Worker& worker, std::vector<store::OutboxRow>& rows);
  void failed(const std::string& name, Worker& worker, const Verdict& verdict);
  void bury(const std::string& name, store::OutboxRow& row);
  void settle(std::vector<store::OutboxRow> rows);
  void settled(const std::vector<store::OutboxRow>& rows);
  [[nodiscard]] std::vector<store::OutboxRow> dead_notices(const store::OutboxRow& row) const;
  void send_unstored(Worker& worker, const store::OutboxRow& row, Unstored& attempt);
  [[nodiscard]] bool told_unstored(const store::OutboxRow& row);
  void count_outbox();
  /// Abandons the rows of receivers that are not configured any more.
  void abandon_orphans();

  net::Loop& loop_;
  store::Writer& writer_;
  Clocks clocks_;
  Clients clients_;
  std::map<std::string, Worker> workers_;
  std::map<std::string, ReceiverStats> stats_;
  std::vector<store::OutboxRow> unsettled_;   ///< outcomes that could not be stored yet
  std::vector<ConfirmationPoll> questions_;   ///< not asked yet, or to be asked again
  std::map<std::string, Unstored> unstored_;  ///< by id
  RetryPlan plan_;
  store::OutboxCounts outbox_;
  TimePoint last_count_;
  int in_flight_ = 0;
  bool stopping_ = false;
};

}  // namespace crmpulse::collector
