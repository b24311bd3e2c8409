#pragma once

#include <cstdint>
#include <string_view>

namespace crmpulse {

/// FNV-1a, 64 bits: the same on every machine and in every version, because snapshots, tables and the names of files
/// keep its values.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325ULL) {
  std::uint64_t hash = seed;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3ULL;
  }
  return hash;
}

}  // namespace crmpulse
