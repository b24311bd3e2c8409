#include "rules/window/slots.h"

namespace crmpulse::rules {
namespace {

constexpr std::uint32_t kSlot = 1;  // tag

}  // namespace

std::uint32_t Slots::place_of(std::string_view key) {
  if (const auto known = places_.find(key); known != places_.end()) return known->second;
  if (slots_.size() >= kMost) return kNone;
  const auto place = static_cast<std::uint32_t>(slots_.size());
  keys_.push_back(&places_.emplace(std::string{key}, place).first->first);
  slots_.emplace_back();
  return place;
}

void Slots::clear() {
  places_.clear();
  slots_.clear();
  keys_.clear();
}

void Slots::save(FieldWriter& out) const {
  for (std::size_t i = 0; i < slots_.size(); ++i) out.add(kSlot, *keys_[i], slots_[i]);
}

void Slots::load(FieldReader& in) {
  while (in.next()) {
    if (in.tag() != kSlot) continue;
    const auto [key, slot] = in.pair<std::string, Slot>();
    if (const std::uint32_t place = place_of(key); place != kNone) slots_[place] = slot;
  }
}

}  // namespace crmpulse::rules
