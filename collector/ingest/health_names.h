#pragma once
#include <string_view>

namespace crmpulse::collector {

/// Returns whether the collector itself writes a metric of this name; a sender's samples of that name are neither taken
/// nor exported.
[[nodiscard]] bool is_health_metric(std::string_view name);

}  // namespace crmpulse::collector
