#pragma once
// Names the header by which an agent knows that the collector itself answered.

#include <string_view>

namespace crmpulse::wire {

/// A header of every answer to samples and evidence that is the collector's own, in lower case. What bears none may
/// come from a proxy.
inline constexpr std::string_view kCollectorMark = "x-crm-collector";

}  // namespace crmpulse::wire
