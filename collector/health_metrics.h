#pragma once
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "collector/engine_loop.h"

namespace crmpulse::collector {

/// What the judge says of each CRM: states, dimensions, incidents, availability, latency histograms.
class HealthMetrics final : public prometheus::Collectable {
 public:
  explicit HealthMetrics(const EngineLoop& engine) : engine_(engine) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const EngineLoop& engine_;
};

/// The last value of every sample of ours while it is fresh.
class SampleMetrics final : public prometheus::Collectable {
 public:
  explicit SampleMetrics(const EngineLoop& engine) : engine_(engine) {}
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  const EngineLoop& engine_;
};

/// Names that HealthMetrics makes; a sender's samples of the same name are not shown.
[[nodiscard]] bool is_health_metric(std::string_view name);

}  // namespace crmpulse::collector
