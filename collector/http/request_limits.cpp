#include "collector/http/request_limits.h"

#include <algorithm>

namespace crmpulse::collector {
namespace {

/// An address may ask so many seconds' worth at once: a page opens several things.
constexpr double kBurstSeconds = 2;
constexpr double kMinute = 60;
/// Tokens are made by hand: beyond this many names some were revoked.
constexpr std::size_t kMostTokens = 4096;

}  // namespace

void TokenBucket::fill(double rate, double burst, TimePoint now) {
  if (!begun_) level_ = burst;
  if (begun_ && now > filled_) level_ = std::min(burst, level_ + rate * to_seconds(now - filled_));
  begun_ = true;
  filled_ = now;
}

bool TokenBucket::has(double rate, double burst, TimePoint now) {
  fill(rate, burst, now);
  return level_ >= 1;
}

bool TokenBucket::take(double rate, double burst, TimePoint now) {
  if (!has(rate, burst, now)) return false;
  level_ -= 1;
  return true;
}

void TokenBucket::charge(double rate, double burst, TimePoint now) {
  fill(rate, burst, now);
  level_ = std::max(-burst, level_ - 1);
}

RequestLimits::Client& RequestLimits::client(std::string_view address) {
  std::string name = net::client_of(address);
  if (const auto known = places_.find(name); known != places_.end()) {
    clients_.splice(clients_.begin(), clients_, known->second);
    return clients_.front();
  }
  if (clients_.size() >= kMostClients) {
    places_.erase(clients_.back().name);
    clients_.pop_back();
  }
  clients_.push_front({name, {}, {}, {}});
  places_.emplace(std::move(name), clients_.begin());
  return clients_.front();
}

const RequestLimits::Client* RequestLimits::find(std::string_view address) const {
  const auto known = places_.find(net::client_of(address));
  return known == places_.end() ? nullptr : &*known->second;
}

bool RequestLimits::admit(std::string_view address, Asker asker, TimePoint now) {
  if (settings_.requests_per_address == 0 || is_exempt(address)) return true;
  const double rate = settings_.requests_per_address;
  Client& of = client(address);
  return (asker == Asker::known ? of.known_requests : of.requests).take(rate, rate * kBurstSeconds, now);
}

bool RequestLimits::admit_token(const std::string& name, TimePoint now) {
  if (settings_.requests_per_token == 0) return true;
  if (tokens_.size() >= kMostTokens && !tokens_.contains(name)) tokens_.clear();
  const double rate = settings_.requests_per_token;
  return tokens_[name].take(rate, rate * kBurstSeconds, now);
}

bool RequestLimits::may_log_in(std::string_view address, TimePoint now) {
  if (settings_.failed_logins_per_address == 0 || is_exempt(address)) return true;
  if (find(address) == nullptr) return true;
  const double burst = settings_.failed_logins_per_address;
  return client(address).failures.has(burst / kMinute, burst, now);
}

void RequestLimits::log_in_failed(std::string_view address, TimePoint now) {
  if (settings_.failed_logins_per_address == 0 || is_exempt(address)) return;
  const double burst = settings_.failed_logins_per_address;
  client(address).failures.charge(burst / kMinute, burst, now);
}

}  // namespace crmpulse::collector
