#include <fmt/format.h>

#include <array>
#include <cerrno>

#include "probes/sql/driver.h"

namespace crmpulse::probes::sql {
namespace {

struct Meaning {
  std::string_view prefix;
  Stage stage;
  Reason reason;
};

// PostgreSQL's, MySQL's and ODBC's codes in one table; the longest matching prefix wins.
constexpr std::array kMeanings{
    Meaning{"08", Stage::connect, Reason::unreachable},     Meaning{"08004", Stage::connect, Reason::refused},
    Meaning{"0A", Stage::request, Reason::bad_content},     Meaning{"21", Stage::request, Reason::bad_content},
    Meaning{"22", Stage::request, Reason::bad_content},     Meaning{"23", Stage::request, Reason::conflict},
    Meaning{"25", Stage::request, Reason::conflict},        Meaning{"25006", Stage::request, Reason::permission},
    Meaning{"25P03", Stage::connect, Reason::unreachable},  Meaning{"26", Stage::request, Reason::missing},
    Meaning{"28", Stage::auth, Reason::credentials},        Meaning{"37", Stage::request, Reason::bad_content},
    Meaning{"3D", Stage::connect, Reason::missing},         Meaning{"3F", Stage::request, Reason::missing},
    Meaning{"40", Stage::request, Reason::conflict},        Meaning{"42", Stage::request, Reason::bad_content},
    Meaning{"42501", Stage::request, Reason::permission},   Meaning{"42703", Stage::request, Reason::missing},
    Meaning{"42704", Stage::request, Reason::missing},      Meaning{"42883", Stage::request, Reason::missing},
    Meaning{"42P01", Stage::request, Reason::missing},      Meaning{"42S02", Stage::request, Reason::missing},
    Meaning{"42S22", Stage::request, Reason::missing},      Meaning{"53", Stage::request, Reason::server_error},
    Meaning{"53300", Stage::connect, Reason::rate_limited}, Meaning{"54", Stage::request, Reason::bad_content},
    Meaning{"55P03", Stage::request, Reason::conflict},     Meaning{"57", Stage::request, Reason::server_error},
    Meaning{"57014", Stage::request, Reason::timeout},      Meaning{"57P01", Stage::connect, Reason::unreachable},
    Meaning{"57P02", Stage::connect, Reason::unreachable},  Meaning{"57P03", Stage::connect, Reason::maintenance},
    Meaning{"57P04", Stage::connect, Reason::missing},      Meaning{"57P05", Stage::connect, Reason::unreachable},
    Meaning{"58", Stage::request, Reason::server_error},    Meaning{"70100", Stage::request, Reason::timeout},
    Meaning{"HYT00", Stage::request, Reason::timeout},      Meaning{"HYT01", Stage::connect, Reason::timeout},
    Meaning{"IM002", Stage::connect, Reason::missing},      Meaning{"S1T00", Stage::request, Reason::timeout},
    Meaning{"XX", Stage::request, Reason::server_error},
};

/// Classes whose messages quote names, addresses and the recipe's own text, never a record's values.
bool may_quote(std::string_view sqlstate) {
  for (const std::string_view prefix :
       {"01", "08", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "70", "IM", "HYT"}) {
    if (sqlstate.starts_with(prefix)) return true;
  }
  return false;
}

/// Raised by a trigger or a stored procedure: the text is the application's and can hold anything.
bool application_raised(std::string_view sqlstate) {
  return sqlstate.starts_with("P0") || sqlstate.starts_with("45");
}

std::string without_quoted(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char quote = message[i];
    out += quote;
    if (quote != '"' && quote != '\'' && quote != '`') continue;
    // To the last quote of this kind: a value may hold quotes itself.
    const std::size_t end = message.rfind(quote);
    if (end == i) return out + "…";
    out += "…";
    out += quote;
    i = end;
  }
  return out;
}

}  // namespace

std::optional<StageReason> meaning_of_sqlstate(std::string_view sqlstate) {
  const Meaning* best = nullptr;
  for (const Meaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.prefix) && (best == nullptr || meaning.prefix.size() > best->prefix.size()))
      best = &meaning;
  }
  if (best == nullptr) return std::nullopt;
  return StageReason{best->stage, best->reason};
}

SqlError server_error(std::string_view sqlstate, std::string_view message) {
  const StageReason meaning = meaning_of_sqlstate(sqlstate).value_or(StageReason{Stage::request, Reason::server_error});
  SqlError error{meaning.stage, meaning.reason, std::string{sqlstate}, {}, meaning.stage == Stage::connect};
  if (application_raised(sqlstate)) {
    error.message = fmt::format("the database raised an error of its own (SQLSTATE {})", sqlstate);
  } else {
    const std::string shown = may_quote(sqlstate) ? std::string{message} : without_quoted(message);
    error.message =
        sqlstate.empty() ? one_line(shown) : one_line(fmt::format("{} (SQLSTATE {})", one_line(shown, 260), sqlstate));
  }
  return error;
}

SqlError while_connecting(SqlError error) {
  if (error.stage == Stage::request) error.stage = error.reason == Reason::permission ? Stage::auth : Stage::connect;
  error.connection_lost = true;
  return error;
}

StageReason meaning_of_errno(int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
    case ENOENT: return {Stage::connect, Reason::refused};
    case ETIMEDOUT: return {Stage::connect, Reason::timeout};
    case EACCES:
    case EPERM: return {Stage::connect, Reason::permission};
    default: return {Stage::connect, Reason::unreachable};
  }
}

StageReason meaning_of_connect_text(std::string_view text) {
  struct Known {
    std::string_view part;
    Stage stage;
    Reason reason;
  };
  static constexpr std::array kKnown{
      Known{"certificate", Stage::tls, Reason::certificate},
      Known{"does not support SSL", Stage::tls, Reason::refused},
      Known{"SSL", Stage::tls, Reason::internal},
      Known{"no password supplied", Stage::auth, Reason::credentials},
      Known{"authentication", Stage::auth, Reason::credentials},
      Known{"Access denied", Stage::auth, Reason::credentials},
      Known{"Login failed", Stage::auth, Reason::credentials},
      Known{"could not translate host name", Stage::resolve, Reason::missing},
      Known{"Unknown database", Stage::connect, Reason::missing},
      Known{"does not exist", Stage::connect, Reason::missing},
      Known{"Connection refused", Stage::connect, Reason::refused},
      Known{"No such file or directory", Stage::connect, Reason::refused},
      Known{"open lib", Stage::connect, Reason::missing},
      Known{"Permission denied", Stage::connect, Reason::permission},
      Known{"timed out", Stage::connect, Reason::timeout},
      Known{"imeout expired", Stage::connect, Reason::timeout},
  };
  for (const Known& known : kKnown) {
    if (text.find(known.part) != std::string_view::npos) return {known.stage, known.reason};
  }
  return {Stage::connect, Reason::unreachable};
}

SqlError lost(std::string_view message) {
  return SqlError{Stage::connect, Reason::unreachable, {}, one_line(message), true};
}

SqlError expired(Stage stage, const Limits& limits) {
  if (limits.cancel != nullptr && limits.cancel->requested() && std::chrono::steady_clock::now() < limits.deadline) {
    return SqlError{Stage::request, Reason::skipped, {}, "cancelled before the server answered", true};
  }
  return SqlError{
      stage, Reason::timeout, {}, fmt::format("no answer within {}", format_duration(limits.statement_timeout)), true};
}

}  // namespace crmpulse::probes::sql
