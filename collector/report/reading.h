#pragma once
// Reads from the store what a report is calculated from. Needs a connection and a thread of its own: it waits for the
// disk, seconds for a year.

#include <cstdint>
#include <functional>
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
  bool known = false;  ///< the engine knows the CRM, whose state comes into the store a moment later
};

/// Told after each step how many are done, and of how many. On the thread that reads.
using ReadingProgress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Reads the period, those it is compared with, incidents and goals. A CRM of which nothing is known gives a report
/// that says so. `progress` may be empty.
[[nodiscard]] Result<ReportInput> read_report(store::Database& database, const Configuration& configuration,
                                              const ReportRequest& request, const ReadingProgress& progress = {});
/// Returns whether the store knows anything of the CRM.
[[nodiscard]] Result<bool> knows_crm(store::Database& database, const std::string& crm);

}  // namespace crmpulse::collector::report
