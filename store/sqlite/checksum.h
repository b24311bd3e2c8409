#pragma once
// Checksums of what is stored, so that a changed byte which can still be decoded is found. Internal to store/.

#include <bit>
#include <cstdint>
#include <string_view>

#include "store/sqlite/varint.h"

namespace crmpulse::store {

/// Sums up one column after the other, eight bytes a step: each step can be undone, so whatever changes within eight
/// bytes is found for certain, anything else but for one case in 2^64. Files keep its values: the same on every machine
/// and in every version.
class Checksum {
 public:
  Checksum& add(std::string_view bytes) {
    mix(bytes.size());
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) mix(word(bytes.substr(0, 8)));
    if (!bytes.empty()) mix(word(bytes));
    return *this;
  }
  Checksum& add(std::int64_t number) {
    mix(zigzag(number));
    return *this;
  }
  /// As SQLite stores it.
  [[nodiscard]] std::int64_t value() const { return static_cast<std::int64_t>(sum_ ^ (sum_ >> 32)); }

 private:
  static std::uint64_t word(std::string_view bytes) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      out |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    return out;
  }
  void mix(std::uint64_t number) { sum_ = std::rotl((sum_ ^ number) * 0x9e3779b97f4a7c15ULL, 29); }

  std::uint64_t sum_ = 0x9ae16a3b2f90404fULL;
};

}  // namespace crmpulse::store
