#include "probes/sql/login_gate.h"

#include <algorithm>
#include <chrono>

#include "net/base/crypto.h"

namespace crmpulse::probes::sql {
namespace {

/// A run that is cancelled is noticed this soon.
constexpr Duration kGlance{50};

}  // namespace

std::optional<Failure> LoginGate::enter(const Limits& limits) {
  const SteadyTime now = std::chrono::steady_clock::now();
  const SteadyTime patience = now + std::max<SteadyTime::duration>((limits.deadline - now) / 2, {});
  std::unique_lock lock{mutex_};
  while (!proven_ && under_way_ > 0 && std::chrono::steady_clock::now() < patience && !limits.over())
    left_.wait_for(lock, kGlance);
  if (pause_.waits(wall_())) return pause_.told_again();
  ++under_way_;
  return std::nullopt;
}

void LoginGate::leave(const std::optional<Failure>& failed) {
  {
    const std::lock_guard lock{mutex_};
    --under_way_;
    if (!failed) {
      proven_ = true;
      pause_.clear();
    } else if (is_refusal(*failed)) {
      proven_ = false;
      // Those that were under way together are one failure.
      if (const TimePoint now = wall_(); !pause_.waits(now)) pause_.put_off(*failed, true, now);
    }
  }
  left_.notify_all();
}

std::shared_ptr<LoginGate> LoginGates::of(const std::string& url, const Secret& password) {
  const std::string account = url + '\n' + net::hex(net::sha256(password.reveal()));
  const std::lock_guard lock{mutex_};
  std::erase_if(gates_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<LoginGate>& kept = gates_[account];
  if (auto gate = kept.lock()) return gate;
  auto gate = std::make_shared<LoginGate>(wall_);
  kept = gate;
  return gate;
}

}  // namespace crmpulse::probes::sql
