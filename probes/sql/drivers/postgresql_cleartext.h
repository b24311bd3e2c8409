#pragma once
// A server may ask for the password in clear, and libpq 15 gives it. Without TLS it must not. For postgresql.cpp.

#include <libpq-fe.h>

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {

/// Looks at what the server sent before libpq reads it, on connections without TLS.
class ClearTextGuard {
 public:
  /// Waits until there is something to read. An error when the deadline passes, or when the server asks for the
  /// password in clear.
  [[nodiscard]] std::optional<SqlError> look(PGconn* connection, const Limits& limits);
};

}  // namespace crmpulse::probes::sql
