#pragma once
// What names and values on the wire may look like.

#include <string_view>

namespace crmpulse::wire {

/// `[a-zA-Z_][a-zA-Z0-9_]*`
[[nodiscard]] bool is_label_name(std::string_view name);
/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
[[nodiscard]] bool is_metric_name(std::string_view name);
/// Well-formed per the Unicode standard's table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace crmpulse::wire
