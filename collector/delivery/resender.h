#pragma once
// Sends receivers that keep states the messages again that they must hear again and again.

#include <map>
#include <string>

#include "collector/delivery/outbox.h"
#include "collector/delivery/receiver_queue.h"
#include "collector/delivery/resend_schedule.h"
#include "collector/delivery/sender.h"
#include "collector/engine/clocks.h"

namespace crmpulse::collector {

/// Owned by the notifier; belongs to the loop's thread.
class Resender {
 public:
  Resender(Sender& sender, Outbox& outbox, const Clock& clock, ReceiverQueues& queues)
      : sender_(sender), outbox_(outbox), clock_(clock), queues_(queues) {}

  /// Follows a change of the queues.
  void reconfigure();
  /// Takes a new message, if its receiver keeps states.
  void learn(const store::OutboxRow& row);
  void tick();
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

 private:
  struct Feed {
    ResendSchedule schedule;
    bool sending = false;
  };

  void start(const std::string& receiver);
  void send(const ReceiverQueue& queue, Feed& feed, Duration interval);
  void answered(const Delivery& delivery, const net::ClientResponse& response);

  Sender& sender_;
  Outbox& outbox_;
  const Clock& clock_;
  ReceiverQueues& queues_;
  std::map<std::string, Feed> feeds_;  ///< by receiver
};

}  // namespace crmpulse::collector
