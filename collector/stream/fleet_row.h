#pragma once
// One CRM as a list of all of them shows it: its state in words, what fails, whose fault it looks like, its last day.

#include <boost/json.hpp>

#include "collector/engine/engine_loop.h"
#include "rules/crm/message.h"

namespace crmpulse::collector {

/// How many failing dimensions a row names; it counts them all.
inline constexpr std::size_t kRowFailing = 3;

/// Loop's thread. Schema `FleetRow` of the API's description.
[[nodiscard]] boost::json::object fleet_row(EngineLoop& engine, const rules::CrmStatus& status);

}  // namespace crmpulse::collector
