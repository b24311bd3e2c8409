#include "collector/delivery/retry_plan.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

constexpr Duration kBase{std::chrono::seconds{1}};
constexpr Duration kCap{std::chrono::minutes{5}};
constexpr Duration kFirstPhase{std::chrono::hours{1}};
constexpr Duration kLater{std::chrono::minutes{15}};
constexpr Duration kGiveUp{std::chrono::hours{24}};

}  // namespace

std::optional<Duration> RetryPlan::next(int attempts, Duration age, std::optional<Duration> asked) {
  if (age >= kGiveUp) return std::nullopt;
  if (asked) return asked;
  if (age >= kFirstPhase) return kLater;
  const int doublings = std::clamp(attempts - 1, 0, 10);
  const Duration most = std::min(kCap, kBase * (1 << doublings));
  std::uniform_int_distribution<Duration::rep> wait{0, most.count()};
  return Duration{wait(random_)};
}

}  // namespace crmpulse::collector
