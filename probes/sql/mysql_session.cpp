#include "probes/sql/mysql_session.h"

#include <errmsg.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace crmpulse::probes::sql {
namespace {

struct Known {
  unsigned int number;
  Stage stage;
  Reason reason;
};

// Server: https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's; client: errmsg.h.
constexpr std::array kKnown{
    Known{1040, Stage::connect, Reason::rate_limited},  // too many connections
    Known{1044, Stage::request, Reason::permission},    // to this database
    Known{1045, Stage::auth, Reason::credentials},
    Known{1049, Stage::connect, Reason::missing},       // database
    Known{1053, Stage::connect, Reason::unreachable},   // shutting down
    Known{1054, Stage::request, Reason::missing},       // column
    Known{1062, Stage::request, Reason::conflict},      // duplicate
    Known{1129, Stage::connect, Reason::refused},       // host blocked after many errors
    Known{1130, Stage::auth, Reason::permission},       // host not allowed
    Known{1142, Stage::request, Reason::permission},    // on this table
    Known{1143, Stage::request, Reason::permission},    // on this column
    Known{1146, Stage::request, Reason::missing},       // table
    Known{1203, Stage::connect, Reason::rate_limited},  // connections of this user
    Known{1205, Stage::request, Reason::timeout},       // waiting for a lock
    Known{1213, Stage::request, Reason::conflict},      // deadlock
    Known{1193, Stage::request, Reason::missing},       // system variable
    Known{1226, Stage::connect, Reason::rate_limited},  // resource limit of this user
    Known{1227, Stage::request, Reason::permission},
    Known{1251, Stage::auth, Reason::credentials},    // old protocol
    Known{1290, Stage::request, Reason::permission},  // server is read-only
    Known{1305, Stage::request, Reason::missing},     // function
    Known{1317, Stage::request, Reason::timeout},     // interrupted
    Known{1370, Stage::request, Reason::permission},
    Known{1698, Stage::auth, Reason::credentials},
    Known{1792, Stage::request, Reason::permission},  // read-only transaction
    Known{1836, Stage::request, Reason::permission},  // server in read-only mode
    Known{1969, Stage::request, Reason::timeout},     // max_statement_time
    Known{3024, Stage::request, Reason::timeout},     // max_execution_time
    Known{3159, Stage::tls, Reason::refused},         // the server insists on TLS
    Known{4151, Stage::auth, Reason::credentials},    // account locked
    Known{CR_UNKNOWN_HOST, Stage::resolve, Reason::missing},
    Known{CR_SERVER_GONE_ERROR, Stage::connect, Reason::unreachable},
    Known{CR_SERVER_LOST, Stage::connect, Reason::unreachable},
    Known{CR_SSL_CONNECTION_ERROR, Stage::tls, Reason::internal},
    Known{CR_AUTH_PLUGIN_CANNOT_LOAD, Stage::auth, Reason::credentials},
    Known{CR_AUTH_PLUGIN_ERR, Stage::auth, Reason::credentials},
};

/// Errors with SQLSTATE HY000 whose texts quote names of hosts, variables, files, engines, plugins and accounts only.
constexpr std::array kQuoteNames{1129U, 1130U, 1193U, 1194U, 1195U, 1231U, 1238U, 1286U, 1290U,
                                 1298U, 1356U, 1364U, 1449U, 1524U, 1698U, 1932U, 3159U, 4151U};

/// libmariadb numbers its own errors from 2000 (errmsg.h) and from 5000 (its CER_ ones).
Words words_of(unsigned int number) {
  const bool library = (number >= 2000 && number < 3000) || (number >= 5000 && number < 6000);
  const bool names = std::find(kQuoteNames.begin(), kQuoteNames.end(), number) != kQuoteNames.end();
  return library || names ? Words::of_library : Words::of_server;
}

/// "Can't connect to server on '127.0.0.1' (111)": the number is connect(2)'s.
std::optional<int> errno_in(std::string_view message) {
  const std::size_t open = message.rfind('(');
  int number = 0;
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view digits =
      message.substr(open + 1, message.find_first_not_of("0123456789", open + 1) - open - 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size() ? std::optional{number} : std::nullopt;
}

bool is_time(enum_field_types type) {
  return type == MYSQL_TYPE_DATE || type == MYSQL_TYPE_NEWDATE || type == MYSQL_TYPE_DATETIME ||
         type == MYSQL_TYPE_TIMESTAMP || type == MYSQL_TYPE_DATETIME2 || type == MYSQL_TYPE_TIMESTAMP2;
}

Cell cell_of(const MYSQL_FIELD& field, const char* bytes, unsigned long length) {
  Cell cell;
  cell.null = bytes == nullptr;
  if (cell.null) return cell;
  cell.text = {bytes, length};
  if (field.type == MYSQL_TYPE_BIT) {
    std::uint64_t value = 0;
    for (const char c : cell.text) value = value << 8U | static_cast<unsigned char>(c);
    cell.number = static_cast<double>(value);
  }
  // MySQL's way of writing "no date" in a column that may not be NULL.
  if (is_time(field.type) && cell.text.starts_with("0000-00-00")) cell = Cell{};
  return cell;
}

}  // namespace

SqlError mysql_error_of(unsigned int number, std::string_view sqlstate, std::string_view message) {
  // Client errors say HY000, which stands for nothing.
  SqlError error = server_error(sqlstate, message, words_of(number));
  error.message = one_line(fmt::format("{} [{}]", error.message, number));
  for (const Known& known : kKnown) {
    if (known.number != number) continue;
    error.stage = known.stage;
    error.reason = known.reason;
  }
  if (number == CR_CONN_HOST_ERROR || number == CR_CONNECTION_ERROR) {
    const StageReason meaning = meaning_of_errno(errno_in(message).value_or(0));
    error.stage = meaning.stage;
    error.reason = meaning.reason;
  }
  if (number == CR_NET_PACKET_TOO_LARGE) return too_large();
  if (number == CR_SSL_CONNECTION_ERROR && message.find("certificate") != std::string_view::npos)
    error.reason = Reason::certificate;
  error.connection_lost = error.stage == Stage::connect;
  return error;
}

MysqlSession::~MysqlSession() {
  if (mysql_ == nullptr) return;
  mysql_close(mysql_);
}

void MysqlSession::cut() {
  cut_ = true;
  const my_socket socket = mysql_get_socket(mysql_);
  if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
}

int MysqlSession::wait(int wanted, const Limits& limits, bool& timed_out) {
  const auto events = static_cast<short>(((wanted & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                                         ((wanted & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                                         ((wanted & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
  short happened = 0;
  if (wait_for(mysql_get_socket(mysql_), events, limits, &happened) == Wait::expired) {
    // The suspended call then fails in its own way and frees what it holds.
    timed_out = true;
    return MYSQL_WAIT_TIMEOUT;
  }
  intake_.before_read(mysql_get_socket(mysql_));
  since_row_ = intake_.size(mysql_get_socket(mysql_));
  int out = 0;
  if ((happened & (POLLIN | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_READ;
  if ((happened & (POLLOUT | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_WRITE;
  if ((happened & (POLLPRI | POLLERR | POLLHUP)) != 0) out |= wanted & MYSQL_WAIT_EXCEPT;
  return out;
}

SqlError MysqlSession::error(bool timed_out, const Limits& limits) const {
  if (timed_out) return expired(Stage::request, limits);
  // A row beyond the bound given to the library is a lost connection to it, by the second packet of 16 MiB.
  constexpr std::uint64_t kPacket = 16 * 1024 * 1024;
  if (mysql_errno(mysql_) == CR_SERVER_LOST && since_row_ > kMaxValueBytes - kPacket) return too_large();
  return mysql_error_of(mysql_errno(mysql_), mysql_sqlstate(mysql_), ::mysql_error(mysql_));
}

std::optional<SqlError> MysqlSession::connect(const MysqlTarget& target, const Limits& limits) {
  MYSQL* result = nullptr;
  bool timed_out = false;
  int status = mysql_real_connect_start(&result, mysql_, target.socket.empty() ? target.host.c_str() : nullptr,
                                        target.user.c_str(), target.password.reveal().c_str(),
                                        target.database.empty() ? nullptr : target.database.c_str(), target.port,
                                        target.socket.empty() ? nullptr : target.socket.c_str(), 0);
  while (status != 0) status = mysql_real_connect_cont(&result, mysql_, wait(status, limits, timed_out));
  if (result != nullptr && !timed_out) {
    mariadb_ = mariadb_connection(mysql_) != 0;
    // The library leaves a Unix socket blocking, and its TLS then waits there for ever.
    const my_socket socket = mysql_get_socket(mysql_);
    ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
    return std::nullopt;
  }
  if (timed_out) return expired(Stage::connect, limits);
  return while_connecting(error(false, limits));
}

std::optional<SqlError> MysqlSession::prepare(bool read_only, const Limits& limits, std::vector<std::string>& notes) {
  // What is said once for a connection, and what goes on without it.
  const auto ask = [&](const std::string& statement, std::string_view without) -> std::optional<SqlError> {
    const auto failed = execute(statement, limits).error;
    if (!failed || failed->connection_lost) return failed;
    notes.push_back(one_line(fmt::format("{}: {}", without, failed->message)));
    return std::nullopt;
  };
  if (read_only) {
    if (auto failed = execute("SET SESSION TRANSACTION READ ONLY", limits).error) return while_connecting(*failed);
  }
  // TIMESTAMP columns and NOW() are written in the session's zone, and times without a zone are read as UTC.
  if (auto failed = ask("SET SESSION time_zone = '+00:00'",
                        "the server keeps its own time zone, and times it writes may be off by it"))
    return while_connecting(*failed);
  // MySQL before 5.7.8, MariaDB before 10.1, and proxies before either that pass for the other.
  const Duration wanted = server_timeout(limits);
  const std::size_t before = notes.size();
  if (auto failed = ask(timeout_statement(wanted),
                        "the server cannot end a statement by itself; only this program's own deadline does"))
    return while_connecting(*failed);
  bounds_statements_ = notes.size() == before;
  asked_timeout_ = wanted;
  return std::nullopt;
}

std::string MysqlSession::timeout_statement(Duration wanted) const {
  return mariadb_ ? fmt::format("SET SESSION max_statement_time = {:.3f}", to_seconds(wanted))
                  : fmt::format("SET SESSION max_execution_time = {}", wanted.count());
}

std::optional<SqlError> MysqlSession::set_timeout(const Limits& limits) {
  const Duration wanted = server_timeout(limits);
  if (!bounds_statements_ || wanted == asked_timeout_) return std::nullopt;
  asked_timeout_ = wanted;
  NoRows none;
  return run(timeout_statement(wanted), limits, none, false).error;
}

bool MysqlSession::is_healthy() {
  // Nothing is under way: a readable socket means that the server has said goodbye.
  pollfd waiting{mysql_get_socket(mysql_), POLLIN, 0};
  return !cut_ && waiting.fd >= 0 && ::poll(&waiting, 1, 0) == 0;
}

Outcome MysqlSession::execute(const std::string& statement, const Limits& limits) {
  NoRows none;
  if (auto failed = set_timeout(limits)) return Outcome{failed, 0, 0};
  return run(statement, limits, none, false);
}

std::optional<SqlError> MysqlSession::send(const std::string& statement, const Limits& limits, bool& timed_out) {
  int result = 0;
  int status = mysql_real_query_start(&result, mysql_, statement.data(), static_cast<unsigned long>(statement.size()));
  while (status != 0) status = mysql_real_query_cont(&result, mysql_, wait(status, limits, timed_out));
  if (result == 0 && !timed_out) return std::nullopt;
  return error(timed_out, limits);
}

Outcome MysqlSession::run(const std::string& statement, const Limits& limits, Rows& rows, bool must_return_rows) {
  Outcome outcome;
  if (must_return_rows) outcome.error = set_timeout(limits);
  const Stopwatch watch;
  bool timed_out = false;
  intake_.begin(mysql_get_socket(mysql_));
  since_row_ = 0;
  if (!outcome.error) outcome.error = send(statement, limits, timed_out);
  outcome.first_byte = watch.seconds();
  if (!outcome.error) {
    MYSQL_RES* result = mysql_use_result(mysql_);
    if (result != nullptr) {
      outcome.error = read_rows(result, limits, rows);
    } else if (mysql_field_count(mysql_) != 0) {
      outcome.error = error(false, limits);
    } else if (must_return_rows) {
      outcome.error = SqlError{Stage::content, Reason::bad_content, {}, "the statement returns no rows", false};
    }
  }
  outcome.transfer = watch.seconds() - outcome.first_byte;
  if (outcome.error && outcome.error->connection_lost) cut();
  return outcome;
}

std::optional<SqlError> MysqlSession::read_rows(MYSQL_RES* result, const Limits& limits, Rows& rows) {
  const unsigned int count = mysql_num_fields(result);
  const MYSQL_FIELD* fields = mysql_fetch_fields(result);
  std::vector<std::string> names;
  for (unsigned int i = 0; i < count; ++i) names.emplace_back(fields[i].name);
  rows.columns(names);
  std::optional<SqlError> failed;
  std::vector<Cell> cells(count);
  while (true) {
    MYSQL_ROW row = nullptr;
    bool timed_out = false;
    int status = mysql_fetch_row_start(&row, result);
    while (status != 0) status = mysql_fetch_row_cont(&row, result, wait(status, limits, timed_out));
    if (timed_out || (row == nullptr && mysql_errno(mysql_) != 0)) {
      failed = error(timed_out, limits);
      break;
    }
    if (row == nullptr) break;
    const unsigned long* lengths = mysql_fetch_lengths(result);
    for (unsigned int i = 0; i < count; ++i) cells[i] = cell_of(fields[i], row[i], lengths[i]);
    intake_.begin(mysql_get_socket(mysql_));
    const bool enough = !rows.row(cells);
    if (limits.over()) failed = expired(Stage::request, limits);
    if (enough || failed) {
      // Freeing a result reads the rest of it; there may be no end to it.
      cut();
      break;
    }
  }
  if (failed && failed->connection_lost) cut();
  mysql_free_result(result);
  return failed;
}

}  // namespace crmpulse::probes::sql
