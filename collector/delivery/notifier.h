#pragma once
// Takes messages out of the outbox and to their receivers, at least once, in order per subject. Receivers are
// independent: a dead endpoint delays nobody else.
//
// The way of a message: Outbox (leased) -> ReceiverQueue (packed) -> Sender (sent) -> ConfirmationPoller (if its
// receiver only said "accepted") -> ReceiverQueue (judged) -> Outbox (settled). Beside it: Resender for receivers that
// keep states, UnstoredSender while the disk refuses.

#include <map>
#include <memory>
#include <string>

#include "collector/configuration/configuration.h"
#include "collector/delivery/confirmation_poller.h"
#include "collector/delivery/outbox.h"
#include "collector/delivery/receiver_queue.h"
#include "collector/delivery/resender.h"
#include "collector/delivery/sender.h"
#include "collector/delivery/unstored_sender.h"
#include "collector/engine/clocks.h"

namespace crmpulse::collector {

/// Owned by the collector; belongs to the loop's thread.
class Notifier {
 public:
  Notifier(net::Loop& loop, store::Writer& writer, Clocks clocks, Clients clients,
           const std::shared_ptr<const Configuration>& configuration);

  /// Call it when new rows are in the outbox.
  void wake(const OutboxRows& rows);
  /// The disk refuses these rows for now: each is tried without the outbox, so that somebody hears of it, and is not
  /// sent again when it reaches the outbox after all. May be called again with the same rows.
  void send_unstored(const OutboxRows& rows);
  /// Runs once a second: sends rows that came due, stores outcomes the disk refused before, and resends states.
  void tick();
  /// Tries receivers again that had said they are gone (HTTP 410).
  void reconfigure(const std::shared_ptr<const Configuration>& configuration);
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);
  /// Sends nothing new from here on.
  void stop() { stopping_ = true; }
  [[nodiscard]] int in_flight() const { return sender_.in_flight(); }

  [[nodiscard]] const std::map<std::string, ReceiverStats>& stats() const { return stats_; }
  [[nodiscard]] const store::OutboxCounts& outbox() const { return outbox_.counts(); }

 private:
  void poll(ReceiverQueue& queue);
  void leased(const std::string& receiver, OutboxRows rows, int requests);
  void send(ReceiverQueue& queue, Delivery delivery);
  void answered(Delivery delivery, const net::ClientResponse& response);
  void finish(Delivery delivery, const Verdict& verdict);
  void put_back(OutboxRows rows);
  /// Abandons rows whose receiver was removed from the configuration while they were under way.
  void give_up(OutboxRows rows);
  void settle(OutboxRows rows);
  void settled(const OutboxRows& rows);
  [[nodiscard]] OutboxRows dead_notices(const store::OutboxRow& row) const;
  /// Abandons the rows of receivers that are not configured any more.
  void abandon_orphans();

  Clocks clocks_;
  std::map<std::string, ReceiverStats> stats_;  ///< of receivers that are gone too
  ReceiverQueues queues_;
  Sender sender_;
  Outbox outbox_;
  ConfirmationPoller confirmations_;
  Resender resender_;
  UnstoredSender unstored_;
  TimePoint last_count_;
  bool stopping_ = false;
};

}  // namespace crmpulse::collector
