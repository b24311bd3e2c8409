#pragma once
// Many readings of a few series as few bytes: columns of integers, split into byte planes, compressed by zstd. Pure.
// Exact: every double and every stamp comes back bit by bit, in the order given.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::store {

struct Reading {
  std::int64_t unix_millis;
  double value;
};

struct HistorySeries {
  std::string name;  ///< whatever tells series apart; near names stored next to each other cost less
  std::vector<Reading> readings;
};

/// A block holds at most so many readings in all; more are the caller's to divide.
inline constexpr std::size_t kMaxBlockReadings = 4'000'000;

[[nodiscard]] std::string encode_block(std::span<const HistorySeries> series);
/// The series whose name is `wanted`, in the block's order. Damaged bytes give an Error.
[[nodiscard]] Result<std::vector<HistorySeries>> decode_block(std::string_view bytes,
                                                              const std::function<bool(std::string_view)>& wanted);

}  // namespace crmpulse::store
