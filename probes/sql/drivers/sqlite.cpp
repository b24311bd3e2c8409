// SQLite: `sqlite:///absolute/path` or `sqlite:relative`. A file can be replaced under an open connection (a restore):
// the health check compares the inode.

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/files/private_file.h"
#include "core/files/utf8_path.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/drivers/drivers.h"

namespace crmpulse::probes::sql {
namespace {

constexpr int kProgressSteps = 1000;  // virtual machine steps between two looks at the clock: well under a millisecond

Result<std::string> path_of(std::string_view url) {
  std::string_view path = url.substr(std::string_view{"sqlite:"}.size());
  if (path.starts_with("//")) {
    path.remove_prefix(2);
    if (!path.starts_with('/'))
      return Error{"is not a SQLite URL: write sqlite:///absolute/path or sqlite:relative/path"};
  }
  if (path.empty() || path == "/") return Error{"names no file: write sqlite:///absolute/path or sqlite:relative/path"};
  if (path.find('?') != std::string_view::npos)
    return Error{
        "has options behind a ?, and SQLite's URLs have none: write the path alone; the file is opened for reading"};
  if (path.find('\0') != std::string_view::npos) return Error{"has a NUL character in it"};
  return std::string{path};
}

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;
using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(DatabasePtr database, std::string path, files::FileIdentity identity)
      : database_(std::move(database)), path_(std::move(path)), identity_(identity) {
    sqlite3_progress_handler(
        database_.get(), kProgressSteps,
        [](void* self) { return static_cast<SqliteConnection*>(self)->over() ? 1 : 0; }, this);
    sqlite3_busy_handler(
        database_.get(),
        [](void* self, int tries) { return static_cast<SqliteConnection*>(self)->wait_for_lock(tries); }, this);
  }

  bool is_healthy() override { return files::identity_of(path_) == identity_; }

  StatementResult query(const std::string& statement, const Limits& limits, Rows& rows) override {
    return run(statement, limits, rows, true);
  }
  StatementResult execute(const std::string& statement, const Limits& limits) override {
    NoRows none;
    return run(statement, limits, none, false);
  }

 private:
  [[nodiscard]] bool over() const { return limits_ != nullptr && limits_->over(); }

  int wait_for_lock(int tries) const {
    if (over()) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds{std::min(1 + tries, 20)});
    return 1;
  }

  [[nodiscard]] SqlError error(int code) const {
    if (over()) {
      SqlError late = expired(Stage::request, *limits_);
      late.connection_lost = false;
      if ((code & 0xff) == SQLITE_BUSY) late.message = "the database was locked: " + late.message;
      return late;
    }
    if ((code & 0xff) == SQLITE_TOOBIG) return too_large();
    const std::string message = sqlite3_errmsg(database_.get());
    const StageReason meaning = meaning_of_sqlite_code(code, message);
    return SqlError{meaning.stage, meaning.reason, {}, one_line(message), meaning.stage == Stage::connect};
  }

  StatementResult run(const std::string& text, const Limits& limits, Rows& rows, bool must_return_rows) {
    limits_ = &limits;
    const Stopwatch watch;
    StatementResult outcome;
    outcome.error = step_through(text, rows, must_return_rows, watch, outcome.first_byte);
    outcome.transfer = watch.seconds() - outcome.first_byte;
    limits_ = nullptr;
    return outcome;
  }

  std::optional<SqlError> step_through(const std::string& text, Rows& rows, bool must_return_rows,
                                       const Stopwatch& watch, double& first_byte) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    int code = sqlite3_prepare_v2(database_.get(), text.data(), static_cast<int>(text.size()), &raw, &tail);
    const StatementPtr statement{raw};
    if (code != SQLITE_OK) return error(code);
    if (std::string_view{tail}.find_first_not_of(" \t\r\n;") != std::string_view::npos && !only_comment(tail)) {
      return SqlError{Stage::request, Reason::bad_content, {}, "more than one statement", false};
    }
    const int columns = statement ? sqlite3_column_count(raw) : 0;
    if (must_return_rows && columns == 0)
      return SqlError{Stage::content, Reason::bad_content, {}, "the statement returns no rows", false};
    std::vector<std::string> names;
    for (int i = 0; i < columns; ++i) names.emplace_back(sqlite3_column_name(raw, i));
    for (bool first = true; statement; first = false) {
      code = sqlite3_step(raw);
      if (first) first_byte = watch.seconds();
      if (code != SQLITE_ROW && code != SQLITE_DONE) return error(code);
      if (first) rows.columns(names);
      if (code == SQLITE_DONE || !give_row(raw, columns, rows)) break;
      if (over()) return error(SQLITE_INTERRUPT);
    }
    return std::nullopt;
  }

  static bool only_comment(std::string_view tail) {
    const std::size_t start = tail.find_first_not_of(" \t\r\n;");
    return tail.substr(start).starts_with("--") && tail.find('\n', start) == std::string_view::npos;
  }

  bool give_row(sqlite3_stmt* statement, int columns, Rows& rows) {
    cells_.clear();
    for (int i = 0; i < columns; ++i) {
      Cell cell;
      const int type = sqlite3_column_type(statement, i);
      cell.null = type == SQLITE_NULL;
      if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) cell.number = sqlite3_column_double(statement, i);
      if (!cell.null) {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        if (bytes == nullptr) throw std::bad_alloc();
        cell.text = {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))};
      }
      cells_.push_back(cell);
    }
    return rows.row(cells_);
  }

  DatabasePtr database_;
  std::string path_;
  files::FileIdentity identity_;
  const Limits* limits_ = nullptr;  ///< of the call that is running
  std::vector<Cell> cells_;
};

SqlError open_error(sqlite3* database, int code) {
  const std::string message = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  StageReason meaning = meaning_of_sqlite_code(code, message);
  if (database != nullptr && (code & 0xff) == SQLITE_CANTOPEN) {
    const int system = sqlite3_system_errno(database);
    if (system == EACCES || system == EPERM) meaning.reason = Reason::permission;
  }
  return SqlError{Stage::connect, meaning.reason, {}, one_line(message), true};
}

/// Write-ahead log: bytes 18 and 19 of the file (https://www.sqlite.org/fileformat2.html, 1.3.3).
bool is_in_wal_mode(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::array<char, 20> head{};
  return file.read(head.data(), head.size()) && head[18] == 2 && head[19] == 2;
}

/// A reader of such a database makes files beside it, or needs those that are there.
std::optional<SqlError> wal_error(const std::string& path, int code) {
  const int kind = code & 0xff;
  if (kind != SQLITE_CANTOPEN && kind != SQLITE_READONLY && kind != SQLITE_PERM) return std::nullopt;
  if (!is_in_wal_mode(path)) return std::nullopt;
  const std::string folder = files::utf8(std::filesystem::absolute(path).parent_path());
  return SqlError{
      Stage::connect,
      Reason::permission,
      {},
      one_line(fmt::format("the database is in WAL mode and the folder {} cannot be written: let this user write "
                           "there (SQLite keeps its -shm and -wal files beside the database), or leave WAL "
                           "mode (PRAGMA journal_mode = DELETE)",
                           folder),
               400),
      true};
}

}  // namespace

StageReason meaning_of_sqlite_code(int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT: return {Stage::request, Reason::timeout};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return {Stage::request, Reason::permission};
    case SQLITE_CONSTRAINT: return {Stage::request, Reason::conflict};
    case SQLITE_CANTOPEN: return {Stage::connect, Reason::missing};
    case SQLITE_NOTADB: return {Stage::connect, Reason::bad_content};
    case SQLITE_CORRUPT:
    case SQLITE_IOERR:
    case SQLITE_FULL: return {Stage::request, Reason::server_error};
    default: break;
  }
  const bool missing = message.starts_with("no such ");
  return {Stage::request, missing ? Reason::missing : Reason::bad_content};
}

std::optional<Error> check_sqlite_url(const std::string& url) {
  const Result<std::string> path = path_of(url);
  if (!path) return path.error();
  return std::nullopt;
}

Opened open_sqlite(const ConnectSpec& spec, const Limits& limits) {
  Opened opened;
  const Result<std::string> path = path_of(spec.url);
  if (!path) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, path.error().message, true};
    return opened;
  }
  const Stopwatch watch;
  sqlite3* raw = nullptr;
  const int flags = (spec.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path->c_str(), &raw, flags, nullptr);
  DatabasePtr database{raw};
  const auto identity = code == SQLITE_OK ? files::identity_of(*path) : std::nullopt;
  if (!identity) {
    const int why = code == SQLITE_OK ? SQLITE_CANTOPEN : code;
    opened.error = wal_error(*path, why).value_or(open_error(raw, why));
  } else {
    sqlite3_extended_result_codes(raw, 1);
    // SQLite holds a value whole; its own limit is a gigabyte.
    sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
    auto connection = std::make_unique<SqliteConnection>(std::move(database), *path, *identity);
    // Opening reads nothing: the schema shows whether this is a database at all.
    NoRows none;
    opened.error = connection->query("SELECT count(*) FROM sqlite_master", limits, none).error;
    if (opened.error) {
      *opened.error = wal_error(*path, sqlite3_errcode(raw)).value_or(while_connecting(*opened.error));
    } else {
      opened.connection = std::move(connection);
    }
  }
  opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
