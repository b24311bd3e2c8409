#pragma once
// What names on the wire may look like.

#include <string_view>

namespace crmpulse::wire {

/// `[a-zA-Z_][a-zA-Z0-9_]*`
[[nodiscard]] bool is_label_name(std::string_view name);
/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
[[nodiscard]] bool is_metric_name(std::string_view name);

}  // namespace crmpulse::wire
