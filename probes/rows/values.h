#pragma once
// What databases and APIs write → numbers.

#include <optional>
#include <string>
#include <string_view>

#include "core/time/time.h"
#include "probes/recipe/rows.h"

namespace crmpulse::probes {

/// `2026-11-21`, `2026-11-21 09:00:00.25` (or a `T` or `t` between), with `Z` or `z`, `+02`, `+05:30` or without a zone
/// (then UTC) → Unix seconds.
[[nodiscard]] std::optional<double> parse_sql_time(std::string_view text);

/// A number, a text that is one, or a timestamp. Nothing for anything else, NaN and infinities. Not for NULL.
[[nodiscard]] std::optional<double> number_of(const Cell& cell);

/// A number without any notation of a date: of a time it says nothing of its unit.
[[nodiscard]] bool is_bare_number(const Cell& cell);
/// Like number_of(), for a value that is a time: a bare number counts units of `unit` seconds since 1970,
/// other notations speak for themselves. Unit 0: a bare number is seconds.
[[nodiscard]] std::optional<double> time_of(const Cell& cell, double unit);

/// Returns why nothing can have happened at a Unix time (in seconds): it is years ahead. Says what was probably meant:
/// `unit: ms`. The text ends a sentence that begins with the value's name. Returns nullopt if the time is possible.
[[nodiscard]] std::optional<std::string> past_time_fault(double seconds, TimePoint now);
/// Like past_time_fault(), for a time that may lie ahead, such as the end of a contract: it is beyond the year 9999.
[[nodiscard]] std::optional<std::string> any_time_fault(double seconds);

}  // namespace crmpulse::probes
