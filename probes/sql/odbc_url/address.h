#pragma once
// `postgresql://` and `mysql://` where their own client libraries are not built in (Windows): the same addresses for
// the ODBC drivers that are installed there. Pure text.

#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::probes::sql {

struct OdbcAddress {
  std::string text;                         ///< `Driver={…};Server=…`, without a password
  std::optional<Duration> connect_timeout;  ///< what the URL says of it
};

/// Returns what ODBC is told in place of a URL of PostgreSQL, MySQL or MariaDB. `installed`: the drivers' names as
/// SQLDrivers lists them. Error: the URL says what no driver can do, or which driver to install.
[[nodiscard]] Result<OdbcAddress> odbc_address(const std::string& url, const std::vector<std::string>& installed);

/// Everything that can be said about such a URL when no driver is known.
[[nodiscard]] std::optional<Error> fault_for_odbc(const std::string& url);

}  // namespace crmpulse::probes::sql
