#include <algorithm>
#include <array>
#include <map>

#include "collector/health_metrics.h"
#include "collector/metric_family.h"

namespace crmpulse::collector {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

struct Help {
  std::string_view metric;
  std::string_view help;
};
constexpr std::array kHelp{
    Help{"crm_up", "1 when the liveness measurement succeeded."},
    Help{"crm_operation_duration_seconds", "Duration of the newest call of an operation."},
    Help{"crm_operation_phase_seconds",
         "Duration of one phase of the newest call: dns, connect, tls, first_byte, transfer."},
    Help{"crm_operation_success", "1 when the newest call of an operation succeeded."},
    Help{"crm_failure", "1 when the newest run of an operation failed at this stage for this reason."},
    Help{"crm_transaction_success", "1 when the newest synthetic transaction succeeded."},
    Help{"crm_transaction_duration_seconds", "Duration of one step of the newest synthetic transaction."},
    Help{"crm_write_visible_seconds", "Time from the answer to a write until a search finds it."},
    Help{"crm_records_per_second", "Records an operation handles per second."},
    Help{"crm_last_modified_timestamp_seconds", "Unix time of the newest change of an object."},
    Help{"crm_records", "Records of an object."},
    Help{"crm_records_created", "Records created in the last period."},
    Help{"crm_records_modified", "Records changed in the last period."},
    Help{"crm_activities", "Activities logged in the last period."},
    Help{"crm_logins", "Logins in the last period."},
    Help{"crm_active_users", "Users who did something in the last period."},
    Help{"crm_licensed_users", "Users with a licence."},
    Help{"crm_feature_used", "1 when the feature was used in the period."},
    Help{"crm_records_incomplete", "Records that lack a required value."},
    Help{"crm_records_duplicate", "Records that stand more than once."},
    Help{"crm_records_invalid", "Records with a value that cannot be right."},
    Help{"crm_records_outdated", "Records nobody has touched for long."},
    Help{"crm_records_orphaned", "Records whose parent is gone."},
    Help{"crm_process_seconds", "Time a process takes, by quantile."},
    Help{"crm_process_overdue_ratio", "Share of a process's items that are overdue."},
    Help{"crm_csat_ratio", "Satisfaction users gave, 0 to 1."},
    Help{"crm_api_exhaustion_timestamp_seconds",
         "Unix time at which the allowance is used up if calls go on like this; only when that is within a day."},
    Help{"crm_api_limit", "Calls the CRM allows per period."},
    Help{"crm_api_used", "Calls used of the allowance."},
    Help{"crm_api_remaining", "Calls left of the allowance."},
    Help{"crm_reconciliation_ratio",
         "A figure of one CRM divided by the same figure of another source; 1 when they agree."},
    Help{"crm_backup_timestamp_seconds", "Unix time of the newest backup."},
    Help{"crm_restore_test_timestamp_seconds", "Unix time of the newest restore test."},
    Help{"crm_certificate_expiry_timestamp_seconds", "Unix time at which the certificate expires."},
    Help{"crm_sales_amount", "Sales in the period."},
    Help{"crm_customers", "Customers at the start of the period."},
    Help{"crm_customers_retained", "Customers of the period's start that are still customers."},
    Help{"crm_vendor_status", "Status the vendor reports: 0 fine, 1 maintenance, 2 minor, 3 major incident."},
    Help{"crm_info", "Version, release and instance of the CRM."},
};

std::string help_of(std::string_view metric) {
  const auto found = std::find_if(kHelp.begin(), kHelp.end(), [&](const Help& help) { return help.metric == metric; });
  if (found != kHelp.end()) return std::string{found->help};
  return metric.starts_with("crm_agent_") ? "The agent about itself; last value received." : "Last value received.";
}

/// Names and labels that mean a type of their own in Prometheus are shown without one: the value is only the last one.
MetricType type_of(const Series& series) {
  for (const std::string_view suffix : {"_total", "_count", "_sum", "_bucket"}) {
    if (series.metric().ends_with(suffix)) return MetricType::Untyped;
  }
  const bool reserved = !series.label("quantile").empty() || !series.label("le").empty();
  return reserved ? MetricType::Untyped : MetricType::Gauge;
}

}  // namespace

std::vector<MetricFamily> SampleMetrics::Collect() const {
  const TimePoint now = engine_.now();
  std::map<std::string_view, MetricFamily> families;
  for (const Series& series : engine_.content().series().all()) {
    if (!series.metric().starts_with("crm_") || is_health_metric(series.metric()) || !SeriesTable::fresh(series, now))
      continue;
    MetricFamily& family = families[series.metric()];
    if (family.name.empty()) family = {std::string{series.metric()}, help_of(series.metric()), MetricType::Gauge, {}};
    if (type_of(series) == MetricType::Untyped) family.type = MetricType::Untyped;
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : series.labels()) metric.label.push_back({name, value});
    // One family has one type, known only at its end: both places hold the value.
    metric.gauge.value = metric.untyped.value = series.value;
    family.metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> out;
  for (auto& [name, family] : families) out.push_back(std::move(family));
  return out;
}

}  // namespace crmpulse::collector
