#pragma once
// Sends messages to receivers over HTTP or by mail, and brings the answers back to the loop.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "collector/delivery/taken_levels.h"
#include "collector/receivers/base/receiver.h"
#include "core/time/clock.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

/// The clients that requests leave the collector by. Both are thread-safe.
struct Clients {
  net::HttpClient& http;
  net::MailClient& mail;
};

/// Sends a request or a mail. `forbid` is the receiver's policy for the addresses its name resolves to.
void dispatch(const Clients& clients, Outgoing outgoing, net::Forbid forbid, net::HttpClient::Callback callback);

/// The messages that one request carries to a receiver.
struct Delivery {
  std::string receiver;
  std::vector<store::OutboxRow> rows;
  unsigned terms = 0;  ///< the receiver's, when the request was written
};

/// Owned by the notifier; belongs to the loop's thread.
class Sender {
 public:
  Sender(net::Loop& loop, Clients clients, const Clock& wall) : loop_(loop), clients_(clients), wall_(wall) {}

  using Answered = std::function<void(const net::ClientResponse&)>;
  void send(Outgoing outgoing, net::Forbid forbid, Answered answered);
  /// Sends the messages as the receiver writes them now.
  void send(const Receiver& receiver, net::Forbid forbid, Delivery delivery,
            std::function<void(Delivery, const net::ClientResponse&)> answered);
  /// A receiver that keeps states took these messages, now or before the start: what is sent next builds on them.
  void taken(const std::string& receiver, std::span<const store::OutboxRow> rows) { taken_.taken(receiver, rows); }
  void forget(const std::string& receiver) { taken_.forget(receiver); }
  /// Judges the answer to a request that was written under the receiver's `terms` of then.
  [[nodiscard]] Verdict judge(const Receiver& receiver, unsigned terms, const net::ClientResponse& response,
                              int attempts) const;
  /// Returns how many requests have no answer yet.
  [[nodiscard]] int in_flight() const { return in_flight_; }

 private:
  net::Loop& loop_;
  Clients clients_;
  const Clock& wall_;
  int in_flight_ = 0;
  TakenLevels taken_;
};

}  // namespace crmpulse::collector
