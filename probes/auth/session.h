#pragma once
// One login for all CRMs of one identity: kept, shared, renewed once.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/sample.h"
#include "net/http_client.h"
#include "probes/auth/flows.h"

namespace crmpulse::probes::auth {

/// What authorises a request.
struct Access {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string base_url;                                    ///< may be empty
  std::map<std::string, std::string, std::less<>> values;  ///< beside parameters: `uid`, `secret`, …
  std::uint64_t generation = 0;                            ///< which token this is
};

/// Counted since the start, for crm_agent_token_… samples.
struct Stats {
  std::optional<TimePoint> obtained;  ///< of the token in use
  std::optional<TimePoint> expires;
  std::map<std::string, std::uint64_t, std::less<>> refreshes;  ///< outcome (`ok` or a reason) → count
  std::uint64_t requests = 0;
};

/// What one renewal told, for the samples of operation `login`; handed to whoever asked first.
struct Login {
  double duration_seconds = 0;
  std::optional<Failure> failure;
};

/// Thread-safe. Many ask, one request is made (single flight). After a failed login the next try waits: a wrong
/// password must not lock the account (back-off 30 s, doubled up to 1 h; cleared by success or new settings).
class Session {
 public:
  virtual ~Session() = default;
  using Done = std::function<void(boost::system::result<Access, Failure>, std::optional<Login>)>;
  /// Calls `done` once, now or later, on some thread; at the latest at `deadline`. A token that ends within five
  /// minutes (or a tenth of its life) is renewed first.
  virtual void access(std::chrono::steady_clock::time_point deadline, Done done) = 0;
  /// The CRM refused this token: when it is still the one in use, the next access() renews it.
  virtual void refuse(std::uint64_t generation) = 0;
  [[nodiscard]] virtual Stats stats() const = 0;
};

/// One session per identity (flow, addresses, client and user names), made at need; tokens on disk under
/// `state_dir`/tokens (0600, replaced whole), nothing on disk when it is empty.
class Sessions {
 public:
  explicit Sessions(net::HttpClient& client);
  ~Sessions();
  [[nodiscard]] std::shared_ptr<Session> get(const AuthFlow& flow_filled_in, const Settings& settings,
                                             const net::ClientTls& tls, const std::string& proxy,
                                             const std::string& state_dir);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::probes::auth
