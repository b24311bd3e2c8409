#include "collector/metrics/metric_family.h"

namespace crmpulse::collector {

prometheus::MetricFamily gauge_family(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
}

prometheus::MetricFamily counter_family(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}

prometheus::ClientMetric metric_with(const MetricLabels& labels) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) {
    if (!value.empty()) metric.label.push_back({name, value});
  }
  return metric;
}

void add_value(prometheus::MetricFamily& family, const MetricLabels& labels, double value) {
  prometheus::ClientMetric metric = metric_with(labels);
  switch (family.type) {
    case prometheus::MetricType::Counter: metric.counter.value = value; break;
    case prometheus::MetricType::Untyped: metric.untyped.value = value; break;
    default: metric.gauge.value = value; break;
  }
  family.metric.push_back(std::move(metric));
}

}  // namespace crmpulse::collector
