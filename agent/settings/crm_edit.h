#pragma once
// Writes one CRM more into an agent.yaml: everything else in the file stays byte for byte as a person wrote it.

#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::agent {

/// Returns the text with a CRM behind the last one under `crms:`, indented as those before it. `entry` is its mapping,
/// a line each, without indentation and without the dash. An error if a CRM has that name already, or if the place is
/// written in a way that is better changed by hand. `file` is for messages.
[[nodiscard]] Result<std::string> add_crm(std::string_view text, const std::vector<std::string>& entry,
                                          const std::string& file);

/// Returns a new agent.yaml without a CRM: where to send to, and its explanation.
[[nodiscard]] std::string new_agent_yaml(std::string_view ship_url);

}  // namespace crmpulse::agent
