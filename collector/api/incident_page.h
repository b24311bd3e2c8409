#pragma once
// One incident as a page for people: where links of messages lead.

#include <boost/json.hpp>
#include <string>

#include "core/words/clock.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Returns the page of an incident, in English and Chinese: what fails and since when, whose fault it looks like, what
/// to do, who works on it, and its timeline, as timeline_json() gives it.
[[nodiscard]] std::string render_incident(const store::StoredIncident& incident, const boost::json::array& timeline,
                                          const ZonePtr& zone);

}  // namespace crmpulse::collector
