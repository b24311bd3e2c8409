#pragma once
// Private to the stored messages: reads the JSON that programs before version 1 queued.

#include <optional>
#include <string_view>

#include "collector/message/message.h"

namespace crmpulse::collector {

/// Lenient: what is absent or of another type is left as it is in an empty message. Returns nullopt if it is not a
/// JSON object. `at` is the epoch where the message has no time.
[[nodiscard]] std::optional<Message> read_version_0(std::string_view body);

}  // namespace crmpulse::collector
