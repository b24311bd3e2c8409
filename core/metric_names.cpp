#include "core/metric_names.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

constexpr std::array<std::string_view, 39> kNames{
    "crm_active_users",
    "crm_activities",
    "crm_api_exhaustion_timestamp_seconds",
    "crm_api_limit",
    "crm_api_remaining",
    "crm_api_used",
    "crm_backup_timestamp_seconds",
    "crm_certificate_expiry_timestamp_seconds",
    "crm_csat_ratio",
    "crm_customers",
    "crm_customers_retained",
    "crm_failure",
    "crm_feature_used",
    "crm_info",
    "crm_last_modified_timestamp_seconds",
    "crm_licensed_users",
    "crm_logins",
    "crm_operation_duration_seconds",
    "crm_operation_phase_seconds",
    "crm_operation_success",
    "crm_process_overdue_ratio",
    "crm_process_seconds",
    "crm_reconciliation_ratio",
    "crm_records",
    "crm_records_created",
    "crm_records_duplicate",
    "crm_records_incomplete",
    "crm_records_invalid",
    "crm_records_modified",
    "crm_records_orphaned",
    "crm_records_outdated",
    "crm_records_per_second",
    "crm_restore_test_timestamp_seconds",
    "crm_sales_amount",
    "crm_transaction_duration_seconds",
    "crm_transaction_success",
    "crm_up",
    "crm_vendor_status",
    "crm_write_visible_seconds",
};

}  // namespace

std::span<const std::string_view> metric_names() {
  return kNames;
}

bool is_metric_name(std::string_view name) {
  return std::binary_search(kNames.begin(), kNames.end(), name);
}

}  // namespace crmpulse
