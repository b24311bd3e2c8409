#include "collector/state/census.h"

#include <algorithm>
#include <utility>

namespace crmpulse::collector {
namespace {

// Measured with the shipped rules, docs/performance.md, "What a series costs"; rounded up.
constexpr std::uint64_t kSeriesBytes = 600;     ///< beside its key, which is kept here and in the rules
constexpr std::uint64_t kCrmBytes = 48 * 1024;  ///< its rules with their timers, its facts
constexpr std::uint64_t kStateTimes = 2;        ///< windows grow by doubling

/// Without counting up from nothing: a sender that is not known has none.
std::size_t held_by(const auto& held, std::string_view sender) {
  const auto found = held.find(sender);
  return found == held.end() ? 0 : found->second;
}

void give_back(auto& held, const std::string& sender) {
  const auto found = held.find(sender);
  if (found != held.end() && --found->second == 0) held.erase(found);
}

bool is_over(std::uint64_t wanted, std::uint64_t bound) {
  return bound > 0 && wanted > bound;
}

}  // namespace

std::uint64_t Census::memory() const {
  const std::size_t new_entries = window_entries_ - std::min(window_entries_, stored_.window_entries);
  return memory_beside_windows() + kStateTimes * (stored_.state_bytes + new_key_bytes_) + kEntryBytes * new_entries;
}

std::uint64_t Census::memory_beside_windows() const {
  return series_ * kSeriesBytes + 2 * key_bytes_ + crms_.size() * kCrmBytes;
}

bool Census::has_room_for_crm(const ByName<std::size_t>& held, std::string_view sender) const {
  return sender.empty() || !is_over(held_by(held, sender) + 1, static_cast<std::uint64_t>(limits_.crms_per_sender));
}

Census::Bound Census::check_crm(std::string_view crm, const Sender& sender) const {
  if (crms_.contains(crm)) return Bound::none;
  if (is_over(crms_.size() + 1, static_cast<std::uint64_t>(limits_.crms))) return Bound::crms;
  if (!has_room_for_crm(by_token_, sender.token) || !has_room_for_crm(by_agent_, sender.agent))
    return Bound::crms_of_sender;
  return is_over(memory() + kCrmBytes, limits_.memory) ? Bound::memory : Bound::none;
}

Census::Bound Census::check_series(std::string_view crm, std::size_t key_bytes, const Sender& sender) const {
  if (!crm.empty()) {
    if (const Bound bound = check_crm(crm, sender); bound != Bound::none) return bound;
    if (is_over(series_of(crm) + 1, static_cast<std::uint64_t>(limits_.series_per_crm))) return Bound::series_of_crm;
  }
  const bool new_crm = !crm.empty() && !crms_.contains(crm);
  const std::uint64_t more =
      kSeriesBytes + 2 * key_bytes + kStateTimes * more_new_key_bytes(crm, key_bytes) + (new_crm ? kCrmBytes : 0);
  return is_over(memory() + more, limits_.memory) ? Bound::memory : Bound::none;
}

std::size_t Census::more_new_key_bytes(std::string_view crm, std::size_t key_bytes) const {
  if (crm.empty()) return 0;
  const auto known = crms_.find(crm);
  const std::size_t so_far = known == crms_.end() ? 0 : known->second.new_key_bytes;
  return key_bytes - std::min(key_bytes, so_far);
}

Census::Crm& Census::crm_of(std::string_view name, const Sender& sender) {
  if (const auto known = crms_.find(name); known != crms_.end()) return known->second;
  Crm& crm = crms_[std::string{name}];
  crm.token = sender.token;
  crm.agent = sender.agent;
  if (!crm.token.empty()) ++by_token_[crm.token];
  if (!crm.agent.empty()) ++by_agent_[crm.agent];
  return crm;
}

void Census::came(std::string_view crm, std::size_t key_bytes, const Sender& sender) {
  ++series_;
  key_bytes_ += key_bytes;
  if (crm.empty()) return;
  Crm& known = crm_of(crm, sender);
  ++known.series;
  const std::size_t more = more_new_key_bytes(crm, key_bytes);
  known.new_key_bytes += more;
  new_key_bytes_ += more;
}

void Census::left(std::string_view crm, std::size_t key_bytes) {
  --series_;
  key_bytes_ -= key_bytes;
  if (const auto known = crms_.find(crm); known != crms_.end() && known->second.series > 0) --known->second.series;
}

void Census::add_crm(std::string_view crm, const Sender& sender) {
  if (!crm.empty()) crm_of(crm, sender);
}

void Census::remove_crm(std::string_view crm) {
  const auto known = crms_.find(crm);
  if (known == crms_.end()) return;
  weigh(crm, {});
  give_back(by_token_, known->second.token);
  give_back(by_agent_, known->second.agent);
  crms_.erase(known);
}

void Census::weigh(std::string_view name, const Stored& stored) {
  const auto known = crms_.find(name);
  if (known == crms_.end()) return;
  Crm& crm = known->second;
  stored_.state_bytes += stored.state_bytes - crm.stored.state_bytes;
  stored_.window_entries += stored.window_entries - crm.stored.window_entries;
  crm.stored = stored;
  new_key_bytes_ -= std::exchange(crm.new_key_bytes, 0);
}

std::size_t Census::series_of(std::string_view crm) const {
  const auto known = crms_.find(crm);
  return known == crms_.end() ? 0 : known->second.series;
}

}  // namespace crmpulse::collector
