#pragma once
// Change markers as messages, incidents and timelines tell them.

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "collector/message/message.h"
#include "collector/state/change_markers.h"

namespace crmpulse::collector {

/// Returns the change with its text: `the CRM's version changed from 6.0 to 6.2`.
[[nodiscard]] EarlierChange told_change(const Change& change);
/// Returns, for an incident, what changed in the hour before it began and since, oldest first.
[[nodiscard]] std::vector<EarlierChange> changes_around(const ChangeMarkers& book, const std::string& crm,
                                                        const CrmFacts* facts, TimePoint opened, TimePoint now);
/// Returns `{at, what, from, to, text: {en, zh}}`, and `object` of a schema.
[[nodiscard]] boost::json::object change_json(const EarlierChange& change);
[[nodiscard]] boost::json::array changes_json(const std::vector<EarlierChange>& changes);

}  // namespace crmpulse::collector
