#pragma once
// Sends messages that the disk refuses, so that somebody hears of them. They are not sent again when they reach the
// outbox after all.

#include <map>
#include <string>

#include "collector/delivery/receiver_queue.h"
#include "collector/delivery/resender.h"
#include "collector/delivery/sender.h"

namespace crmpulse::collector {

/// Owned by the notifier; belongs to the loop's thread.
class UnstoredSender {
 public:
  UnstoredSender(Sender& sender, Resender& resender, const Clock& clock, ReceiverQueues& queues)
      : sender_(sender), resender_(resender), clock_(clock), queues_(queues) {}

  /// Tries each row, those of one subject in order. May be called again with the same rows.
  void send(const OutboxRows& rows);
  /// The row is in the outbox now: returns true if it was told without it.
  [[nodiscard]] bool told(const store::OutboxRow& row);
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

 private:
  struct Unstored {
    bool told = false;
    bool sending = false;
    int attempts = 0;
    TimePoint again;
  };

  void send(ReceiverQueue& queue, const store::OutboxRow& row, Unstored& attempt);

  Sender& sender_;
  Resender& resender_;
  const Clock& clock_;
  ReceiverQueues& queues_;
  std::map<std::string, Unstored> unstored_;  ///< by id
};

}  // namespace crmpulse::collector
