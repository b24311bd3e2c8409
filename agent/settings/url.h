#pragma once
// Checks the URLs of agent.yaml and derives one from another.

#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::agent {

/// Returns why a text is not an http or https URL we send to, nullopt if it is fine. A URL with a user or password is
/// refused, because it would end in logs.
[[nodiscard]] std::optional<std::string> url_fault(std::string_view url);
/// The evidence address beside a remote-write address: its last path segment becomes `evidence`.
[[nodiscard]] std::string evidence_url(std::string_view write_url);

}  // namespace crmpulse::agent
