#pragma once
// Where a system keeps the certificates of the authorities it trusts, when libcurl was compiled for another one.
// Private to net/client.

#include <span>
#include <string>

namespace crmpulse::net {

/// Returns the first of `places` that is a file, empty if `known` (libcurl's own; null: none) is one, or none of them
/// is.
[[nodiscard]] std::string authority_file(const char* known, std::span<const char* const> places);

}  // namespace crmpulse::net
