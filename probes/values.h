#pragma once
// What databases and APIs write → numbers.

#include <optional>
#include <string_view>

#include "probes/rows.h"

namespace crmpulse::probes {

/// `2026-11-21`, `2026-11-21 09:00:00.25`, with `Z`, `+02`, `+05:30` or without a zone (then UTC) → Unix seconds.
[[nodiscard]] std::optional<double> parse_sql_time(std::string_view text);

/// A number, a text that is one, or a timestamp. Nothing for anything else, NaN and infinities. Not for NULL.
[[nodiscard]] std::optional<double> number_of(const Cell& cell);

}  // namespace crmpulse::probes
