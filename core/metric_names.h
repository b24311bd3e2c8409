#pragma once
#include <span>
#include <string_view>

namespace crmpulse {

/// Every `crm_…` metric an agent may send (docs/reference.md, "Samples"), sorted. The one list of them.
[[nodiscard]] std::span<const std::string_view> metric_names();
[[nodiscard]] bool is_metric_name(std::string_view name);
/// The labels the shipped rules tell a metric's series apart by; a sample without one of them is judged by none, or as
/// if it were another. Beside crm, kind and agent. Empty for a name that is not in the list.
[[nodiscard]] std::span<const std::string_view> required_labels(std::string_view metric);

}  // namespace crmpulse
