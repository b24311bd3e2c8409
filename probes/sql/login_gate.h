#pragma once
// Databases lock accounts too: a login that was refused stops the others of its account.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/secret.h"
#include "probes/auth/login_pause.h"
#include "probes/sql/driver/connection.h"

namespace crmpulse::probes::sql {

/// Of one account at one database, for all connections to it. Thread-safe.
class LoginGate {
 public:
  using Clock = std::function<TimePoint()>;
  explicit LoginGate(Clock wall) : wall_(std::move(wall)) {}

  /// Returns why nobody is to log in now; nullopt: log in, and call leave() with what became of it. Until a login has
  /// worked only one is under way: the others wait for what becomes of it, at most half of their time, for a server
  /// that hangs refuses nobody.
  [[nodiscard]] std::optional<Failure> enter(const Limits& limits);
  /// `failed`: the login's failure, nullopt if it worked.
  void leave(const std::optional<Failure>& failed);

  /// Was the login refused, so that trying it again may lock the account?
  [[nodiscard]] static bool is_refusal(const Failure& failure) {
    return failure.stage == Stage::auth &&
           (failure.reason == Reason::credentials || failure.reason == Reason::permission);
  }

 private:
  const Clock wall_;
  std::mutex mutex_;
  std::condition_variable left_;
  bool proven_ = false;  ///< the last login worked
  int under_way_ = 0;
  auth::LoginPause pause_;
};

/// The gates of all accounts that somebody uses. Thread-safe.
class LoginGates {
 public:
  explicit LoginGates(LoginGate::Clock wall) : wall_(std::move(wall)) {}
  /// `url` names the user and the database. A changed password is another account.
  [[nodiscard]] std::shared_ptr<LoginGate> of(const std::string& url, const Secret& password);

 private:
  const LoginGate::Clock wall_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<LoginGate>> gates_;
};

}  // namespace crmpulse::probes::sql
