#pragma once
#include <map>
#include <string>

#include "core/error.h"

namespace crmpulse::probes::sql {

/// `scheme://user@host:port/database?key=value&…`, decoded.
struct Url {
  std::string user;
  std::string host;         ///< an IPv6 address without its brackets
  unsigned short port = 0;  ///< 0: none given
  std::string database;
  std::map<std::string, std::string> options;
};

/// Refuses a password, and what is no URL.
[[nodiscard]] Result<Url> parse_url(const std::string& text);

}  // namespace crmpulse::probes::sql
