#pragma once
// Stored incidents and their timelines as a report needs them.

#include <string>
#include <vector>

#include "collector/report/figures/incidents.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector::report {

struct StoredIncidents {
  std::vector<Incident> incidents;  ///< oldest first, not measured yet
  std::size_t omitted = 0;          ///< older ones beyond the bound
};

/// Reads the incidents of a CRM that were open between `from` and `until`.
[[nodiscard]] Result<StoredIncidents> read_incidents(store::Database& database, const std::string& crm, TimePoint from,
                                                     TimePoint until);

}  // namespace crmpulse::collector::report
