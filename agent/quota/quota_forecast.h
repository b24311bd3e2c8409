#pragma once
// What readings tell about a CRM's own allowances, and when each will be used up if things go on like this. Pure.

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/sample.h"

namespace crmpulse::agent {

/// The use of one allowance over the last hours.
class QuotaTrend {
 public:
  /// `used` may be counted from anywhere (the negative of what is left serves): only its change matters, and that it
  /// falls when the allowance begins anew.
  void add(TimePoint at, double used, double remaining);
  /// Returns when nothing will be left; nullopt if that is not within 24 hours, or after the allowance begins anew (as
  /// far as that was seen).
  [[nodiscard]] std::optional<TimePoint> exhaustion() const;

 private:
  struct Point {
    TimePoint at;
    double used;
  };
  static constexpr std::size_t kMostPoints = 60;
  std::deque<Point> points_;
  double remaining_ = 0;
  std::optional<TimePoint> began_;   ///< when `used` last fell back
  std::optional<TimePoint> rolled_;  ///< when it last fell as only an allowance does that rolls
};

/// All allowances of one CRM, by their label.
class QuotaRegistry {
 public:
  struct Entry {
    std::optional<double> limit;
    std::optional<double> remaining;
    std::optional<double> used;
    QuotaTrend trend;
  };
  /// Takes the crm_api_limit, crm_api_used and crm_api_remaining of one reading; gives a
  /// crm_api_exhaustion_timestamp_seconds for each of their allowances that runs out.
  [[nodiscard]] std::vector<Sample> take(std::span<const Sample> samples);
  [[nodiscard]] const Entry* find(std::string_view allowance) const;

 private:
  static constexpr std::size_t kMostAllowances = 64;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace crmpulse::agent
