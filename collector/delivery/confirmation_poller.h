#pragma once
// Asks what became of messages whose receiver only said "accepted".

#include <functional>
#include <vector>

#include "collector/delivery/receiver_queue.h"
#include "collector/delivery/sender.h"
#include "collector/engine/clocks.h"

namespace crmpulse::collector {

/// Owned by the notifier; belongs to the loop's thread.
class ConfirmationPoller {
 public:
  /// Takes what became of a delivery. Of a receiver that is not configured any more the verdict means nothing.
  using Done = std::function<void(Delivery, const Verdict&)>;
  ConfirmationPoller(Sender& sender, Clocks clocks, ReceiverQueues& queues, Done done)
      : sender_(sender), clocks_(clocks), queues_(queues), done_(std::move(done)) {}

  /// Sends the receiver's request for the outcome, and again while it is not known: about a minute.
  void poll(Delivery delivery, net::ClientRequest request) { ask({std::move(delivery), std::move(request)}); }
  void tick();
  /// Moves all times by `by`, after the clock was corrected.
  void clock_stepped(Duration by);

 private:
  struct ConfirmationPoll {
    Delivery delivery;
    net::ClientRequest request;
    int asked = 0;
    TimePoint due{};
  };

  void ask(ConfirmationPoll poll);
  void answered(ConfirmationPoll poll, const net::ClientResponse& response);

  Sender& sender_;
  Clocks clocks_;
  ReceiverQueues& queues_;
  Done done_;
  std::vector<ConfirmationPoll> waiting_;  ///< to be asked again
};

}  // namespace crmpulse::collector
