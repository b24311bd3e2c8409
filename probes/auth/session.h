#pragma once
// One login for all CRMs of one identity: kept, shared, renewed once.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/sample.h"
#include "core/time/clock.h"
#include "net/client/http_client.h"
#include "probes/auth/flows.h"

namespace crmpulse::probes::auth {

/// What authorises a request.
struct Access {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string base_url;                                    ///< may be empty; without a closing slash
  std::map<std::string, std::string, std::less<>> values;  ///< beside parameters: `uid`, `secret`, …
  std::uint64_t generation = 0;                            ///< which token this is
  bool may_lock = false;  ///< a name and a password: refused again and again, the CRM locks the account
};

/// Counted since the start, for crm_agent_token_… samples.
struct LoginStats {
  std::optional<TimePoint> obtained;  ///< of the token in use; not of one the user gave
  std::optional<TimePoint> expires;
  std::map<std::string, std::uint64_t, std::less<>> refreshes;  ///< outcome (`ok` or a reason) → count
  std::uint64_t requests = 0;
};

/// `labels` on every sample: crm_agent_token_age_seconds, crm_agent_token_expiry_timestamp_seconds (both only while
/// there is a token), crm_agent_token_refreshes_total{outcome}.
[[nodiscard]] std::vector<Sample> token_samples(const LoginStats& stats, const Labels& labels, TimePoint at);

/// What one renewal told, for the samples of operation `login`; handed to one caller of access(), who need not be the
/// one who waited for it.
struct Login {
  double duration_seconds = 0;
  std::optional<Failure> failure;
};

/// How much speaks against a token, or against the address that came with it.
enum class Doubt {
  slight,  ///< what was asked for is not there, or is forbidden without a word of why
  strong   ///< the token is not accepted, or its address has moved or gone
};

/// Thread-safe. Many ask, one request is made (single flight).
///
/// After a failed login the next try waits, and access() answers at once with that failure: a wrong password must not
/// lock the account. Credentials, permission and rate limits: 30 s, doubled up to 1 h; anything else: 2 s, doubled up
/// to 15 s. Cleared by success and by new settings, which are a new session.
class Session {
 public:
  virtual ~Session() = default;
  using Done = std::function<void(boost::system::result<Access, Failure>, std::optional<Login>)>;
  /// Calls `done` once, now or later, on some thread; at the latest at `deadline`. Never blocks. A token within five
  /// minutes of its end (or a tenth of its life), or a day old when nobody said how long it lives, is renewed meanwhile
  /// and still given while it is good.
  virtual void access(std::chrono::steady_clock::time_point deadline, Done done) = 0;
  /// The CRM refused this token: when it is still the one in use, the next access() renews it. Not so when the user
  /// gave it, or when five were got within ten minutes: then access() gives the same generation again, and asking the
  /// CRM once more is of no use. A name and password (flow `basic`) that were not accepted since they were last refused
  /// are kept back as after a failed login, and so is a `login` whose new token the CRM never took.
  virtual void refuse(std::uint64_t generation) = 0;
  /// The CRM did as asked with this token.
  virtual void accept(std::uint64_t /*generation*/) {}
  /// The answer to this token may mean that it, or the address that came with it, does not hold any more. Makes one
  /// fresh login and calls `done` as access() does; the old token stays in use until there is a new one. `done` gets
  /// the same generation when the login failed, and at once when there can be none: the user gave the token, a failed
  /// login makes us wait, or doubts of this kind led to one not long ago (5 minutes, doubled up to an hour while they
  /// go on).
  virtual void renew(std::uint64_t generation, Doubt doubt, std::chrono::steady_clock::time_point deadline,
                     Done done) = 0;
  [[nodiscard]] virtual LoginStats stats() const = 0;
  /// Returns whose login it is: the same for the same flow, addresses, user and secrets.
  [[nodiscard]] virtual std::string identity() const { return {}; }
  /// The same for addresses that are only written in another way (case, port, a closing slash): whose allowance it is.
  [[nodiscard]] virtual std::string account() const { return identity(); }
};

/// Fills in the requests of a flow that the recipe describes.
struct RecipeRequests {
  FillIn fill_in;               ///< empty: the flow has none
  std::vector<Secret> secrets;  ///< that they may hold, beside the user's
};

/// One session per identity (flow, addresses, client and user names, secrets), made at need and gone with its last
/// user; tokens on disk under `state_dir`/tokens (0600, replaced whole), nothing on disk when it is empty.
class Sessions {
 public:
  using WallClock = std::function<TimePoint()>;
  explicit Sessions(net::HttpClient& client, WallClock now = &wall_now);
  /// Answers everyone that still waits with request/skipped. Destroy it before the client.
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;
  /// Returns the session of an identity, null if the flow is unknown. Thread-safe. Reads the token's file.
  [[nodiscard]] std::shared_ptr<Session> get(const AuthFlow& flow_filled_in, const LoginSettings& settings,
                                             const net::ClientTls& tls, const std::string& proxy,
                                             const std::string& state_dir, RecipeRequests requests = {});
  /// Removes what is kept under `state_dir` for other identities than these; their sessions are logged out and
  /// forgotten when their last user goes. Does not wait for the disk. Thread-safe.
  void keep_only(const std::set<std::string>& identities, const std::string& state_dir);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::probes::auth
