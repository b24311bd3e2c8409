#include "probes/sql/drivers/odbc_diagnosis.h"

#include <fmt/format.h>

#include <array>

#include "probes/sql/drivers/mysql_errors.h"
#include "probes/sql/drivers/odbc_text.h"

namespace crmpulse::probes::sql {
namespace {

struct Known {
  int number;
  Stage stage;
  Reason reason;
};

// SQL Server: https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors;
// above 20000 FreeTDS itself (sybdb.h), whose SQLSTATEs are 08S01, 08001 and 01000 for nearly all of them.
constexpr std::array kTds{
    Known{17, Stage::connect, Reason::unreachable},      // "SQL Server does not exist or access denied"
    Known{53, Stage::connect, Reason::unreachable},      // network path not found
    Known{207, Stage::request, Reason::missing},         // column
    Known{208, Stage::request, Reason::missing},         // object
    Known{229, Stage::request, Reason::permission},      // on the object
    Known{230, Stage::request, Reason::permission},      // on the column
    Known{262, Stage::request, Reason::permission},      // in the database
    Known{297, Stage::request, Reason::permission},      //
    Known{300, Stage::request, Reason::permission},      // on the server
    Known{911, Stage::connect, Reason::missing},         // database
    Known{916, Stage::auth, Reason::permission},         // not a user of this database
    Known{1205, Stage::request, Reason::conflict},       // deadlock
    Known{1222, Stage::request, Reason::timeout},        // waiting for a lock
    Known{2812, Stage::request, Reason::missing},        // procedure
    Known{3906, Stage::request, Reason::permission},     // the database is read-only
    Known{4060, Stage::connect, Reason::missing},        // database, or no right to it
    Known{6005, Stage::connect, Reason::maintenance},    // shutting down
    Known{10060, Stage::connect, Reason::timeout},       // Windows' own numbers, as its drivers give them
    Known{10061, Stage::connect, Reason::refused},       //
    Known{10928, Stage::request, Reason::rate_limited},  // Azure: limits on workers and sessions
    Known{10929, Stage::request, Reason::rate_limited},  //
    Known{18401, Stage::connect, Reason::maintenance},   // upgrading
    Known{18452, Stage::auth, Reason::credentials},      //
    Known{18456, Stage::auth, Reason::credentials},      // login failed
    Known{18461, Stage::auth, Reason::permission},       // single-user mode
    Known{18470, Stage::auth, Reason::credentials},      // account disabled
    Known{18486, Stage::auth, Reason::credentials},      // account locked
    Known{18487, Stage::auth, Reason::credentials},      // password expired
    Known{18488, Stage::auth, Reason::credentials},      // password must be changed
    Known{40197, Stage::request, Reason::server_error},  // Azure
    Known{40501, Stage::request, Reason::rate_limited},  // Azure: busy
    Known{40613, Stage::connect, Reason::maintenance},   // Azure: database not available
    Known{40615, Stage::auth, Reason::permission},       // Azure: firewall
    Known{20002, Stage::connect, Reason::unreachable},   // "connection failed"
    Known{20003, Stage::request, Reason::timeout},       //
    Known{20004, Stage::connect, Reason::unreachable},   // read
    Known{20006, Stage::connect, Reason::unreachable},   // write
    Known{20008, Stage::connect, Reason::unreachable},   // cannot open a socket
    Known{20009, Stage::connect, Reason::unreachable},   // "unavailable or does not exist": no address answers
    Known{20012, Stage::resolve, Reason::missing},       // server name not in freetds.conf
    Known{20013, Stage::resolve, Reason::missing},       // unknown host
    Known{20014, Stage::auth, Reason::credentials},      // login incorrect
    Known{20015, Stage::connect, Reason::unreachable},   //
    Known{20017, Stage::connect, Reason::unreachable},   // unexpected EOF
    Known{20020, Stage::connect, Reason::bad_content},   // bad token: not this protocol
    Known{20047, Stage::connect, Reason::unreachable},   // dead connection
};

enum class Family { other, mysql, tds, sqlite };

/// By the tags every driver puts before its texts.
Family family_of(std::string_view message) {
  if (message.starts_with("[ma-") || message.starts_with("[MySQL]")) return Family::mysql;
  if (message.starts_with("[SQLite]")) return Family::sqlite;
  const std::string_view tags = message.substr(0, message.rfind(']') + 1);
  if (message.starts_with("[FreeTDS]") || tags.find("SQL Server]") != std::string_view::npos) return Family::tds;
  return Family::other;
}

/// By its number; nothing when that is not known.
std::optional<SqlError> by_number(const DiagnosticRecord& record) {
  if (record.native == 0) return std::nullopt;
  const std::string text = primary_message(record.message);
  switch (family_of(record.message)) {
    case Family::mysql: return mysql_error_of(static_cast<unsigned int>(record.native), record.sqlstate, text);
    case Family::sqlite: {
      const StageReason meaning = meaning_of_sqlite_code(record.native, text);
      return SqlError{meaning.stage, meaning.reason, {}, one_line(text), meaning.stage == Stage::connect};
    }
    case Family::tds:
      for (const Known& known : kTds) {
        if (known.number != record.native) continue;
        SqlError error = server_error(record.sqlstate, text);
        error.stage = known.stage;
        error.reason = known.reason;
        error.message = one_line(fmt::format("{} [{}]", error.message, record.native));
        error.connection_lost = known.stage == Stage::connect;
        return error;
      }
      return std::nullopt;
    case Family::other: return std::nullopt;
  }
  return std::nullopt;
}

SqlError by_sqlstate(const DiagnosticRecord& record, bool connecting) {
  const std::string text = primary_message(record.message);
  SqlError error = server_error(record.sqlstate, text);
  const bool says_nothing = record.sqlstate.starts_with("0") || record.sqlstate.starts_with("HY0");
  if (connecting && says_nothing) {
    const StageReason meaning = meaning_of_connect_text(text);
    error.stage = meaning.stage;
    error.reason = meaning.reason;
    error.message = one_line(text);  // the driver's own words: nothing was read yet that it could quote
  }
  return error;
}

}  // namespace

SqlError odbc_error(const std::vector<DiagnosticRecord>& records, bool connecting) {
  std::optional<SqlError> found;
  for (const DiagnosticRecord& record : records) {
    const auto error = by_number(record);
    // FreeTDS says "unavailable" first and why behind it.
    if (error && (!found || (error->stage == Stage::resolve && found->stage != Stage::resolve))) found = error;
  }
  if (!found) found = by_sqlstate(records.front(), connecting);
  return connecting ? while_connecting(*found) : *found;
}

}  // namespace crmpulse::probes::sql
