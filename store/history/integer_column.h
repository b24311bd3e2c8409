#pragma once
// A column of 64-bit integers as byte planes: what is left of each number after the best of three predictions, lowest
// bytes of all together, and so on. Planes of noise do not spoil planes of zeros for the compressor. Internal to
// store/.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/sqlite/varint.h"

namespace crmpulse::store {

using Planes = std::array<std::string, 8>;

/// The planes of a block while they are read, each from its front.
struct PlaneReaders {
  std::array<std::string_view, 8> left;
};

/// How to predict is written to `head`, the rest to `planes`. All arithmetic wraps: any numbers will do.
void write_column(std::span<const std::int64_t> column, std::string& head, Planes& planes);
/// Fills `column`, which has the right size already; an empty one takes nothing. Returns false if the bytes are
/// damaged.
[[nodiscard]] bool read_column(ByteReader& head, PlaneReaders& planes, std::span<std::int64_t> column);

/// Passes over a column of `count` numbers. Returns false if the bytes are damaged.
[[nodiscard]] bool skip_column(ByteReader& head, PlaneReaders& planes, std::size_t count);

}  // namespace crmpulse::store
