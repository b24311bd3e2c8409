#include "rules/window/slots.h"

namespace crmpulse::rules {

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

void Slots::save(Encoder& encoder) const {
  encoder.u32(static_cast<std::uint32_t>(slots_.size()));
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    encoder.text(*keys_[i]);
    encoder.f64(slots_[i].value);
    encoder.u8(slots_[i].known ? 1 : 0);
  }
}

void Slots::load(Decoder& decoder) {
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    const std::string key = decoder.text();
    const double value = decoder.f64();
    const bool known = decoder.u8() != 0;
    if (const std::uint32_t place = place_of(key); place != kNone && decoder.ok()) slots_[place] = {value, known};
  }
}

}  // namespace crmpulse::rules
