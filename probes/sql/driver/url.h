#pragma once
// Parses database URLs.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::probes::sql {

/// `scheme://user@host:port/database?key=value&…`, decoded.
struct DatabaseUrl {
  std::string user;
  std::string host;         ///< an IPv6 address without its brackets; empty: none given
  unsigned short port = 0;  ///< 0: none given
  std::string database;
  std::map<std::string, std::string> options;
};

/// Parses a URL of one host, or of none (a Unix socket's). Returns an error if the text is not a URL or has a password.
/// PostgreSQL's several hosts are libpq's to parse (probes/sql/drivers/postgresql_url.h).
[[nodiscard]] Result<DatabaseUrl> parse_database_url(const std::string& text);
/// Decodes % escapes. Returns nullopt if one is broken or makes a NUL.
[[nodiscard]] std::optional<std::string> decoded(std::string_view text);

/// "it has an unknown option 'sslmod'; known are …"
[[nodiscard]] std::string unknown_option(std::string_view option, const std::vector<std::string>& known);
/// "has sslmode 'verify'; there are disable, …"
[[nodiscard]] std::string unknown_value(std::string_view option, std::string_view value,
                                        std::span<const std::string_view> known);

}  // namespace crmpulse::probes::sql
