#pragma once
// Derives the address that takes evidence.

#include <string>

namespace crmpulse::agent {

/// The evidence address beside a remote-write address: its last path segment becomes `evidence`.
[[nodiscard]] std::string evidence_url(const std::string& write_url);

}  // namespace crmpulse::agent
