#pragma once
// What the error numbers of MySQL and MariaDB mean.

#include <string_view>

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {

/// Meaning of an error number of the server or the client library; its SQLSTATE's when the number is not known.
[[nodiscard]] SqlError mysql_error_of(unsigned int number, std::string_view sqlstate, std::string_view message);

}  // namespace crmpulse::probes::sql
