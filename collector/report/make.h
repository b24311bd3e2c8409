#pragma once
// From what somebody asks for to a finished report.

#include <string>

#include "collector/configuration/configuration.h"
#include "collector/report/figures/report.h"
#include "collector/report/format/formats.h"
#include "collector/report/reading.h"

namespace crmpulse::collector::report {

/// As it stands in a command or an address.
struct Asked {
  std::string crm;
  std::string period;   ///< empty: the last month
  std::string compare;  ///< may be empty
};
/// Which part of it is wrong, and why.
struct Refusal {
  std::string field;  ///< `period` or `compare`
  std::string message;
};
[[nodiscard]] boost::system::result<ReportRequest, Refusal> request_from(const Asked& asked, TimePoint now,
                                                                         const ZonePtr& zone);

/// Opens the store read-only, reads, calculates. Waits for the disk; any thread but the loop's. An error of a CRM that
/// is not known says so. `progress` may be empty.
[[nodiscard]] Result<Report> make_report(const Configuration& configuration, const ReportRequest& request,
                                         const ReadingProgress& progress = {});

}  // namespace crmpulse::collector::report
