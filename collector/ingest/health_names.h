#pragma once
#include <string_view>

namespace crmpulse::collector {

/// Names of what the collector itself says of CRMs; a sender's samples of the same name are neither taken nor shown.
[[nodiscard]] bool is_health_metric(std::string_view name);

}  // namespace crmpulse::collector
