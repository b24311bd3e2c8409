// PostgreSQL through libpq, non-blocking: every wait is a poll() with our deadline.
//
// Nothing outlives a statement. Behind a pooler (PgBouncer with pool_mode transaction or statement) the server's
// session is lent to others between two statements: a `SET` of ours would make the application read-only. So each
// statement goes in one round trip with what it needs: `SELECT set_config(…, true)`, the statement, and one Sync. The
// server takes what stands before a Sync as one transaction, ends it there, and with it what was set; PgBouncer never
// sees one open.
//
// A statement that outlives the deadline is ended by the server's own statement_timeout, asked for a little earlier.
// PQcancel is not used: it opens a second, blocking connection, and would hang exactly when the server does.

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "probes/sql/driver/dial.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/intake.h"
#include "probes/sql/driver/names.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/drivers/postgresql_cleartext.h"
#include "probes/sql/drivers/postgresql_url.h"

namespace crmpulse::probes::sql {
namespace {

struct FreeConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionPtr = std::unique_ptr<PGconn, FreeConnection>;
using ResultPtr = std::unique_ptr<PGresult, FreeResult>;

constexpr Oid kBool = 16;
constexpr std::uint64_t kWorthFreeing = 1024 * 1024;  ///< bytes of one row

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
    pollfd waiting{PQsocket(connection_.get()), POLLIN, 0};  // -1 without a connection
    if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK || waiting.fd < 0 || swollen_) return false;
    if (::poll(&waiting, 1, 0) > 0 && PQconsumeInput(connection_.get()) == 0) return false;
    drop_notifications();
    return PQstatus(connection_.get()) == CONNECTION_OK;
  }

  std::string pooler() const override { return pooler_; }

  /// From here on everything goes in pipelines. Learns which process answers: another one than the process we logged in
  /// to means a pooler.
  std::optional<SqlError> begin(bool read_only, const Limits& limits) {
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
  [[nodiscard]] bool is_standby() const { return standby_; }
  [[nodiscard]] bool is_read_only() const { return standby_ || default_read_only_; }

  Outcome query(const std::string& statement, const Limits& limits, Rows& rows) override {
    return run({settings(limits)}, statement, limits, rows, true);
  }

  Outcome execute(const std::string& statement, const Limits& limits) override {
    NoRows none;
    // A role whose transactions are read-only by default still has its own table to write.
    if (default_read_only_ && !standby_ && !read_only_)
      return run({"BEGIN READ WRITE", settings(limits)}, statement, limits, none, false);
    return run({settings(limits)}, statement, limits, none, false);
  }

 private:
  static constexpr const char* kFacts =
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

  /// Of one transaction; `SET LOCAL` would do the same, but outside of BEGIN … COMMIT each is a warning in the server's
  /// log.
  [[nodiscard]] std::string settings(const Limits& limits) const {
    return fmt::format(
        "SELECT {}pg_catalog.set_config('statement_timeout', '{}', true), pg_catalog.set_config('datestyle', 'ISO', "
        "true)",
        read_only_ ? "pg_catalog.set_config('transaction_read_only', 'on', true), " : "",
        server_timeout(limits).count());
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

  /// With the extended protocol the server takes exactly one statement from each text: a recipe cannot slip a second
  /// one behind it.
  bool put(const std::string& statement) {
    return PQsendQueryParams(connection_.get(), statement.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) != 0;
  }

  std::optional<SqlError> send(const std::vector<std::string>& before, const std::string& statement,
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

  /// The next result, or null at the end of a statement.
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

  Outcome run(const std::vector<std::string>& before, const std::string& statement, const Limits& limits, Rows& rows,
              bool must_return_rows) {
    const Stopwatch watch;
    Outcome outcome;
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

  /// A result of what goes before or behind the statement.
  bool take_aside(const PGresult* result, Outcome& outcome) {
    if (PQresultStatus(result) != PGRES_FATAL_ERROR) return true;
    if (!outcome.error) outcome.error = result_error(result);
    // The server's farewell, which was on its way already.
    if (outcome.error->connection_lost) outcome.accepted = false;
    return !outcome.error->connection_lost;
  }

  /// False: nothing more is to be read from this statement.
  bool take(const PGresult* result, Rows& rows, bool must_return_rows, bool& columns_given, Outcome& outcome) {
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
  bool read_only_ = true;
  bool standby_ = false;
  bool default_read_only_ = false;
  std::string pooler_;
  std::vector<Cell> cells_;
  Intake intake_;
  bool swollen_ = false;  ///< the library's buffer, which never shrinks: a new connection has a small one
};

using Setting = std::pair<std::string, std::string>;

/// One address of the list, with its name, as libpq is to be given it.
struct Candidate {
  PostgresqlHost host;
  bool tls_by_default = false;  ///< the URL says nothing of it, and it is not on this machine
  std::optional<SqlError> error;
};

bool says_of_tls(const PostgresqlUrl& url) {
  return url.has("sslmode") || std::getenv("PGSSLMODE") != nullptr || std::getenv("PGREQUIRESSL") != nullptr;
}

template <typename T>
void shuffle(std::vector<T>& list) {
  std::mt19937 engine{std::random_device{}()};
  std::shuffle(list.begin(), list.end(), engine);
}

/// Every address of every host, resolved by ourselves: libpq would do it inside PQconnectStart, unmeasured and without
/// a deadline.
std::vector<Candidate> candidates_of(const PostgresqlUrl& url, const Limits& limits, Opened& opened) {
  std::vector<PostgresqlHost> hosts = url.hosts;
  if (url.shuffle) shuffle(hosts);
  std::vector<std::string> names;
  for (const PostgresqlHost& host : hosts) {
    if (host.address.empty() && !host.is_socket()) names.push_back(host.host);
  }
  const Stopwatch watch;
  std::vector<Resolved> resolved = resolve_all(names, limits);
  const bool asked = std::any_of(resolved.begin(), resolved.end(), [](const Resolved& one) { return one.asked; });
  if (asked) opened.phases.emplace_back("dns", watch.seconds());
  std::vector<Candidate> out;
  auto next = resolved.begin();
  for (const PostgresqlHost& host : hosts) {
    if (!host.address.empty() || host.is_socket()) {
      out.push_back({host, !host.is_socket() && !is_loopback(host.address), {}});
      continue;
    }
    if (url.shuffle) shuffle(next->addresses);
    for (const std::string& address : next->addresses) {
      out.push_back({{host.host, address, host.port}, !is_loopback(address), {}});
    }
    if (next->error) out.push_back({host, false, next->error});
    ++next;
  }
  if (says_of_tls(url)) {
    for (Candidate& candidate : out) candidate.tls_by_default = false;
  }
  return out;
}

std::string name_of(const Candidate& candidate) {
  const PostgresqlHost& host = candidate.host;
  std::string name = host.host.empty() ? host.address : host.host;
  if (!host.host.empty() && !host.address.empty() && host.host != host.address)
    name += fmt::format(" ({})", host.address);
  return host.port.empty() ? name : fmt::format("{} port {}", name, host.port);
}

class PostgresqlAttempt final : public Attempt {
 public:
  PostgresqlAttempt(std::vector<Setting> settings, const Candidate& candidate) : settings_(std::move(settings)) {
    const PostgresqlHost& host = candidate.host;
    if (!host.host.empty()) settings_.emplace_back("host", host.host);
    if (!host.address.empty()) settings_.emplace_back("hostaddr", host.address);
    if (!host.port.empty()) settings_.emplace_back("port", host.port);
    if (candidate.tls_by_default) settings_.emplace_back("sslmode", "require");
  }

  State begin() override {
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : settings_) {
      keys.push_back(key.c_str());
      values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    connection_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
    if (!connection_) throw std::bad_alloc();
    return state();
  }
  State go_on() override {
    (void)PQconnectPoll(connection_.get());
    return state();
  }
  int socket() const override { return PQsocket(connection_.get()); }
  SqlError error() const override { return connect_error(connection_.get()); }

  [[nodiscard]] ConnectionPtr take() { return std::move(connection_); }

 private:
  [[nodiscard]] State state() const {
    switch (PQstatus(connection_.get())) {
      case CONNECTION_BAD: return State::failed;
      case CONNECTION_STARTED:
      case CONNECTION_NEEDED: return State::connecting;
      default: return State::reached;
    }
  }

  std::vector<Setting> settings_;
  ConnectionPtr connection_;
};

std::optional<SqlError> finish_connecting(PGconn* connection, bool cleartext_password, const Limits& limits) {
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  // Notices may quote records; nobody here reads them.
  PQsetNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  // As PQconnectPoll wants it at first; and nothing is under way in what was just reached.
  PostgresPollingStatusType polling = PGRES_POLLING_WRITING;
  ClearTextGuard guard;
  while (polling != PGRES_POLLING_OK) {
    if (polling == PGRES_POLLING_FAILED) return connect_error(connection);
    const bool reading = polling == PGRES_POLLING_READING;
    if (!cleartext_password && reading && PQsslInUse(connection) == 0) {
      if (auto refused = guard.look(connection, limits)) return refused;
    } else if (wait_for(PQsocket(connection), reading ? POLLIN : POLLOUT, limits) == Wait::expired) {
      return expired(Stage::connect, limits);
    }
    polling = PQconnectPoll(connection);
  }
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQsetnonblocking(connection, 1);
  return std::nullopt;
}

/// The server refused, and another one will hardly do better: a wrong password is to be seen, not walked past.
bool is_final(const SqlError& error) {
  if (error.reason == Reason::timeout) return false;
  return error.stage != Stage::connect || (!error.sqlstate.empty() && error.reason != Reason::maintenance);
}

bool is_wanted(SessionWanted wanted, const PostgresqlConnection& connection) {
  switch (wanted) {
    case SessionWanted::any: return true;
    case SessionWanted::read_write: return !connection.is_read_only();
    case SessionWanted::read_only: return connection.is_read_only();
    case SessionWanted::primary: return !connection.is_standby();
    case SessionWanted::standby:
    case SessionWanted::prefer_standby: return connection.is_standby();
  }
  return true;
}

SqlError unwanted(SessionWanted wanted) {
  constexpr std::array<std::string_view, 6> kWords{"",          "read-write", "read-only",
                                                   "a primary", "a standby",  "a standby"};
  return SqlError{
      Stage::connect,
      Reason::unreachable,
      {},
      fmt::format("the server is not {}, as target_session_attrs wants it", kWords[static_cast<std::size_t>(wanted)]),
      true};
}

/// Those of a URL, with the password, and what keeps firewalls from forgetting the connection while it is idle.
std::vector<Setting> settings_for(const PostgresqlUrl& url, const Secret& password) {
  std::vector<Setting> settings = url.settings;
  const auto unless_said = [&](const char* key, const char* value) {
    if (!url.has(key)) settings.emplace_back(key, value);
  };
  unless_said("application_name", "crmpulse-agent");
  unless_said("keepalives_idle", "30");
  unless_said("keepalives_interval", "10");
  unless_said("keepalives_count", "3");
  if (!password.empty()) settings.emplace_back("password", password.reveal());
  // These two are harmless behind a pooler: it keeps them apart for each client, and so does PgBouncer.
  settings.emplace_back("client_encoding", "UTF8");
  return settings;
}

/// One round over the list.
class Opening {
 public:
  Opening(const PostgresqlUrl& url, const ConnectSpec& spec, const std::vector<Candidate>& candidates)
      : url_(url), spec_(spec), candidates_(candidates), settings_(settings_for(url, spec.password)) {}

  void run(SessionWanted wanted, const Limits& limits, Opened& opened) {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(name_of(candidate));
    Dialer dialer{std::move(names),
                  [this](std::size_t i) { return std::make_unique<PostgresqlAttempt>(settings_, candidates_[i]); },
                  url_.connect_timeout};
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (candidates_[i].error) dialer.failed(i, *candidates_[i].error);
    }
    while (auto reached = dialer.next(limits)) {
      opened.error = log_in(*reached, wanted, dialer.share(limits, *reached), opened);
      if (!opened.error || is_final(*opened.error)) return;
      dialer.failed(reached->index, *opened.error);
    }
    opened.error = dialer.error(limits);
  }

 private:
  std::optional<SqlError> log_in(Reached& reached, SessionWanted wanted, const Limits& limits, Opened& opened) {
    ConnectionPtr raw = static_cast<PostgresqlAttempt&>(*reached.attempt).take();
    if (auto error = finish_connecting(raw.get(), url_.cleartext_password, limits)) {
      if (error->stage == Stage::tls && error->reason == Reason::refused && candidates_[reached.index].tls_by_default)
        error->message = one_line(
            "the server does not support TLS, which is asked for beyond this machine; "
            "sslmode=disable in the url allows a connection without");
      return error;
    }
    auto ready = std::make_unique<PostgresqlConnection>(std::move(raw));
    if (auto error = ready->begin(spec_.read_only, limits)) return error;
    if (!is_wanted(wanted, *ready)) return unwanted(wanted);
    opened.connection = std::move(ready);
    return std::nullopt;
  }

  const PostgresqlUrl& url_;
  const ConnectSpec& spec_;
  const std::vector<Candidate>& candidates_;
  const std::vector<Setting> settings_;
};

}  // namespace

std::optional<Error> check_postgresql_url(const std::string& url) {
  const Result<PostgresqlUrl> parsed = parse_postgresql_url(url);
  if (!parsed) return parsed.error();
  return std::nullopt;
}

Opened open_postgresql(const ConnectSpec& spec, const Limits& limits) {
  Opened opened;
  const Result<PostgresqlUrl> url = parse_postgresql_url(spec.url);
  if (!url) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, one_line(url.error().message), true};
    return opened;
  }
  std::vector<Candidate> candidates = candidates_of(*url, limits, opened);
  if (candidates.empty()) candidates.emplace_back();
  const Stopwatch watch;
  Opening opening{*url, spec, candidates};
  opening.run(url->wanted, limits, opened);
  if (opened.error && url->wanted == SessionWanted::prefer_standby && !is_final(*opened.error) && !limits.over())
    opening.run(SessionWanted::any, limits, opened);
  const bool resolved =
      std::any_of(candidates.begin(), candidates.end(), [](const Candidate& one) { return !one.error; });
  if (resolved) opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
