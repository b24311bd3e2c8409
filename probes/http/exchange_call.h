#pragma once
// One call with its login, asked again once when the login has ended; and what the calls of one target share.
// For exchanger.cpp and batch.cpp.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/client/http_client.h"
#include "probes/auth/login_pause.h"
#include "probes/auth/session.h"
#include "probes/http/exchange.h"
#include "probes/http/exchange_signals.h"
#include "probes/run/run.h"
#include "probes/template/template.h"

namespace crmpulse::probes {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A user and a password that a target's requests bring along without a login (`basic`). Refused, they are not sent
/// again for a while: the CRM would lock the account. Thread-safe.
class GivenPassword {
 public:
  /// Returns the failure to tell instead of asking, nullopt if we may ask.
  [[nodiscard]] std::optional<Failure> refusal(TimePoint now) const;
  void refused(TimePoint now);
  void accepted();

 private:
  mutable std::mutex mutex_;
  bool accepted_ = false;  ///< since it was last refused: then one refusal may be about what was asked for
  auth::LoginPause pause_;
};

/// What all exchanges of one target share; runs under way keep it alive.
struct ExchangeCore {
  ExchangeCore(net::HttpClient& http, std::shared_ptr<const TargetSpec> target, std::shared_ptr<auth::Session> login,
               std::function<TimePoint()> wall);
  [[nodiscard]] const Recipe& recipe() const { return *spec->recipe; }

  net::HttpClient& client;
  const std::shared_ptr<const TargetSpec> spec;
  const std::shared_ptr<auth::Session> session;  ///< null: no login
  const std::function<TimePoint()> clock;
  const std::string agent;
  const std::vector<std::string> secrets;  ///< of parameters: masked in what CRMs say
  Signals signals;
  GivenPassword given;
  std::atomic<bool> stopped{false};  ///< nothing more is sent
};

/// The variables of one run with what they fill in. Not movable: its values point into it.
class RunValues {
 public:
  RunValues(const ExchangeCore& core, Variables variables);
  RunValues(const RunValues&) = delete;
  RunValues& operator=(const RunValues&) = delete;
  void add(const auth::Access& access);
  [[nodiscard]] const Values& values() const { return values_; }
  [[nodiscard]] const std::vector<std::string>& secrets() const { return secrets_; }

 private:
  const ExchangeCore& core_;
  Variables variables_;
  Values values_;
  std::vector<std::string> secrets_;  ///< those of the core and of the login
};

/// What one call gave.
struct CallOutcome {
  std::optional<Failure> failure;  ///< there is no answer
  net::ClientResponse response;
  bool renewed_in_vain = false;  ///< the answer says that a new login is not good either
  std::string url;               ///< as it was asked
};

/// Makes one call: `asked` says which answers it expects. `prepare` is called with the login at hand, once or twice.
/// `done` may be called before this returns. Phases, duration, calls, login and signals are added to `result`, which
/// with `prepare`'s captures must live as long as `done`.
void make_call(const std::shared_ptr<ExchangeCore>& core, SteadyTime deadline, const HttpCall& asked,
               ExchangeResult& result, std::function<Result<net::ClientRequest>(const auth::Access&)> prepare,
               std::function<void(CallOutcome)> done);

/// Adds the seconds to the phase of this name.
void add_phase(std::vector<std::pair<std::string, double>>& phases, std::string_view name, double seconds);

}  // namespace crmpulse::probes
