#pragma once
// An invitation: what an agent on another machine needs to get a token of its own, once and within an hour.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::collector {

/// How long an invitation holds.
inline constexpr Duration kInvitationLifetime{std::chrono::hours{1}};
/// How many may be open at once.
inline constexpr std::size_t kMostInvitations = 1000;

/// The time by two clocks: people set the wall's; the other only goes on, from the system's start to its end.
struct TwoClocks {
  TimePoint wall;
  std::string boot;    ///< which start of the system; empty if it does not say
  Duration uptime{0};  ///< since then, sleep included
};
/// Reads both. Waits for files.
[[nodiscard]] TwoClocks two_clocks();

struct Invitation {
  std::string agent;
  std::vector<std::string> crms;  ///< what its token will be bound to; empty: as ADR 16 says
  std::string hash;               ///< SHA-256 of its code, in hex
  TwoClocks made;
  [[nodiscard]] TimePoint expires() const { return made.wall + kInvitationLifetime; }
};

/// Returns whether the invitation still holds. A wall clock that was set does not count while the system that made it
/// goes on; after its restart an invitation that seems to come from the future does not hold.
[[nodiscard]] bool is_open(const Invitation& invitation, const TwoClocks& now);

/// Returns a code: 128 random bits, with a prefix that says what it is.
[[nodiscard]] Result<std::string> new_code();
[[nodiscard]] std::string hash_of_code(std::string_view code);

}  // namespace crmpulse::collector
