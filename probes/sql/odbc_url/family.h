#pragma once
// ODBC drivers by whose database they speak to.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::probes::sql {

enum class OdbcFamily { postgresql, mysql, mariadb };

struct OdbcDriver {
  std::string name;
  OdbcFamily family = OdbcFamily::postgresql;
};

/// Returns the best of the installed drivers for a URL's scheme (`postgresql`, `mysql`, `mariadb`): those of the
/// database's own makers first, Unicode before ANSI, the newest version first. Those of MySQL and MariaDB stand in for
/// each other. nullopt if there is none.
[[nodiscard]] std::optional<OdbcDriver> best_driver(std::string_view scheme, const std::vector<std::string>& installed);

/// "no ODBC driver for PostgreSQL is installed: …", with what to install and where it is.
[[nodiscard]] std::string missing_driver(std::string_view scheme, const std::vector<std::string>& installed);

}  // namespace crmpulse::probes::sql
