#pragma once
// The last 24 hours of each CRM as 48 half-hours, each by the worst that held in it: what a list of many CRMs shows at
// a glance. In memory, from the timeline of states. Belongs to the loop's thread.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/history/states.h"

namespace crmpulse::collector {

/// One CRM's half-hours; they begin on the hour and at half past, UTC.
class StateStrip {
 public:
  static constexpr std::size_t kSlots = 48;
  static constexpr Duration kWidth{std::chrono::minutes{30}};

  /// From the change on holds what it says. Earlier changes than the newest so far count as of the newest.
  void add(const store::StateChange& change);
  /// Brings the strip up to `now`: what held last holds on. Follows a clock that was put back, too.
  void advance(TimePoint now);
  /// Returns one digit for each half-hour, the oldest first: 0 healthy, 1 sub-healthy, 2 poor, n no data,
  /// m maintenance. Of several that held in one the worst is shown: 2, 1, m, n, 0.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] char& slot(std::int64_t index) { return slots_[static_cast<std::size_t>(index) % kSlots]; }

  std::array<char, kSlots> slots_{};  ///< digits, by their number modulo kSlots; 0: not known
  std::int64_t newest_ = -1;          ///< number of the newest half-hour since 1970; -1: none yet
  char holds_ = 'n';
};

class StateStrips {
 public:
  void add(const store::StateChange& change) { strips_[change.crm].add(change); }
  void forget(const std::string& crm) { strips_.erase(crm); }
  void clear() { strips_.clear(); }
  /// Returns the 48 digits up to `now`; all `n` of a CRM that is not known.
  [[nodiscard]] std::string strip_of(std::string_view crm, TimePoint now);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, StateStrip, Hash, std::equal_to<>> strips_;
};

}  // namespace crmpulse::collector
