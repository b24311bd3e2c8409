#pragma once
// Lists the metrics that an agent may send.

#include <span>
#include <string_view>

namespace crmpulse {

/// Returns every `crm_…` metric an agent may send (docs/reference.md, "Samples"), sorted. The one list of them.
[[nodiscard]] std::span<const std::string_view> metric_names();
[[nodiscard]] bool is_metric_name(std::string_view name);
/// Returns the sentence that says what the metric is, or an empty text if the name is not in the list.
[[nodiscard]] std::string_view metric_help(std::string_view metric);
/// Returns the labels, beside crm, kind and agent, by which the shipped rules and who reads them tell a metric's series
/// apart; a sample without one of them is not judged, judged as another, or says of no field what is wrong. Empty for a
/// name that is not in the list.
[[nodiscard]] std::span<const std::string_view> required_labels(std::string_view metric);

}  // namespace crmpulse
