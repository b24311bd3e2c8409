#pragma once
// One incident as a page for people: where links of messages lead.

#include <optional>
#include <string>
#include <vector>

#include "collector/state/crm_registry.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Returns the page of an incident, in English and Chinese: what fails and since when, whose fault it looks like, what
/// to do, who works on it, and its timeline.
[[nodiscard]] std::string render_incident(const store::StoredIncident& incident,
                                          const std::vector<store::IncidentEvent>& events);

}  // namespace crmpulse::collector
