#pragma once
// Chance and words for the sandbox's company; private to seed.cpp and live.cpp.

#include <array>
#include <cmath>
#include <cstdint>
#include <random>
#include <string_view>

#include "core/time/time.h"

namespace crmpulse::sandbox {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  int pick(int from, int to) { return from + static_cast<int>(random_() % static_cast<std::uint32_t>(to - from + 1)); }
  bool chance(int percent) { return pick(1, 100) <= percent; }
  template <class List>
  const auto& one_of(const List& list) {
    return list[static_cast<std::size_t>(pick(0, static_cast<int>(list.size()) - 1))];
  }
  /// Many short, few long: between `shortest` and `longest`, with the middle one near their geometric mean.
  Duration spread(Duration shortest, Duration longest) {
    const double ratio = static_cast<double>(longest.count()) / static_cast<double>(shortest.count());
    const double factor = std::pow(ratio, pick(0, 1000) / 1000.0);
    return Duration{static_cast<std::int64_t>(static_cast<double>(shortest.count()) * factor)};
  }
  Duration between(Duration from, Duration to) {
    return from + std::chrono::duration_cast<Duration>((to - from) * (pick(0, 10'000) / 10'000.0));
  }

 private:
  std::mt19937 random_;
};

inline constexpr std::array<std::string_view, 16> kFirstNames{"Ana",  "Bo",   "Chen", "Dara", "Elif", "Femi",
                                                              "Goro", "Hana", "Ines", "Jun",  "Kofi", "Lena",
                                                              "Mika", "Nils", "Omar", "Pia"};
inline constexpr std::array<std::string_view, 16> kLastNames{"Almeida", "Berg",   "Costa", "Dietz", "Eriksen", "Fang",
                                                             "Gupta",   "Haddad", "Ito",   "Jonas", "Kim",     "Lopez",
                                                             "Meyer",   "Novak",  "Okoye", "Park"};
inline constexpr std::array<std::string_view, 5> kIndustries{"Retail", "Banking", "Healthcare", "Energy", "Education"};
inline constexpr std::array<std::string_view, 5> kCities{"Lisbon", "Hamburg", "Shanghai", "Toronto", "Nairobi"};
inline constexpr std::array<std::string_view, 5> kCountries{"Portugal", "Germany", "China", "Canada", "Kenya"};
inline constexpr std::array<std::string_view, 4> kOpenStages{"Prospecting", "Qualification", "Proposal", "Negotiation"};
inline constexpr std::array<std::string_view, 3> kPriorities{"Low", "Medium", "High"};
inline constexpr std::array<std::string_view, 3> kOrigins{"Web", "Email", "Phone"};
inline constexpr std::array<std::string_view, 3> kApplications{"Browser", "Mobile", "Data Loader"};
inline constexpr std::array<std::string_view, 4> kTitles{"Buyer", "Director", "Engineer", "Accountant"};

}  // namespace crmpulse::sandbox
