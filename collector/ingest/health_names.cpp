#include "collector/ingest/health_names.h"

#include <algorithm>
#include <array>

namespace crmpulse::collector {

namespace {

constexpr std::array<std::string_view, 16> kNames{"crm_goal_progress_ratio",    "crm_goal_on_track",
                                                  "crm_health_level",           "crm_health",
                                                  "crm_health_score",           "crm_dimension_level",
                                                  "crm_dimension_value",        "crm_incident_open",
                                                  "crm_availability_ratio",     "crm_apdex_ratio",
                                                  "crm_error_budget_burn_rate", "crm_error_budget_remaining_ratio",
                                                  "crm_availability_failures",  "crm_slo_objective_ratio",
                                                  "crm_maintenance_seconds",    "crm_operation_latency_seconds"};

}  // namespace

bool is_health_metric(std::string_view name) {
  // A histogram's own series end in these.
  constexpr std::string_view kLatency = "crm_operation_latency_seconds";
  if (name.starts_with(kLatency)) return true;
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace crmpulse::collector
