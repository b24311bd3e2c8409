#pragma once
// A test message on its way to one receiver, past the outbox: sent, sent once more if the answer changes how it must be
// written, its outcome asked for where the receiver only said "accepted". For `test-alert` and the API.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "collector/delivery/sender.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/base/receiver_settings.h"
#include "net/loop/loop.h"

namespace crmpulse::collector {

/// Made, used and dropped on the loop's thread; dropping it ends it.
class Trial : public std::enable_shared_from_this<Trial> {
 public:
  struct Outcome {
    bool delivered = false;
    int code = 0;        ///< HTTP status or SMTP code of the last answer; 0: there was none
    std::string why;     ///< one line, no URL path, no secret
    std::string answer;  ///< as the receiver wrote it
  };
  using Done = std::function<void(const Outcome&)>;

  Trial(net::Loop& loop, Clients clients, const ReceiverSettings& receiver, Done done);
  /// Sends. `done` is called once, on the loop, after half a minute or so at most.
  void start();

 private:
  [[nodiscard]] const Receiver& way() const { return *settings_.receiver; }
  using Step = void (Trial::*)(const net::ClientResponse&);
  void dispatch(Outgoing outgoing, Step then);
  void answered(const net::ClientResponse& response);
  void ask();
  void confirmed(const net::ClientResponse& response);
  void later(const Verdict& verdict, void (Trial::*then)());
  void finish(const Verdict& verdict, const net::ClientResponse& response);

  net::Loop& loop_;
  Clients clients_;
  ReceiverSettings settings_;
  Done done_;
  store::OutboxRow row_;
  int attempts_ = 0;
  unsigned terms_ = 0;
  std::optional<net::ClientRequest> question_;
  int asked_ = 0;
  net::Loop::Timer timer_;
};

}  // namespace crmpulse::collector
