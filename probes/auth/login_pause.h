#pragma once
// How long a login that was refused is not tried again: an account that is asked with a wrong password is locked.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "core/failure/failure.h"
#include "core/time/time.h"

namespace crmpulse::probes::auth {

/// After credentials, permission and rate limits 30 s, doubled up to 1 h; after anything else 2 s, doubled up to 15 s.
/// Pure: `now` is brought, of the wall's clock.
class LoginPause {
 public:
  /// May trying it again lock the account, or make the CRM refuse us for longer?
  [[nodiscard]] static bool is_risky(const Failure& failure) {
    return failure.reason == Reason::credentials || failure.reason == Reason::permission ||
           failure.reason == Reason::rate_limited || failure.reason == Reason::quota ||
           (failure.stage == Stage::auth && failure.reason == Reason::missing);
  }

  /// A login failed. `wanted`: how long the CRM wants to be left alone; counts when it is `risky`.
  void put_off(const Failure& failure, bool risky, TimePoint now, std::optional<Duration> wanted = std::nullopt) {
    failures_ = risky == risky_ ? failures_ + 1 : 1;
    risky_ = risky;
    failure_ = failure;
    failed_at_ = now;
    const Duration delay = delay_after(risky, failures_);
    next_try_ = now + (risky ? std::max(delay, wanted.value_or(delay)) : delay);
  }
  /// Also over when the clock was set back.
  [[nodiscard]] bool waits(TimePoint now) const { return failure_ && now < next_try_ && now >= failed_at_; }
  /// A login worked.
  void clear() {
    failure_.reset();
    failures_ = 0;
  }
  /// The next failure is the first of a new story.
  void forget_count() { failures_ = 0; }

  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }  ///< of the last login
  [[nodiscard]] TimePoint next_try() const { return next_try_; }
  [[nodiscard]] TimePoint failed_at() const { return failed_at_; }
  /// The last failure, with when the next try comes. There must be one.
  [[nodiscard]] Failure told_again() const {
    constexpr std::size_t kMostOfMessage = 240;
    Failure failure = *failure_;
    failure.message = fmt::format("{}; the next try is at {}", one_line(failure.message, kMostOfMessage),
                                  format_time(std::chrono::ceil<std::chrono::seconds>(next_try_)));
    return failure;
  }

 private:
  static Duration delay_after(bool risky, int failures) {
    using std::chrono::hours;
    using std::chrono::seconds;
    const Duration first = risky ? Duration{seconds{30}} : Duration{seconds{2}};
    const Duration most = risky ? Duration{hours{1}} : Duration{seconds{15}};
    return std::min(most, first * (1 << std::clamp(failures - 1, 0, 10)));
  }

  std::optional<Failure> failure_;  ///< absent after a login that worked
  bool risky_ = false;              ///< failure_ is of the kind that may lock an account
  int failures_ = 0;                ///< in a row, of that kind
  TimePoint failed_at_;
  TimePoint next_try_;
};

}  // namespace crmpulse::probes::auth
