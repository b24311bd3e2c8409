#pragma once
// Messages about more than one CRM: digests, lost agents, vendor outages.

#include <string>

#include "collector/message/describe.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// The JSON body: `crms` with the state of each, `more`, `agent` or `vendor`, and the text in both languages.
[[nodiscard]] boost::json::object group_json(const rules::Message& message);

/// `09:10 UTC`, with the date when it is another day than that of `now`.
[[nodiscard]] std::string clock_text(TimePoint time, TimePoint now);

}  // namespace crmpulse::collector
