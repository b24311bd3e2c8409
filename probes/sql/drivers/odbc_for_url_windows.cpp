// PostgreSQL and MySQL on Windows: through the ODBC driver that is installed there.

#include <algorithm>
#include <array>
#include <string_view>

#include "probes/sql/driver/driver.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/drivers/odbc_library.h"
#include "probes/sql/drivers/odbc_text.h"
#include "probes/sql/odbc_url/address.h"

namespace crmpulse::probes::sql {
namespace {

class Environment {
 public:
  Environment() {
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle_);
    SQLSetEnvAttr(handle_, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3),
                  0);  // NOLINT: as ODBC has it
  }
  ~Environment() { SQLFreeHandle(SQL_HANDLE_ENV, handle_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  [[nodiscard]] SQLHANDLE get() const { return handle_; }

 private:
  SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

/// Reads the registry: a driver that is installed now is found with the next connection.
std::vector<std::string> installed_drivers() {
  const Environment environment;
  std::vector<std::string> names;
  std::array<char16_t, 256> name{};
  SQLSMALLINT length = 0;
  auto* const text = reinterpret_cast<SQLWCHAR*>(name.data());
  for (SQLUSMALLINT way = SQL_FETCH_FIRST;; way = SQL_FETCH_NEXT) {
    SQLSMALLINT attributes = 0;
    if (!SQL_SUCCEEDED(SQLDriversW(environment.get(), way, text, static_cast<SQLSMALLINT>(name.size()), &length,
                                   nullptr, 0, &attributes)))
      return names;
    append_utf8(names.emplace_back(), std::u16string_view{name.data()});
  }
}

Opened open_for(const ConnectSpec& spec, const Limits& limits) {
  const auto address = odbc_address(spec.url, installed_drivers());
  if (!address) {
    Opened opened;
    opened.error = SqlError{Stage::connect, Reason::missing, {}, address.error().message, false};
    return opened;
  }
  ConnectSpec mapped = spec;
  mapped.url = "odbc:" + address->text;
  Limits while_opening = limits;
  if (address->connect_timeout) {
    while_opening.deadline = std::min(limits.deadline, std::chrono::steady_clock::now() + *address->connect_timeout);
  }
  return open_odbc(mapped, while_opening);
}

}  // namespace

std::optional<Error> check_postgresql_url(const std::string& url) {
  return fault_for_odbc(url);
}
Opened open_postgresql(const ConnectSpec& spec, const Limits& limits) {
  return open_for(spec, limits);
}

std::optional<Error> check_mysql_url(const std::string& url) {
  return fault_for_odbc(url);
}
Opened open_mysql(const ConnectSpec& spec, const Limits& limits) {
  return open_for(spec, limits);
}

}  // namespace crmpulse::probes::sql
