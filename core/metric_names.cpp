#include "core/metric_names.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

constexpr std::array<std::string_view, 40> kNames{
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
    "crm_records_checked",
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

constexpr std::array<std::string_view, 1> kAllowance{"allowance"};
constexpr std::array<std::string_view, 1> kFeature{"feature"};
constexpr std::array<std::string_view, 1> kObject{"object"};
constexpr std::array<std::string_view, 1> kOperation{"operation"};
constexpr std::array<std::string_view, 1> kPeriod{"period"};
constexpr std::array<std::string_view, 1> kProcess{"process"};
constexpr std::array<std::string_view, 2> kObjectPeriod{"object", "period"};
constexpr std::array<std::string_view, 3> kChecked{"object", "field", "check"};

struct Needs {
  std::string_view metric;
  std::span<const std::string_view> labels;
};

constexpr std::array kNeeds{
    Needs{"crm_active_users", kPeriod},
    Needs{"crm_activities", kPeriod},
    Needs{"crm_api_exhaustion_timestamp_seconds", kAllowance},
    Needs{"crm_api_limit", kAllowance},
    Needs{"crm_api_remaining", kAllowance},
    Needs{"crm_api_used", kAllowance},
    Needs{"crm_customers", kPeriod},
    Needs{"crm_customers_retained", kPeriod},
    Needs{"crm_feature_used", kFeature},
    Needs{"crm_last_modified_timestamp_seconds", kObject},
    Needs{"crm_logins", kPeriod},
    Needs{"crm_process_overdue_ratio", kProcess},
    Needs{"crm_process_seconds", kProcess},
    Needs{"crm_records", kObject},
    Needs{"crm_records_checked", kChecked},
    Needs{"crm_records_created", kObjectPeriod},
    Needs{"crm_records_duplicate", kObject},
    Needs{"crm_records_incomplete", kObject},
    Needs{"crm_records_invalid", kObject},
    Needs{"crm_records_modified", kObjectPeriod},
    Needs{"crm_records_orphaned", kObject},
    Needs{"crm_records_outdated", kObject},
    Needs{"crm_records_per_second", kOperation},
    Needs{"crm_sales_amount", kPeriod},
};

}  // namespace

std::span<const std::string_view> required_labels(std::string_view metric) {
  const auto found = std::find_if(kNeeds.begin(), kNeeds.end(), [&](const Needs& one) { return one.metric == metric; });
  return found == kNeeds.end() ? std::span<const std::string_view>{} : found->labels;
}

std::span<const std::string_view> metric_names() {
  return kNames;
}

bool is_metric_name(std::string_view name) {
  return std::binary_search(kNames.begin(), kNames.end(), name);
}

}  // namespace crmpulse
