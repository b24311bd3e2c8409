#pragma once
// What an ODBC driver says about a failed call → stage, reason, text.

#include <string>
#include <vector>

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {

/// One record of SQLGetDiagRec.
struct DiagnosticRecord {
  std::string sqlstate;
  int native = 0;       ///< the database's or the driver's own number; 0: none
  std::string message;  ///< with the driver's tags: `[FreeTDS][SQL Server]Unable to connect`
};

/// The number decides where its driver is known (MariaDB, MySQL, SQL Server, FreeTDS, SQLite), then the SQLSTATE; the
/// text only while connecting, where drivers say 08001 or HY000 for whatever happened. Never of an empty list.
[[nodiscard]] SqlError odbc_error(const std::vector<DiagnosticRecord>& records, bool connecting);

}  // namespace crmpulse::probes::sql
