#pragma once
// The open incident of each CRM as it is stored: level, what fails, why, and its timeline. Belongs to the loop's
// thread.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collector/crm_book.h"
#include "config/rules_file.h"
#include "rules/engine.h"
#include "store/collector_store.h"

namespace crmpulse::collector {

class IncidentBook {
 public:
  /// At start: the incidents that were open.
  void load(const std::vector<store::StoredIncident>& open);
  /// What to store after a CRM changed: its open incident as it is now, and one that has ended. `status` is empty for a
  /// CRM that is no longer watched.
  [[nodiscard]] std::vector<store::StoredIncident> update(const std::string& crm,
                                                          const std::optional<rules::CrmStatus>& status,
                                                          const CrmBook& book, const config::Remedies& remedies,
                                                          TimePoint at);
  [[nodiscard]] std::optional<TimePoint> opened(const std::string& crm) const;

 private:
  std::map<std::string, store::StoredIncident> open_;  ///< by CRM
};

}  // namespace crmpulse::collector
