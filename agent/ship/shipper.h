#pragma once
// Spool → collector (or any remote-write receiver): oldest first, one request in flight, until it is acknowledged.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/ship/ship_answer.h"
#include "core/secret.h"
#include "net/client/http_client.h"
#include "store/spool/spool.h"

namespace crmpulse::agent {

/// Has a thread of its own, because the spool's reads and syncs block. Samples are dropped only when the receiver
/// itself refuses them, and then one by one.
class Shipper {
 public:
  struct Options {
    std::string agent;
    std::string url;
    ReceiverKind receiver = ReceiverKind::unknown;  ///< unknown: what the address proves
    Secret token;
    net::ClientTls tls;
    std::size_t batch_samples = 2000;
    Duration timeout{std::chrono::seconds{30}};
    Duration gather{500};  ///< from the first measurement that waits until it is sent: others go with it
    Duration backoff_base{std::chrono::seconds{1}};
    Duration backoff_cap{std::chrono::minutes{1}};
  };

  Shipper(store::Spool& spool, net::HttpClient& client, Options options);
  ~Shipper();
  /// Sets the options from the next request on.
  void configure(Options options);
  /// Starts no more requests; the current one has a second to be answered. What is not acknowledged stays in the spool.
  void stop();

  /// Of the address that is configured now.
  enum class Reach {
    not_asked,
    asked,      ///< for the first time; the answer is awaited
    reachable,  ///< the last request was answered with a decision
    not_reachable,
  };
  struct Stats {
    std::uint64_t sent_samples = 0;
    std::uint64_t dropped_samples = 0;                                  ///< the receiver will never take them
    std::map<std::string, std::uint64_t, std::less<>> refused_samples;  ///< the same, by reason
    std::uint64_t dropped_evidence = 0;  ///< lines: a plain receiver takes none, the collector what it can read
    std::uint64_t failed_requests = 0;
    Reach reach = Reach::not_asked;
  };
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::agent
