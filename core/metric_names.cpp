#include "core/metric_names.h"

#include <algorithm>
#include <array>

namespace crmpulse {
namespace {

constexpr std::array<std::string_view, 1> kAllowance{"allowance"};
constexpr std::array<std::string_view, 1> kFeature{"feature"};
constexpr std::array<std::string_view, 1> kObject{"object"};
constexpr std::array<std::string_view, 1> kOperation{"operation"};
constexpr std::array<std::string_view, 1> kPeriod{"period"};
constexpr std::array<std::string_view, 1> kProcess{"process"};
constexpr std::array<std::string_view, 2> kObjectField{"object", "field"};
constexpr std::array<std::string_view, 2> kObjectPeriod{"object", "period"};
constexpr std::array<std::string_view, 3> kChecked{"object", "field", "check"};

struct Metric {
  std::string_view name;
  std::string_view help;                      ///< a sentence for people
  std::span<const std::string_view> needs{};  ///< required_labels()
};

// Sorted by name.
constexpr std::array kMetrics{
    Metric{"crm_active_users", "Users who did something in the last period.", kPeriod},
    Metric{"crm_activities", "Activities logged in the last period.", kPeriod},
    Metric{"crm_api_exhaustion_timestamp_seconds",
           "Unix time at which the allowance is used up if calls go on like this; only when that is within a day.",
           kAllowance},
    Metric{"crm_api_limit", "Calls the CRM allows per period.", kAllowance},
    Metric{"crm_api_remaining", "Calls left of the allowance.", kAllowance},
    Metric{"crm_api_used", "Calls used of the allowance.", kAllowance},
    Metric{"crm_backup_bytes", "Size of the newest backup."},
    Metric{"crm_backup_timestamp_seconds", "Unix time of the newest backup."},
    Metric{"crm_certificate_expiry_timestamp_seconds", "Unix time at which the certificate expires."},
    Metric{"crm_csat_ratio", "Satisfaction users gave, 0 to 1."},
    Metric{"crm_customers", "Customers at the start of the period.", kPeriod},
    Metric{"crm_customers_retained", "Customers of the period's start that are still customers.", kPeriod},
    Metric{"crm_failure", "1 when the newest run of an operation failed at this stage for this reason."},
    Metric{"crm_feature_used", "1 when the feature was used in the period.", kFeature},
    Metric{"crm_info", "Version, release and instance of the CRM."},
    Metric{"crm_last_modified_timestamp_seconds", "Unix time of the newest change of an object.", kObject},
    Metric{"crm_licensed_users", "Users with a licence."},
    Metric{"crm_logins", "Logins in the last period.", kPeriod},
    Metric{"crm_operation_duration_seconds", "Duration of the newest call of an operation."},
    Metric{"crm_operation_phase_seconds",
           "Duration of one phase of the newest call: dns, connect, tls, first_byte, transfer."},
    Metric{"crm_operation_success", "1 when the newest call of an operation succeeded."},
    Metric{"crm_process_overdue_ratio", "Share of a process's items that are overdue.", kProcess},
    Metric{"crm_process_seconds", "Time a process takes, by quantile.", kProcess},
    Metric{"crm_reconciliation_ratio",
           "A figure of one CRM divided by the same figure of another source; 1 when they agree."},
    Metric{"crm_records", "Records of an object.", kObject},
    Metric{"crm_records_checked", "Records that a check looked at.", kChecked},
    Metric{"crm_records_created", "Records created in the last period.", kObjectPeriod},
    Metric{"crm_records_duplicate", "Records that stand more than once.", kObjectField},
    Metric{"crm_records_incomplete", "Records that lack a required value.", kObjectField},
    Metric{"crm_records_invalid", "Records with a value that cannot be right.", kObjectField},
    Metric{"crm_records_modified", "Records changed in the last period.", kObjectPeriod},
    Metric{"crm_records_orphaned", "Records whose parent is gone.", kObjectField},
    Metric{"crm_records_outdated", "Records nobody has touched for long.", kObjectField},
    Metric{"crm_records_per_second", "Records an operation handles per second.", kOperation},
    Metric{"crm_restore_test_timestamp_seconds", "Unix time of the newest restore test."},
    Metric{"crm_sales_amount", "Sales in the period.", kPeriod},
    Metric{"crm_transaction_duration_seconds", "Duration of one step of the newest synthetic transaction."},
    Metric{"crm_transaction_success", "1 when the newest synthetic transaction succeeded."},
    Metric{"crm_up", "1 when the liveness measurement succeeded."},
    Metric{"crm_vendor_status", "Status the vendor reports: 0 fine, 1 maintenance, 2 minor, 3 major incident."},
    Metric{"crm_write_visible_seconds", "Time from the answer to a write until a search finds it."},
};

constexpr auto names_of_metrics() {
  std::array<std::string_view, kMetrics.size()> names;
  std::transform(kMetrics.begin(), kMetrics.end(), names.begin(), [](const Metric& metric) { return metric.name; });
  return names;
}
constexpr auto kNames = names_of_metrics();
static_assert(std::is_sorted(kNames.begin(), kNames.end()));

const Metric* find(std::string_view name) {
  const auto* found =
      std::lower_bound(kMetrics.begin(), kMetrics.end(), name,
                       [](const Metric& metric, std::string_view sought) { return metric.name < sought; });
  return found == kMetrics.end() || found->name != name ? nullptr : found;
}

}  // namespace

std::span<const std::string_view> required_labels(std::string_view metric) {
  const Metric* known = find(metric);
  return known == nullptr ? std::span<const std::string_view>{} : known->needs;
}

std::string_view metric_help(std::string_view metric) {
  const Metric* known = find(metric);
  return known == nullptr ? std::string_view{} : known->help;
}

std::span<const std::string_view> metric_names() {
  return kNames;
}

bool is_metric_name(std::string_view name) {
  return find(name) != nullptr;
}

}  // namespace crmpulse
