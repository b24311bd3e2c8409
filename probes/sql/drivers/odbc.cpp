// Anything with an ODBC driver: `odbc:Driver={…};Server=…;Database=…;UID=…`.
//
// A driver blocks as it likes: the timeouts asked of it are whole seconds, and one that hangs in the network holds its
// thread until the network gives up. The run is answered by the watchdog all the same.
//
// Nothing is set in a session that outlives a statement: behind a pooler it is everybody's. What a statement needs is
// set in the transaction it runs in.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/names.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/drivers/odbc_diagnosis.h"
#include "probes/sql/drivers/odbc_library.h"
#include "probes/sql/drivers/odbc_text.h"

namespace crmpulse::probes::sql {
namespace {

static_assert(sizeof(SQLWCHAR) == sizeof(char16_t), "wide characters of ODBC are UTF-16");

constexpr SQLULEN kMaxRows = 110'000;        // more than any recipe may read: drivers like to fetch everything
constexpr std::size_t kMaxCellUnits = 4096;  // of UTF-16; what is longer is cut

template <SQLSMALLINT Type>
class Handle {
 public:
  explicit Handle(SQLHANDLE parent) {
    if (!SQL_SUCCEEDED(SQLAllocHandle(Type, parent, &handle_))) throw std::bad_alloc();
  }
  ~Handle() { SQLFreeHandle(Type, handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] SQLHANDLE get() const { return handle_; }

 private:
  SQLHANDLE handle_ = SQL_NULL_HANDLE;
};
using Environment = Handle<SQL_HANDLE_ENV>;
using ConnectionHandle = Handle<SQL_HANDLE_DBC>;
using Statement = Handle<SQL_HANDLE_STMT>;

SQLWCHAR* wide(std::u16string& text) {
  return reinterpret_cast<SQLWCHAR*>(text.data());
}

SQLPOINTER number(std::uintptr_t value) {
  return reinterpret_cast<SQLPOINTER>(value);
}  // NOLINT: how ODBC passes integers

std::uintptr_t whole_seconds(Duration duration) {
  return static_cast<std::uintptr_t>(
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(duration).count()));
}

std::vector<DiagnosticRecord> diagnose(SQLSMALLINT type, SQLHANDLE handle) {
  constexpr SQLSMALLINT kMost = 8;
  std::vector<DiagnosticRecord> records;
  for (SQLSMALLINT i = 1; i <= kMost; ++i) {
    std::array<char16_t, 6> state{};
    std::u16string text(1024, u'\0');
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    if (!SQL_SUCCEEDED(SQLGetDiagRecW(type, handle, i, reinterpret_cast<SQLWCHAR*>(state.data()), &native, wide(text),
                                      1024, &length)))
      break;
    DiagnosticRecord& record = records.emplace_back();
    append_utf8(record.sqlstate, std::u16string_view{state.data()});
    append_utf8(record.message, std::u16string_view{text.data()});
    record.native = static_cast<int>(native);
  }
  if (records.empty()) records.push_back({"", 0, "the ODBC driver gives no reason"});
  return records;
}

/// Opens no file of its own: unixODBC reads odbcinst.ini and odbc.ini.
class OdbcConnection final : public Connection {
 public:
  explicit OdbcConnection(const ConnectSpec& spec)
      : environment_(SQL_NULL_HANDLE), read_only_(spec.read_only), speaks_mysql_(spec.dialect == Dialect::mysql) {
    SQLSetEnvAttr(environment_.get(), SQL_ATTR_ODBC_VERSION, number(SQL_OV_ODBC3), 0);
    connection_ = std::make_unique<ConnectionHandle>(environment_.get());
  }
  ~OdbcConnection() override {
    if (connected_) SQLDisconnect(connection_->get());
  }

  /// `seconds`: as the string may say as well; psqlODBC refuses two that differ.
  std::optional<SqlError> connect(const std::string& string, std::uintptr_t seconds, const Limits& limits) {
    SQLHANDLE handle = connection_->get();
    SQLSetConnectAttr(handle, SQL_ATTR_LOGIN_TIMEOUT, number(seconds), 0);
    if (read_only_) SQLSetConnectAttr(handle, SQL_ATTR_ACCESS_MODE, number(SQL_MODE_READ_ONLY), 0);
    std::u16string text = to_utf16(string);
    const SQLRETURN result = SQLDriverConnectW(handle, nullptr, wide(text), static_cast<SQLSMALLINT>(text.size()),
                                               nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
    if (!SQL_SUCCEEDED(result)) return connect_error(limits);
    connected_ = true;
    name_database();
    if (is_mysql() && wants_tls_of_mysql(string)) {
      if (auto error = refuse_clear(limits)) return error;
    }
    return prepare(limits);
  }

  bool is_healthy() override {
    SQLUINTEGER dead = SQL_CD_FALSE;
    SQLGetConnectAttr(connection_->get(), SQL_ATTR_CONNECTION_DEAD, &dead, SQL_IS_UINTEGER, nullptr);
    return dead != SQL_CD_TRUE;
  }

  StatementResult query(const std::string& statement, const Limits& limits, Rows& rows) override {
    if (auto error = follow_timeout(limits)) return StatementResult{error, 0, 0, false};
    return run(statement, limits, rows, true);
  }
  StatementResult execute(const std::string& statement, const Limits& limits) override {
    if (auto error = follow_timeout(limits)) return StatementResult{error, 0, 0, false};
    NoRows none;
    return run(statement, limits, none, false);
  }

 private:
  SqlError connect_error(const Limits& limits) const {
    const std::vector<DiagnosticRecord> records = diagnose(SQL_HANDLE_DBC, connection_->get());
    if (limits.over()) return expired(Stage::connect, limits);
    return odbc_error(records, true);
  }

  void name_database() {
    std::array<char, 64> name{};
    SQLSMALLINT length = 0;
    SQLGetInfo(connection_->get(), SQL_DBMS_NAME, name.data(), static_cast<SQLSMALLINT>(name.size()), &length);
    dbms_ = name.data();
  }

  /// Before anything else is said on it, a connection in clear that was to be encrypted is ended.
  std::optional<SqlError> refuse_clear(const Limits& limits) {
    const Statement statement{connection_->get()};
    std::u16string sent = to_utf16("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    const SQLRETURN asked = SQLExecDirectW(statement.get(), wide(sent), static_cast<SQLINTEGER>(sent.size()));
    if (!SQL_SUCCEEDED(asked)) return while_connecting(statement_error(statement, limits));
    std::string cipher;
    Cell cell;
    if (SQL_SUCCEEDED(SQLFetch(statement.get())) && !read_cell(statement, 2, cipher, cell))
      return while_connecting(statement_error(statement, limits));
    if (!cipher.empty()) return std::nullopt;
    return SqlError{Stage::tls, Reason::refused, {}, "the server has no TLS, and the driver went on without", true};
  }

  /// As far as the database behind the driver is known to be able; for the others nothing is ever committed.
  std::optional<SqlError> prepare(const Limits& limits) {
    std::optional<SqlError> error;
    if (is_mysql()) {
      // The driver cannot have these in the statement. Proxies that lend sessions keep track of them for each client.
      error = execute_setting("SET SESSION time_zone = '+00:00'", limits);
      // Texts and names come quoted as standard SQL has it; a backslash in one would end it otherwise. Those written
      // for MySQL itself count on its own ways.
      if (!error && !speaks_mysql_)
        error =
            execute_setting("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES')", limits);
      if (!error) error = bound_mysql(limits);
    }
    // Reading is never committed. A driver that cannot turn this off has no transactions; then there is only the
    // account's right to read.
    if (read_only_ || is_postgresql())
      SQLSetConnectAttr(connection_->get(), SQL_ATTR_AUTOCOMMIT, number(SQL_AUTOCOMMIT_OFF), 0);
    return error;
  }

  [[nodiscard]] bool is_mysql() const { return dbms_ == "MySQL" || dbms_ == "MariaDB"; }
  [[nodiscard]] bool is_postgresql() const { return dbms_ == "PostgreSQL"; }

  /// What the transaction of one statement begins with, as far as the database is known to have it.
  [[nodiscard]] std::vector<std::string> beginning(const Limits& limits) const {
    std::vector<std::string> out;
    if (is_postgresql()) {
      if (read_only_) out.emplace_back("SET TRANSACTION READ ONLY");
      // The driver would set its query timeout for the session, and drops the zone from what it hands on.
      out.push_back(fmt::format("SET LOCAL statement_timeout = {}", server_timeout(limits).count()));
      out.emplace_back("SET LOCAL TIME ZONE 'UTC'");
    }
    if (is_mysql() && read_only_) out.emplace_back("START TRANSACTION READ ONLY");
    return out;
  }

  std::optional<SqlError> order(const std::string& text, const Limits& limits) {
    const Statement statement{connection_->get()};
    std::u16string sent = to_utf16(text);
    const SQLRETURN result = SQLExecDirectW(statement.get(), wide(sent), static_cast<SQLINTEGER>(sent.size()));
    if (SQL_SUCCEEDED(result) || result == SQL_NO_DATA) return std::nullopt;
    return statement_error(statement, limits);
  }

  /// The end of a statement's transaction.
  void end(StatementResult& outcome) {
    if (!read_only_ && !is_postgresql()) return;
    const bool keep = !read_only_ && !outcome.error;
    const SQLRETURN result = SQLEndTran(SQL_HANDLE_DBC, connection_->get(), keep ? SQL_COMMIT : SQL_ROLLBACK);
    if (SQL_SUCCEEDED(result) || !keep) return;
    outcome.error = odbc_error(diagnose(SQL_HANDLE_DBC, connection_->get()), false);
  }

  /// These drivers hold the whole result and have no timeout of their own. A server that has not the one or the other
  /// is measured without.
  std::optional<SqlError> bound_mysql(const Limits& limits) {
    asked_timeout_ = server_timeout(limits);
    const std::string timeout = dbms_ == "MariaDB"
                                    ? fmt::format("SET SESSION max_statement_time = {:.3f}", to_seconds(asked_timeout_))
                                    : fmt::format("SET SESSION max_execution_time = {}", asked_timeout_.count());
    for (const std::string& statement : {timeout, fmt::format("SET SESSION sql_select_limit = {}", kMaxRows)}) {
      const auto error = execute_setting(statement, limits);
      if (error && !is_healthy()) return error;
    }
    return std::nullopt;
  }

  /// Another measurement may have another timeout.
  std::optional<SqlError> follow_timeout(const Limits& limits) {
    if (!is_mysql() || server_timeout(limits) == asked_timeout_) return std::nullopt;
    return bound_mysql(limits);
  }

  std::optional<SqlError> execute_setting(const std::string& statement, const Limits& limits) {
    auto error = order(statement, limits);
    if (error) *error = while_connecting(*error);
    return error;
  }

  SqlError statement_error(const Statement& statement, const Limits& limits) {
    const std::vector<DiagnosticRecord> records = diagnose(SQL_HANDLE_STMT, statement.get());
    if (limits.over()) return expired(Stage::request, limits);
    SqlError error = odbc_error(records, false);
    error.connection_lost = error.connection_lost || !is_healthy();
    return error;
  }

  StatementResult run(const std::string& text, const Limits& limits, Rows& rows, bool must_return_rows) {
    StatementResult outcome;
    for (const std::string& first : beginning(limits)) {
      if (!outcome.error) outcome.error = order(first, limits);
    }
    outcome.accepted = !outcome.error && (is_postgresql() || is_mysql());
    if (!outcome.error) {
      const Statement statement{connection_->get()};
      if (!is_postgresql())
        SQLSetStmtAttr(statement.get(), SQL_ATTR_QUERY_TIMEOUT, number(whole_seconds(server_timeout(limits))), 0);
      // Only where rows come, and never with MariaDB's driver: it writes " LIMIT 110000" behind whatever is executed,
      // SET and "… LIMIT 1" included.
      if (must_return_rows && !is_mysql()) SQLSetStmtAttr(statement.get(), SQL_ATTR_MAX_ROWS, number(kMaxRows), 0);
      std::u16string sent = to_utf16(text);
      const Stopwatch watch;
      const SQLRETURN result = SQLExecDirectW(statement.get(), wide(sent), static_cast<SQLINTEGER>(sent.size()));
      outcome.first_byte = watch.seconds();
      if (!SQL_SUCCEEDED(result) && result != SQL_NO_DATA) {
        outcome.error = statement_error(statement, limits);
      } else {
        outcome.error = read_rows(statement, limits, rows, must_return_rows);
      }
      outcome.transfer = watch.seconds() - outcome.first_byte;
    }
    end(outcome);
    return outcome;
  }

  std::optional<SqlError> read_rows(const Statement& statement, const Limits& limits, Rows& rows,
                                    bool must_return_rows) {
    SQLSMALLINT count = 0;
    SQLNumResultCols(statement.get(), &count);
    if (count == 0) {
      if (must_return_rows)
        return SqlError{Stage::content, Reason::bad_content, {}, "the statement returns no rows", false};
      return std::nullopt;
    }
    rows.columns(names(statement, count));
    std::vector<std::string> texts(static_cast<std::size_t>(count));
    std::vector<Cell> cells(texts.size());
    while (true) {
      const SQLRETURN result = SQLFetch(statement.get());
      if (result == SQL_NO_DATA) return std::nullopt;
      if (!SQL_SUCCEEDED(result)) return statement_error(statement, limits);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!read_cell(statement, static_cast<SQLUSMALLINT>(i + 1), texts[i], cells[i]))
          return statement_error(statement, limits);
      }
      if (!rows.row(cells)) return std::nullopt;
      if (limits.over()) return expired(Stage::request, limits);
    }
  }

  static std::vector<std::string> names(const Statement& statement, SQLSMALLINT count) {
    std::vector<std::string> out;
    for (SQLSMALLINT i = 1; i <= count; ++i) {
      std::u16string name(256, u'\0');
      SQLSMALLINT length = 0;
      SQLDescribeColW(statement.get(), static_cast<SQLUSMALLINT>(i), wide(name), 256, &length, nullptr, nullptr,
                      nullptr, nullptr);
      append_utf8(out.emplace_back(), std::u16string_view{name.data()});
    }
    return out;
  }

  bool read_cell(const Statement& statement, SQLUSMALLINT column, std::string& text, Cell& cell) {
    SQLLEN length = 0;
    const SQLRETURN result = SQLGetData(statement.get(), column, SQL_C_WCHAR, buffer_.data(),
                                        static_cast<SQLLEN>(buffer_.size() * sizeof(char16_t)), &length);
    if (!SQL_SUCCEEDED(result)) return false;
    text.clear();
    cell = Cell{};
    if (length == SQL_NULL_DATA) return true;
    const std::size_t whole = length < 0 ? kMaxCellUnits : static_cast<std::size_t>(length) / sizeof(char16_t);
    append_utf8(text, std::u16string_view{buffer_.data(), std::min(whole, kMaxCellUnits)});
    cell.null = false;
    cell.text = text;
    return true;
  }

  Environment environment_;
  std::unique_ptr<ConnectionHandle> connection_;
  bool read_only_;
  bool speaks_mysql_;  ///< the statements are written for MySQL, not for any database
  bool connected_ = false;
  std::string dbms_;          ///< as the driver names it
  Duration asked_timeout_{};  ///< of MySQL and MariaDB
  std::array<char16_t, kMaxCellUnits + 1> buffer_{};
};

/// Another address may do better. What a server says ends the search.
bool leads_on(const SqlError& error) {
  return error.reason == Reason::timeout ||
         (error.stage == Stage::connect && (error.reason == Reason::refused || error.reason == Reason::unreachable));
}

std::string_view connection_string(const std::string& url) {
  return std::string_view{url}.substr(std::string_view{"odbc:"}.size());
}

}  // namespace

std::optional<Error> check_odbc_url(const std::string& url) {
  return fault_of_connection_string(connection_string(url));
}

/// The drivers try the addresses of a name one after another, each for the whole login timeout: each gets its share.
Opened open_odbc(const ConnectSpec& spec, const Limits& limits) {
  Opened opened;
  const std::string text = with_tls(connection_string(spec.url));
  std::vector<std::string> addresses{""};  // as the driver finds it
  if (const auto name = server_name_in(text)) {
    const Stopwatch watch;
    const Resolved resolved = resolve(*name, limits);
    if (resolved.asked) opened.phases.emplace_back("dns", watch.seconds());
    if (resolved.error && resolved.error->reason == Reason::timeout) {
      opened.error = resolved.error;
      return opened;
    }
    if (resolved.addresses.size() > 1 && takes_address(text)) addresses = resolved.addresses;
  }
  const Stopwatch watch;
  std::string told;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    Limits share = limits;
    const auto now = std::chrono::steady_clock::now();
    if (now < limits.deadline)
      share.deadline = now + (limits.deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    auto connection = std::make_unique<OdbcConnection>(spec);
    const std::uintptr_t seconds = whole_seconds(remaining(share));
    opened.error =
        connection->connect(with_password(with_address(text, addresses[i], seconds), spec.password), seconds, share);
    if (!opened.error) opened.connection = std::move(connection);
    if (!opened.error || !leads_on(*opened.error)) break;
    told += fmt::format("{}{}: {}", told.empty() ? "" : "; ", addresses[i], one_line(opened.error->message, 120));
    if (addresses.size() > 1) opened.error->message = one_line(told);
  }
  opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
