#pragma once
// Change markers as JSON values and sentences.

#include <boost/json.hpp>
#include <string>

#include "collector/state/change_markers.h"
#include "collector/text/language.h"

namespace crmpulse::collector {

/// `{at, what, from, to, text: {en, zh}}`, and `object` of a schema.
[[nodiscard]] boost::json::object change_json(const Change& change);
/// Of an incident: what changed in the hour before it began and since.
[[nodiscard]] boost::json::array changes_json(const ChangeMarkers& book, const std::string& crm, const CrmFacts* facts,
                                              TimePoint opened, TimePoint now);
/// ` Changed before: ….` of the newest three; empty without any.
[[nodiscard]] Bilingual changes_sentence(const boost::json::array& changes);

}  // namespace crmpulse::collector
