#pragma once
// Stores messages in the outbox and reads them back. A stored message begins with its version; then each fact has a
// tag, so that a later version reads an earlier one and the other way round. Version 0 is the JSON that earlier
// programs queued: it is read as well, and is the body of a webhook as it is.

#include <string>
#include <string_view>

#include "collector/message/message.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Returns the body of an outbox row.
[[nodiscard]] std::string stored_message(const Message& message);
/// Returns the message of a row. Never throws: what is damaged or foreign gives a message of type `unreadable`, with
/// subject, state and time of the row.
[[nodiscard]] Message read_message(const store::OutboxRow& row);
/// Returns true if the body has no version, as earlier programs queued it.
[[nodiscard]] bool is_version_0(std::string_view body);

}  // namespace crmpulse::collector
