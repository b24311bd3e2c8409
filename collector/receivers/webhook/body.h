#pragma once
// Lays a message out as the JSON of docs/reference.md, "Messages": the body of a webhook, the data of a CloudEvent.

#include <boost/json.hpp>

#include "collector/message/message.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

[[nodiscard]] boost::json::object webhook_body(const Message& message, const ZonePtr& zone = {});
/// Returns the body of a row. What an earlier program queued is this JSON already; without it being JSON, its text.
[[nodiscard]] boost::json::value webhook_body(const store::OutboxRow& row, const ZonePtr& zone = {});

}  // namespace crmpulse::collector
