#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace crmpulse::agent {

/// Why a text is no http or https URL we send to; nothing when it is fine. User and password in it are refused: they
/// would end in logs.
[[nodiscard]] std::optional<std::string> url_fault(std::string_view url);
/// The evidence address beside a remote-write address: its last path segment becomes `evidence`.
[[nodiscard]] std::string evidence_url(std::string_view write_url);

}  // namespace crmpulse::agent
