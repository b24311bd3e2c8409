#pragma once
// One measurement's outcome as bytes of ours. Internal to store/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence.h"
#include "core/sample.h"

namespace crmpulse::store {

/// What one push holds.
struct SpoolPush {
  std::vector<Sample> samples;
  std::vector<Evidence> evidence;
};

struct SpoolRow {
  std::string body;
  std::int64_t samples = 0;
  TimePoint oldest;  ///< of its samples and evidence
};

/// `outcome` is not empty.
[[nodiscard]] SpoolRow encode_row(const SpoolPush& outcome);
/// Returns nullopt if the bytes are not what encode_row() writes.
[[nodiscard]] std::optional<SpoolPush> decode_row(std::string_view body);

}  // namespace crmpulse::store
