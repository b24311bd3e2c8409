#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <span>

#include "probes/sql/driver/driver.h"

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

bool is_letter(std::string_view text, std::size_t at) {
  return at < text.size() && ((text[at] >= 'a' && text[at] <= 'z') || (text[at] >= 'A' && text[at] <= 'Z'));
}

/// The apostrophe of "can't" or "server's", which opens no quotation.
bool is_contraction(std::string_view text, std::size_t at) {
  if (text[at] != '\'' || at < 2 || is_letter(text, at + 2)) return false;
  const bool of_not = text[at - 1] == 'n' && text.substr(at + 1, 1) == "t";
  const bool of_owner = is_letter(text, at - 1) && is_letter(text, at - 2) && text.substr(at + 1, 1) == "s";
  return of_not || of_owner;
}

/// Where a quotation that began before `from` ends, if it does. A value may hold quotes itself, so the last one counts.
std::size_t last_quote(std::string_view text, char quote, std::size_t from) {
  for (std::size_t at = text.rfind(quote); at != std::string_view::npos && at > from; at = text.rfind(quote, at - 1)) {
    if (!is_contraction(text, at)) return at;
  }
  return std::string_view::npos;
}

std::string without_quoted(std::string_view message) {
  std::string out;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char quote = message[i];
    out += quote;
    if ((quote != '"' && quote != '\'' && quote != '`') || is_contraction(message, i)) continue;
    const std::size_t end = last_quote(message, quote, i);
    if (end == std::string_view::npos) return out + "…";
    out += "…";
    out += quote;
    i = end;
  }
  return out;
}

struct KnownText {
  std::string_view part;
  Stage stage;
  Reason reason;
};

StageReason meaning_of_text(std::string_view text, std::span<const KnownText> known, StageReason otherwise) {
  for (const KnownText& one : known) {
    if (text.find(one.part) != std::string_view::npos) return {one.stage, one.reason};
  }
  return otherwise;
}

/// PgBouncer has this one code for nearly everything, so that its words are all there is: client.c, objects.c, server.c
/// and janitor.c of 1.7 to 1.24. (PostgreSQL itself says it of a client that breaks the protocol.)
constexpr std::string_view kProtocolViolation = "08P01";
constexpr std::array kPoolerTexts{
    KnownText{"password authentication failed", Stage::auth, Reason::credentials},
    KnownText{"SASL authentication failed", Stage::auth, Reason::credentials},
    KnownText{"authentication failed", Stage::auth, Reason::credentials},
    KnownText{"auth failed", Stage::auth, Reason::credentials},
    KnownText{"Auth failed", Stage::auth, Reason::credentials},
    KnownText{"login failed", Stage::auth, Reason::credentials},
    KnownText{"no such user", Stage::auth, Reason::credentials},
    KnownText{"No such user", Stage::auth, Reason::credentials},
    KnownText{"login rejected", Stage::auth, Reason::permission},
    KnownText{"not allowed", Stage::auth, Reason::permission},
    KnownText{"no such database", Stage::connect, Reason::missing},
    KnownText{"No such database", Stage::connect, Reason::missing},
    KnownText{"does not exist", Stage::connect, Reason::missing},
    KnownText{"max_client_conn", Stage::connect, Reason::rate_limited},
    KnownText{"no more connections allowed", Stage::connect, Reason::rate_limited},
    KnownText{"max_user_client_connections", Stage::connect, Reason::rate_limited},
    KnownText{"max_db_client_connections", Stage::connect, Reason::rate_limited},
    KnownText{"too many", Stage::connect, Reason::rate_limited},
    KnownText{"query_wait_timeout", Stage::connect, Reason::timeout},
    KnownText{"client_login_timeout", Stage::connect, Reason::timeout},
    KnownText{"query_timeout", Stage::request, Reason::timeout},
    KnownText{"query timeout", Stage::request, Reason::timeout},
    KnownText{"database is disabled", Stage::connect, Reason::maintenance},
    KnownText{"shutting down", Stage::connect, Reason::maintenance},
    KnownText{"shut down", Stage::connect, Reason::maintenance},
    KnownText{"certificate", Stage::tls, Reason::certificate},
    KnownText{"SSL required", Stage::tls, Reason::refused},
    KnownText{"TLS required", Stage::tls, Reason::refused},
    KnownText{"unsupported startup parameter", Stage::connect, Reason::bad_content},
    KnownText{"unsupported", Stage::request, Reason::bad_content},
};

/// What libraries and drivers say of a connection that did not come about, where they have no code.
constexpr std::array kConnectTexts{
    KnownText{"certificate", Stage::tls, Reason::certificate},
    KnownText{"does not support SSL", Stage::tls, Reason::refused},
    KnownText{"SSL", Stage::tls, Reason::internal},
    KnownText{"no password supplied", Stage::auth, Reason::credentials},
    KnownText{"authentication", Stage::auth, Reason::credentials},
    KnownText{"Access denied", Stage::auth, Reason::credentials},
    KnownText{"Login failed", Stage::auth, Reason::credentials},
    KnownText{"could not translate host name", Stage::resolve, Reason::missing},
    KnownText{"Unknown database", Stage::connect, Reason::missing},
    KnownText{"\" does not exist", Stage::connect, Reason::missing},  // database "crm" does not exist
    KnownText{"Connection refused", Stage::connect, Reason::refused},
    KnownText{"No such file or directory", Stage::connect, Reason::refused},
    KnownText{"open lib", Stage::connect, Reason::missing},
    KnownText{"Permission denied", Stage::connect, Reason::permission},
    KnownText{"timed out", Stage::connect, Reason::timeout},
    KnownText{"imeout expired", Stage::connect, Reason::timeout},
};

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

SqlError server_error(std::string_view sqlstate, std::string_view message, Words words) {
  StageReason meaning = meaning_of_sqlstate(sqlstate).value_or(StageReason{Stage::request, Reason::server_error});
  if (sqlstate == kProtocolViolation) meaning = meaning_of_text(message, kPoolerTexts, meaning);
  SqlError error{meaning.stage, meaning.reason, std::string{sqlstate}, {}, meaning.stage == Stage::connect};
  if (application_raised(sqlstate)) {
    error.message = fmt::format("the database raised an error of its own (SQLSTATE {})", sqlstate);
  } else {
    const bool whole = words == Words::of_library || may_quote(sqlstate);
    const std::string shown = whole ? std::string{message} : without_quoted(message);
    error.message =
        sqlstate.empty() ? one_line(shown) : one_line(fmt::format("{} (SQLSTATE {})", one_line(shown, 260), sqlstate));
  }
  return error;
}

SqlError too_large() {
  return SqlError{
      Stage::content,
      Reason::bad_content,
      {},
      fmt::format("the answer holds a value, or something else between two rows, of more than {} MiB; ask for less, "
                  "such as left(column, 100)",
                  kMaxValueBytes / (1024 * 1024)),
      true};
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
  return meaning_of_text(text, kConnectTexts, {Stage::connect, Reason::unreachable});
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
