#pragma once
// What each of the four drivers offers; for open.cpp.

#include <optional>
#include <string>

#include "core/failure/error.h"
#include "probes/sql/driver/connection.h"

namespace crmpulse::probes::sql {

[[nodiscard]] std::optional<Error> check_postgresql_url(const std::string& url);
[[nodiscard]] Opened open_postgresql(const ConnectSpec& spec, const Limits& limits);

[[nodiscard]] std::optional<Error> check_mysql_url(const std::string& url);
[[nodiscard]] Opened open_mysql(const ConnectSpec& spec, const Limits& limits);

[[nodiscard]] std::optional<Error> check_sqlite_url(const std::string& url);
[[nodiscard]] Opened open_sqlite(const ConnectSpec& spec, const Limits& limits);

[[nodiscard]] std::optional<Error> check_odbc_url(const std::string& url);
[[nodiscard]] Opened open_odbc(const ConnectSpec& spec, const Limits& limits);

}  // namespace crmpulse::probes::sql
