#include "store/history/scaled_values.h"

#include <array>
#include <bit>
#include <cmath>

namespace crmpulse::store {
namespace {

constexpr std::uint64_t kExact = std::uint64_t{1} << 53;  // whole numbers up to here are exact in a double

double power_of_ten(int digits) {
  constexpr std::array kPowers{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  return kPowers.at(static_cast<std::size_t>(digits));
}

}  // namespace

std::optional<std::int64_t> scaled(double value, int digits) {
  const double whole = std::nearbyint(value * power_of_ten(digits));
  if (!(std::fabs(whole) < static_cast<double>(kExact))) return std::nullopt;
  const bool same = std::bit_cast<std::uint64_t>(whole / power_of_ten(digits)) == std::bit_cast<std::uint64_t>(value);
  if (!same || (whole == 0 && std::signbit(value))) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

int digits_of(double value, int digits) {
  while (digits <= kMaxDigits && !scaled(value, digits)) ++digits;
  return digits;
}

double from_integer(std::int64_t number, std::uint64_t how) {
  if (how == kBits) return std::bit_cast<double>(number);
  return static_cast<double>(number) / power_of_ten(static_cast<int>(how));
}

}  // namespace crmpulse::store
