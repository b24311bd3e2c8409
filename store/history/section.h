#pragma once
// Sections of a block: bytes with their length, compressed by zstd where that pays. Internal to store/.

#include <optional>
#include <string>

#include "store/sqlite/varint.h"

namespace crmpulse::store {

void put_section(std::string& out, const std::string& raw);
/// Returns nullopt if the bytes are damaged.
[[nodiscard]] std::optional<std::string> take_section(ByteReader& in);

}  // namespace crmpulse::store
