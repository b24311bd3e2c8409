#pragma once
// What is taken from the address under which people reach the collector (`external_url`), and from a page's origin.

#include <string>
#include <string_view>

namespace crmpulse::collector {

/// Returns `host:port` of `https://host:port/path`, as net::Url::authority() writes it; empty if it is not a URL (the
/// `null` of an origin).
[[nodiscard]] std::string authority_in(std::string_view url);

/// Returns the path under which the collector's own paths stand: `/crm` of `https://host/crm`. Empty without a path, or
/// if it is not a URL. Never ends with a slash.
[[nodiscard]] std::string base_path(std::string_view url);

}  // namespace crmpulse::collector
