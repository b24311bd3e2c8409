#pragma once
#include <span>
#include <string_view>

namespace crmpulse {

/// Every `crm_…` metric an agent may send (interface.md, "Samples"), sorted. The one list of them.
[[nodiscard]] std::span<const std::string_view> metric_names();
[[nodiscard]] bool is_metric_name(std::string_view name);

}  // namespace crmpulse
