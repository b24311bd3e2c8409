#pragma once
// Numbers with their units as a person reads them.

#include <span>
#include <string>
#include <string_view>

#include "core/words/language.h"

namespace crmpulse {

/// `4.1 s`, `350 ms`, `3 h 40 min`, `99.93%`, `900,000`, `1.5 GiB`, `12 records/s`; a negative time lies ahead:
/// `3 d to go`. Chinese: `4.1 秒`. Units with words of their own: `seconds`, `ms`, `minutes`, `hours`, `days`, `ratio`,
/// `percent`, `count`, `bytes`; any other stands behind its number as it is. `digits` are the significant ones; of a
/// long time more digits are finer units.
[[nodiscard]] std::string value_text(double value, std::string_view unit, Language language, int digits = 4);

/// Returns with how many digits the value and each of the `lines` are told, so that none looks like another one that it
/// is not: rounding must not carry a value over a threshold. 0: too close for any number of digits.
[[nodiscard]] int digits_beside(double value, std::span<const double> lines, std::string_view unit);
/// Returns the value so; one that is too close to a line is `just under 4 s`.
[[nodiscard]] std::string value_beside(double value, std::span<const double> lines, std::string_view unit,
                                       Language language);

}  // namespace crmpulse
