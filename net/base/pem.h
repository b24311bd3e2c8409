#pragma once
// Says what is wrong with a file of certificates before a TLS library does, which says less, later, or nothing.

#include <optional>
#include <string>

namespace crmpulse::net {

/// Returns why the file cannot hold the certificates of authorities that are trusted, nullopt if it can. A private key
/// in it is a fault: whoever may read the certificates could then sign in the authority's name. A file that cannot be
/// read is one too.
[[nodiscard]] std::optional<std::string> authorities_fault(const std::string& file);

}  // namespace crmpulse::net
