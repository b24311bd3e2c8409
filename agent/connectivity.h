#pragma once
// Asks a neutral target whether our own network works, so that a CRM is not blamed for it.

#include <functional>
#include <memory>
#include <string>

#include "core/sample.h"
#include "net/client/http_client.h"
#include "net/loop/loop.h"

namespace crmpulse::agent {

/// On the loop's thread. One request each interval; one that is still out is not joined by a second.
class Connectivity {
 public:
  struct Options {
    std::string agent;
    std::string url;
    Duration interval;
    Duration timeout;
  };
  using Sink = std::function<void(std::vector<Sample>)>;
  Connectivity(net::Loop& loop, net::HttpClient& client, Options options, Sink sink);

 private:
  void ask();
  void answered(TimePoint at, const net::ClientResponse& response);

  net::Loop& loop_;
  net::HttpClient& client_;
  Options options_;
  Sink sink_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< answers may come after we have gone
  bool asking_ = false;
  net::Loop::Timer timer_;
};

}  // namespace crmpulse::agent
