// libpq, non-blocking: every wait is a poll() with our deadline.
//
// Nothing outlives a statement. Behind a pooler (PgBouncer with pool_mode transaction or statement) the server's
// session is lent to others between two statements: a `SET` of ours would make the application read-only. So each
// statement goes in one round trip with what it needs: `SELECT set_config(…, true)`, the statement, and one Sync. The
// server takes what stands before a Sync as one transaction, ends it there, and with it what was set; PgBouncer never
// sees one open.
//
// A statement that outlives the deadline is ended by the server's own statement_timeout, asked for a little earlier.
// PQcancel is not used: it opens a second, blocking connection, and would hang exactly when the server does.
#include "probes/sql/drivers/postgresql_session.h"

#include "probes/sql/driver/sockets.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace crmpulse::probes::sql {
namespace {

constexpr Oid kBool = 16;
constexpr std::uint64_t kWorthFreeing = 1024 * 1024;  ///< bytes of one row

constexpr const char* kFacts =
    "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), "
    "pg_catalog.current_setting('default_transaction_read_only')";

class SessionFacts final : public Rows {
 public:
  std::array<std::string, 3> text;
  void columns(const std::vector<std::string>&) override {}
  bool row(std::span<const Cell> cells) override {
    for (std::size_t i = 0; i < text.size() && i < cells.size(); ++i) text[i] = cells[i].text;
    return true;
  }
};

/// `FATAL:  28P01: password authentication failed …` (verbosity "verbose") → code and text, first line only.
std::pair<std::string, std::string> split_verbose(std::string_view message) {
  for (std::size_t at = message.find(":  "); at != std::string_view::npos; at = message.find(":  ", at + 1)) {
    const std::string_view code = message.substr(at + 3, 5);
    const bool is_code =
        code.size() == 5 && code.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
    if (!is_code || message.substr(at + 8, 2) != ": ") continue;
    const std::string_view rest = message.substr(at + 10);
    return {std::string{code}, std::string{rest.substr(0, rest.find('\n'))}};
  }
  return {{}, std::string{message}};
}

}  // namespace

SqlError postgresql_connect_error(const PGconn* connection) {
  const auto [code, text] = split_verbose(PQerrorMessage(connection));
  if (!code.empty()) return while_connecting(server_error(code, text));
  const StageReason meaning = meaning_of_connect_text(text);
  return SqlError{meaning.stage, meaning.reason, {}, one_line(text), true};
}

bool PostgresqlSession::is_healthy() {
  // Nothing is under way, so a readable socket means a notice or the end; reading tells which.
  pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};  // -1 without a connection
  if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK || waiting.fd < 0 || swollen_) return false;
  if (::poll(&waiting, 1, 0) > 0 && PQconsumeInput(connection_.get()) == 0) return false;
  drop_notifications();
  return PQstatus(connection_.get()) == CONNECTION_OK;
}

std::optional<SqlError> PostgresqlSession::begin(bool read_only, const Limits& limits) {
  read_only_ = read_only;
  if (PQenterPipelineMode(connection_.get()) == 0) return while_connecting(own_error());
  SessionFacts facts;
  if (auto error = query(kFacts, limits, facts).error) return while_connecting(*error);
  standby_ = facts.text[1] == "t";
  default_read_only_ = facts.text[2] == "on";
  if (facts.text[0] != std::to_string(PQbackendPID(connection_.get())))
    pooler_ = "a connection pooler (PgBouncer or one like it)";
  return std::nullopt;
}

StatementResult PostgresqlSession::query(const std::string& statement, const Limits& limits, Rows& rows) {
  return run({settings(limits)}, statement, limits, rows, true);
}

StatementResult PostgresqlSession::execute(const std::string& statement, const Limits& limits) {
  NoRows none;
  // A role whose transactions are read-only by default still has its own table to write.
  if (default_read_only_ && !standby_ && !read_only_)
    return run({"BEGIN READ WRITE", settings(limits)}, statement, limits, none, false);
  return run({settings(limits)}, statement, limits, none, false);
}

std::string PostgresqlSession::settings(const Limits& limits) const {
  return fmt::format(
      "SELECT {}pg_catalog.set_config('statement_timeout', '{}', true), pg_catalog.set_config('datestyle', 'ISO', "
      "true)",
      read_only_ ? "pg_catalog.set_config('transaction_read_only', 'on', true), " : "", server_timeout(limits).count());
}

SqlError PostgresqlSession::own_error() const {
  const auto [code, text] = split_verbose(PQerrorMessage(connection_.get()));
  const bool dead = PQstatus(connection_.get()) != CONNECTION_OK;
  if (dead && code.empty()) return lost(text);
  SqlError error = server_error(code, text);
  error.connection_lost = error.connection_lost || dead;
  return error;
}

SqlError PostgresqlSession::result_error(const PGresult* result) const {
  const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (code == nullptr || text == nullptr) return own_error();
  SqlError error = server_error(code, text);
  error.connection_lost = error.connection_lost || PQstatus(connection_.get()) != CONNECTION_OK;
  return error;
}

bool PostgresqlSession::put(const std::string& statement) {
  return PQsendQueryParams(connection_.get(), statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
}

std::optional<SqlError> PostgresqlSession::send(const std::vector<std::string>& before, const std::string& statement,
                                                const Limits& limits) {
  bool sent = std::all_of(before.begin(), before.end(), [&](const std::string& text) { return put(text); });
  // The answer to what stands before is not kept back until the statement is done: it shows that we are heard.
  sent = sent && PQsendFlushRequest(connection_.get()) != 0 && put(statement);
  if (sent && before.size() > 1) sent = put("COMMIT");
  if (!sent || PQpipelineSync(connection_.get()) == 0) return own_error();
  while (true) {
    const int flushed = PQflush(connection_.get());
    if (flushed == 0) return std::nullopt;
    if (flushed < 0) return own_error();
    short happened = 0;
    if (wait_for(PQsocket(connection_.get()), POLLIN | POLLOUT, limits, &happened) == Wait::expired)
      return expired(Stage::request, limits);
    if ((happened & POLLIN) != 0 && PQconsumeInput(connection_.get()) == 0) return own_error();
  }
}

std::optional<SqlError> PostgresqlSession::next(const Limits& limits, ResultPtr& result) {
  while (PQisBusy(connection_.get()) != 0) {
    const int socket = PQsocket(connection_.get());
    if (wait_for(socket, POLLIN, limits) == Wait::expired) return expired(Stage::request, limits);
    intake_.before_read(socket);
    if (PQconsumeInput(connection_.get()) == 0) return own_error();
    drop_notifications();
    const std::uint64_t size = intake_.size(socket);
    if (size > kMaxValueBytes) return too_large();
    swollen_ = swollen_ || size > kWorthFreeing;
  }
  result.reset(PQgetResult(connection_.get()));
  intake_.begin(PQsocket(connection_.get()));
  return std::nullopt;
}

void PostgresqlSession::drop_notifications() {
  while (PGnotify* notification = PQnotifies(connection_.get())) PQfreemem(notification);
}

StatementResult PostgresqlSession::run(const std::vector<std::string>& before, const std::string& statement,
                                       const Limits& limits, Rows& rows, bool must_return_rows) {
  const Stopwatch watch;
  StatementResult outcome;
  Limits until_accepted = limits;
  if (limits.accepted_by) until_accepted.deadline = std::min(limits.deadline, *limits.accepted_by);
  intake_.begin(PQsocket(connection_.get()));
  outcome.error = send(before, statement, until_accepted);
  bool columns_given = false;
  std::size_t at = 0;  // which of the statements the results are of
  while (!outcome.error || !outcome.error->connection_lost) {
    ResultPtr result;
    if (auto error = next(outcome.accepted ? limits : until_accepted, result)) {
      outcome.error = error;
      break;
    }
    if (!result && PQstatus(connection_.get()) != CONNECTION_OK) {
      outcome.error = own_error();
      break;
    }
    outcome.accepted = true;
    if (!result) {
      if (++at == before.size()) PQsetSingleRowMode(connection_.get());
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (at == before.size() && outcome.first_byte == 0) outcome.first_byte = watch.seconds();
    const bool asked = at == before.size();
    if (!(asked ? take(result.get(), rows, must_return_rows, columns_given, outcome)
                : take_aside(result.get(), outcome)))
      break;
    if (limits.over()) {
      outcome.error = expired(Stage::request, limits);
      break;
    }
  }
  outcome.transfer = watch.seconds() - outcome.first_byte;
  // What a statement left open (a BEGIN of the recipe's) ends with the connection.
  if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK &&
      PQtransactionStatus(connection_.get()) != PQTRANS_IDLE)
    connection_.reset();
  return outcome;
}

bool PostgresqlSession::take_aside(const PGresult* result, StatementResult& outcome) {
  if (PQresultStatus(result) != PGRES_FATAL_ERROR) return true;
  if (!outcome.error) outcome.error = result_error(result);
  // The server's farewell, which was on its way already.
  if (outcome.error->connection_lost) outcome.accepted = false;
  return !outcome.error->connection_lost;
}

bool PostgresqlSession::take(const PGresult* result, Rows& rows, bool must_return_rows, bool& columns_given,
                             StatementResult& outcome) {
  const ExecStatusType status = PQresultStatus(result);
  const bool has_rows = status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK;
  if (has_rows && !columns_given) {
    rows.columns(names(result));
    columns_given = true;
  }
  if (status == PGRES_SINGLE_TUPLE) {
    if (give_row(result, rows)) return true;
    // Reading the rest could take for ever; the connection goes instead, and the server stops at its next write.
    connection_.reset();
    return false;
  }
  if (has_rows || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY || status == PGRES_PIPELINE_ABORTED) {
    if (must_return_rows && !has_rows && !outcome.error) {
      outcome.error = SqlError{Stage::content, Reason::bad_content, {}, "the statement returns no rows", false};
    }
    return true;
  }
  if (status == PGRES_FATAL_ERROR) {
    if (!outcome.error) outcome.error = result_error(result);
    return !outcome.error->connection_lost;
  }
  outcome.error = SqlError{
      Stage::content, Reason::bad_content, {}, fmt::format("unexpected answer: {}", PQresStatus(status)), true};
  return false;
}

std::vector<std::string> PostgresqlSession::names(const PGresult* result) {
  std::vector<std::string> out;
  for (int i = 0; i < PQnfields(result); ++i) out.emplace_back(PQfname(result, i));
  return out;
}

bool PostgresqlSession::give_row(const PGresult* result, Rows& rows) {
  cells_.clear();
  for (int i = 0; i < PQnfields(result); ++i) {
    Cell cell;
    cell.null = PQgetisnull(result, 0, i) != 0;
    if (!cell.null) {
      cell.text = {PQgetvalue(result, 0, i), static_cast<std::size_t>(PQgetlength(result, 0, i))};
      if (PQftype(result, i) == kBool) cell.number = cell.text == "t" ? 1 : 0;
    }
    cells_.push_back(cell);
  }
  return rows.row(cells_);
}

}  // namespace crmpulse::probes::sql
