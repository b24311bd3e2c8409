#pragma once
// Checks names of CRMs and agents.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::agent {

/// Returns why a text cannot be the name of a CRM or an agent, nullopt if it can. The name becomes the label `label`,
/// and it is part of addresses
/// (`/api/v1/crms/NAME`), which every proxy between must hand on as they are.
[[nodiscard]] std::optional<std::string> name_fault(std::string_view name, std::string_view label);

}  // namespace crmpulse::agent
