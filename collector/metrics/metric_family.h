#pragma once
// Small helpers to fill prometheus-cpp's plain structs.

#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace crmpulse::collector {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] prometheus::MetricFamily gauge_family(std::string name, std::string help);
[[nodiscard]] prometheus::MetricFamily counter_family(std::string name, std::string help);

/// Adds one value to a gauge, counter or untyped family.
void add_value(prometheus::MetricFamily& family, const MetricLabels& labels, double value);
[[nodiscard]] prometheus::ClientMetric metric_with(const MetricLabels& labels);

}  // namespace crmpulse::collector
