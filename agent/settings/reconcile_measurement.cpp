#include "agent/settings/reconcile_measurement.h"

#include <fmt/format.h>

namespace crmpulse::agent {

std::string_view reconcile_side(bool left) {
  return left ? "left" : "right";
}

std::string reconcile_operation(const Reconciliation& reconciliation) {
  return "reconcile_" + reconciliation.name;
}

probes::Measurement reconcile_measurement(const Reconciliation& reconciliation, bool left) {
  const ReconcileSide& side = left ? reconciliation.left : reconciliation.right;
  probes::Measurement measurement;
  measurement.id = fmt::format("{}_{}", reconcile_operation(reconciliation), reconcile_side(left));
  measurement.operation = "reconcile";
  measurement.object = reconciliation.name;
  measurement.interval = reconciliation.interval;
  measurement.query.any = side.query;
  measurement.rows = 1;
  probes::SampleSpec sample;
  sample.metric = kReconcilePart;
  sample.column = kReconcileColumn;
  sample.labels = {{"reconciliation", reconciliation.name}, {"side", std::string{reconcile_side(left)}}};
  measurement.samples.push_back(std::move(sample));
  return measurement;
}

}  // namespace crmpulse::agent
