#pragma once
// Doubles as integers, exactly: scaled by the fewest decimals that all of them have, else their bits. Internal to
// store/.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace crmpulse::store {

inline constexpr int kMaxDigits = 9;
/// How values became integers: 0…9: value · 10^n; kBits: each double's bits.
inline constexpr std::uint64_t kBits = 15;

/// Returns the whole number that divided by 10^digits gives this very double; nullopt if there is none.
[[nodiscard]] std::optional<std::int64_t> scaled(double value, int digits);
/// Returns the fewest digits by which all are whole, more than kMaxDigits if there are none. Begins at `digits`.
[[nodiscard]] int digits_of(double value, int digits);
[[nodiscard]] double from_integer(std::int64_t number, std::uint64_t how);

}  // namespace crmpulse::store
