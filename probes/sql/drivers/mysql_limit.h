#pragma once
// For mysql_session.cpp.

#include <cstdint>
#include <string>

namespace crmpulse::probes::sql {

/// Returns the statement with MySQL's hint to end it after so many milliseconds, unchanged if it is not a SELECT.
[[nodiscard]] std::string with_execution_limit(const std::string& statement, std::int64_t milliseconds);

}  // namespace crmpulse::probes::sql
