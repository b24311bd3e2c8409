#pragma once
// Reads from the store what a report is calculated from. Needs a connection and a thread of its own: it waits for the
// disk, seconds for a year.

#include <optional>
#include <string>

#include "collector/configuration/configuration.h"
#include "collector/report/figures/report.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector::report {

struct ReportRequest {
  std::string crm;
  Period period;
  std::optional<Period> compare;  ///< instead of the period before and the year before
  TimePoint now;
};

/// Reads the period, those it is compared with, incidents and goals. A CRM of which nothing is known gives a report
/// that says so.
[[nodiscard]] Result<ReportInput> read_report(store::Database& database, const Configuration& configuration,
                                              const ReportRequest& request);
/// Returns whether the store knows anything of the CRM.
[[nodiscard]] Result<bool> knows_crm(store::Database& database, const std::string& crm);

}  // namespace crmpulse::collector::report
