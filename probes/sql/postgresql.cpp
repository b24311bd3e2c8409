// PostgreSQL through libpq, non-blocking: every wait is a poll() with our deadline.
//
// A statement that outlives the deadline is ended by the server's own statement_timeout, asked for a little earlier.
// PQcancel is not used: it opens a second, blocking connection, and would hang exactly when the server does.

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "probes/sql/driver.h"
#include "probes/sql/intake.h"

namespace crmpulse::probes::sql {
namespace {

struct FreeConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnectionPtr = std::unique_ptr<PGconn, FreeConnection>;
using ResultPtr = std::unique_ptr<PGresult, FreeResult>;
using OptionsPtr = std::unique_ptr<PQconninfoOption, FreeOptions>;

constexpr Oid kBool = 16;
constexpr std::uint64_t kWorthFreeing = 1024 * 1024;  ///< bytes of one row

Result<OptionsPtr> parse_url(const std::string& url) {
  char* error = nullptr;
  OptionsPtr options{PQconninfoParse(url.c_str(), &error)};
  if (options) return options;
  const std::string text = error != nullptr ? one_line(error) : "out of memory";
  PQfreemem(error);
  return Error{"is no PostgreSQL URL: " + text};
}

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

SqlError connect_error(const PGconn* connection) {
  const auto [code, text] = split_verbose(PQerrorMessage(connection));
  if (!code.empty()) return while_connecting(server_error(code, text));
  const StageReason meaning = meaning_of_connect_text(text);
  return SqlError{meaning.stage, meaning.reason, {}, one_line(text), true};
}

class PostgresqlConnection final : public Connection {
 public:
  explicit PostgresqlConnection(ConnectionPtr connection) : connection_(std::move(connection)) {}

  bool is_healthy() override {
    // Nothing is under way, so a readable socket means a notice or the end; reading tells which.
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};
    if (PQstatus(connection_.get()) != CONNECTION_OK || waiting.fd < 0 || swollen_) return false;
    if (::poll(&waiting, 1, 0) > 0 && PQconsumeInput(connection_.get()) == 0) return false;
    drop_notifications();
    return PQstatus(connection_.get()) == CONNECTION_OK;
  }

  std::optional<SqlError> prepare_session(bool read_only, const Limits& limits) {
    asked_timeout_ = server_timeout(limits);
    NoRows none;
    const std::string settings =
        fmt::format("SET datestyle = ISO; SET default_transaction_read_only = {}; SET statement_timeout = {}",
                    read_only ? "on" : "off", asked_timeout_.count());
    if (auto error = run(settings, limits, none, Kind::several).error) return while_connecting(*error);
    return std::nullopt;
  }

  Outcome query(const std::string& statement, const Limits& limits, Rows& rows) override {
    if (auto error = set_timeout(limits)) return Outcome{error, 0, 0};
    return run(statement, limits, rows, Kind::rows);
  }

  Outcome execute(const std::string& statement, const Limits& limits) override {
    if (auto error = set_timeout(limits)) return Outcome{error, 0, 0};
    NoRows none;
    return run(statement, limits, none, Kind::any);
  }

 private:
  enum class Kind { rows, any, several };

  std::optional<SqlError> set_timeout(const Limits& limits) {
    const Duration wanted = server_timeout(limits);
    if (wanted == asked_timeout_) return std::nullopt;
    NoRows none;
    auto error = run(fmt::format("SET statement_timeout = {}", wanted.count()), limits, none, Kind::several).error;
    if (!error) asked_timeout_ = wanted;
    return error;
  }

  [[nodiscard]] SqlError own_error() const {
    const auto [code, text] = split_verbose(PQerrorMessage(connection_.get()));
    const bool dead = PQstatus(connection_.get()) != CONNECTION_OK;
    if (dead && code.empty()) return lost(text);
    SqlError error = server_error(code, text);
    error.connection_lost = error.connection_lost || dead;
    return error;
  }

  [[nodiscard]] SqlError result_error(const PGresult* result) const {
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (code == nullptr || text == nullptr) return own_error();
    SqlError error = server_error(code, text);
    error.connection_lost = error.connection_lost || PQstatus(connection_.get()) != CONNECTION_OK;
    return error;
  }

  std::optional<SqlError> send(const std::string& statement, const Limits& limits, Kind kind) {
    // With parameters (none here) the server takes exactly one statement: a recipe cannot slip a second one behind it.
    const int sent = kind == Kind::several ? PQsendQuery(connection_.get(), statement.c_str())
                                           : PQsendQueryParams(connection_.get(), statement.c_str(), 0, nullptr,
                                                               nullptr, nullptr, nullptr, 0);
    if (sent == 0) return own_error();
    if (PQsetSingleRowMode(connection_.get()) == 0) return own_error();
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

  /// The next result, or null at the end of the statement.
  std::optional<SqlError> next(const Limits& limits, ResultPtr& result) {
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

  /// Whoever may connect to the database may send them; the library keeps them until they are asked for.
  void drop_notifications() {
    while (PGnotify* notification = PQnotifies(connection_.get())) PQfreemem(notification);
  }

  Outcome run(const std::string& statement, const Limits& limits, Rows& rows, Kind kind) {
    const Stopwatch watch;
    Outcome outcome;
    intake_.begin(PQsocket(connection_.get()));
    outcome.error = send(statement, limits, kind);
    if (outcome.error) return outcome;
    bool first = true;
    bool columns_given = false;
    while (true) {
      ResultPtr result;
      if (auto error = next(limits, result)) {
        outcome.error = error;
        break;
      }
      if (first) outcome.first_byte = watch.seconds();
      first = false;
      if (!result) break;
      if (!take(result.get(), rows, kind, columns_given, outcome)) break;
      if (limits.over()) {
        outcome.error = expired(Stage::request, limits);
        break;
      }
    }
    outcome.transfer = watch.seconds() - outcome.first_byte;
    return outcome;
  }

  /// False: nothing more is to be read from this statement.
  bool take(const PGresult* result, Rows& rows, Kind kind, bool& columns_given, Outcome& outcome) {
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
    if (has_rows || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
      if (kind == Kind::rows && !has_rows && !outcome.error) {
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

  static std::vector<std::string> names(const PGresult* result) {
    std::vector<std::string> out;
    for (int i = 0; i < PQnfields(result); ++i) out.emplace_back(PQfname(result, i));
    return out;
  }

  bool give_row(const PGresult* result, Rows& rows) {
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

  ConnectionPtr connection_;
  Duration asked_timeout_{};
  std::vector<Cell> cells_;
  Intake intake_;
  bool swollen_ = false;  ///< the library's buffer, which never shrinks: a new connection has a small one
};

struct Settings {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  [[nodiscard]] const std::string* find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return &values[i];
    }
    return nullptr;
  }
  void set(std::string key, std::string value) {
    keys.push_back(std::move(key));
    values.push_back(std::move(value));
  }
};

Settings settings_of(const PQconninfoOption* options) {
  Settings settings;
  for (; options->keyword != nullptr; ++options) {
    if (options->val != nullptr) settings.set(options->keyword, options->val);
  }
  return settings;
}

/// Resolves the host ourselves: libpq would do it inside PQconnectStart, unmeasured. Leaves sockets, lists of hosts
/// and names libpq has an address for already.
std::optional<SqlError> resolve_host(Settings& settings, Opened& opened) {
  const std::string* host = settings.find("host");
  if (host == nullptr || host->empty() || host->front() == '/' || host->front() == '@' ||
      host->find(',') != std::string::npos || settings.find("hostaddr") != nullptr) {
    return std::nullopt;
  }
  const Stopwatch watch;
  const Resolved resolved = resolve(*host);
  if (resolved.asked) opened.phases.emplace_back("dns", watch.seconds());
  if (resolved.error) return resolved.error;
  const std::string name = *host;
  std::string hosts;
  std::string addresses;
  for (const std::string& address : resolved.addresses) {
    hosts += (hosts.empty() ? "" : ",") + name;
    addresses += (addresses.empty() ? "" : ",") + address;
  }
  for (std::size_t i = 0; i < settings.keys.size(); ++i) {
    if (settings.keys[i] == "host") settings.values[i] = hosts;
  }
  settings.set("hostaddr", addresses);
  return std::nullopt;
}

ConnectionPtr start(const Settings& settings) {
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (std::size_t i = 0; i < settings.keys.size(); ++i) {
    keys.push_back(settings.keys[i].c_str());
    values.push_back(settings.values[i].c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  return ConnectionPtr{PQconnectStartParams(keys.data(), values.data(), 0)};
}

std::optional<SqlError> finish_connecting(PGconn* connection, const Limits& limits) {
  if (PQstatus(connection) == CONNECTION_BAD) return connect_error(connection);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  // Notices may quote records; nobody here reads them.
  PQsetNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
  while (polling != PGRES_POLLING_OK) {
    if (polling == PGRES_POLLING_FAILED) return connect_error(connection);
    const short events = polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (wait_for(PQsocket(connection), events, limits) == Wait::expired) return expired(Stage::connect, limits);
    polling = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetnonblocking(connection, 1);
  return std::nullopt;
}

}  // namespace

std::optional<Error> check_postgresql_url(const std::string& url) {
  const Result<OptionsPtr> options = parse_url(url);
  if (!options) return options.error();
  const Settings settings = settings_of(options->get());
  for (const char* key : {"password", "sslpassword"}) {
    if (const std::string* value = settings.find(key); value != nullptr && !value->empty()) return password_in_url();
  }
  return std::nullopt;
}

Opened open_postgresql(const ConnectSpec& spec, const Limits& limits) {
  Opened opened;
  const Result<OptionsPtr> options = parse_url(spec.url);
  if (!options) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, one_line(options.error().message), true};
    return opened;
  }
  Settings settings = settings_of(options->get());
  if (!spec.password.empty()) settings.set("password", spec.password.reveal());
  if (settings.find("application_name") == nullptr) settings.set("application_name", "crmpulse-agent");
  settings.set("client_encoding", "UTF8");
  opened.error = resolve_host(settings, opened);
  if (opened.error) return opened;

  const Stopwatch watch;
  ConnectionPtr connection = start(settings);
  if (!connection) throw std::bad_alloc();
  opened.error = finish_connecting(connection.get(), limits);
  if (!opened.error) {
    auto ready = std::make_unique<PostgresqlConnection>(std::move(connection));
    opened.error = ready->prepare_session(spec.read_only, limits);
    if (!opened.error) opened.connection = std::move(ready);
  }
  opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
