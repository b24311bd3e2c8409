#include "probes/sql/odbc_url/family.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "core/text/ascii.h"

namespace crmpulse::probes::sql {
namespace {

/// "MySQL ODBC 8.0 Unicode Driver" → 8, 0.
std::vector<int> version_in(std::string_view name) {
  std::vector<int> out;
  for (std::size_t i = 0; i < name.size();) {
    int number = 0;
    const auto [end, error] = std::from_chars(name.data() + i, name.data() + name.size(), number);
    if (ascii::is_digit(name[i]) && error == std::errc{}) {
      out.push_back(number);
      i = static_cast<std::size_t>(end - name.data());
    } else {
      if (!out.empty() && name[i] != '.') return out;
      ++i;
    }
  }
  return out;
}

std::optional<OdbcFamily> family_of(const std::string& lower) {
  if (lower.starts_with("postgresql")) return OdbcFamily::postgresql;
  if (lower.starts_with("mariadb")) return OdbcFamily::mariadb;
  if (lower.starts_with("mysql")) return OdbcFamily::mysql;
  return std::nullopt;
}

bool serves(OdbcFamily family, std::string_view scheme) {
  const bool is_postgresql = scheme.starts_with("postgres");
  return is_postgresql == (family == OdbcFamily::postgresql);
}

struct Candidate {
  OdbcDriver driver;
  bool unicode = false;
  bool own = false;  ///< of the scheme's own family
  std::vector<int> version;
  [[nodiscard]] auto rank() const { return std::tuple{unicode, own, version}; }
};

}  // namespace

std::optional<OdbcDriver> best_driver(std::string_view scheme, const std::vector<std::string>& installed) {
  std::optional<Candidate> best;
  for (const std::string& name : installed) {
    const std::string lower = ascii::lower(name);
    const auto family = family_of(lower);
    if (!family || !serves(*family, scheme)) continue;
    const bool own = *family == OdbcFamily::postgresql || (scheme == "mysql") == (*family == OdbcFamily::mysql);
    // MariaDB's has no ANSI twin.
    const bool unicode = *family == OdbcFamily::mariadb || lower.find("unicode") != std::string::npos;
    Candidate candidate{{name, *family}, unicode, own, version_in(lower)};
    if (!best || best->rank() < candidate.rank()) best = std::move(candidate);
  }
  return best ? std::optional{best->driver} : std::nullopt;
}

std::string missing_driver(std::string_view scheme, const std::vector<std::string>& installed) {
  const std::string_view what =
      scheme.starts_with("postgres")
          ? "no 64-bit ODBC driver for PostgreSQL is installed; install psqlODBC (odbc.postgresql.org)"
          : "no 64-bit ODBC driver for MySQL or MariaDB is installed; install MySQL Connector/ODBC (dev.mysql.com) or "
            "MariaDB Connector/ODBC (mariadb.com)";
  if (installed.empty()) return fmt::format("{}; there is no ODBC driver at all", what);
  return fmt::format("{}; installed are {}", what, fmt::join(installed, ", "));
}

}  // namespace crmpulse::probes::sql
