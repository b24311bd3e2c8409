#include "store/sqlite/database.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/files/utf8_path.h"
#include "core/log.h"
#include "core/loop_thread.h"
#include "store/sqlite/file.h"
#include "store/sqlite/wal_tail.h"

namespace crmpulse::store {
namespace {

constexpr std::chrono::minutes kReserveEvery{1};
constexpr std::uintmax_t kChecked = 64 * 1024 * 1024;  ///< bytes of a file that are checked whatever they hold
constexpr std::array<std::string_view, 3> kLargeRows{"journal", "history", "spool_row"};
constexpr int kBusyMillis = 5000;  ///< a reader waits so long for the writer's short locks

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

std::string file_of(sqlite3* handle) {
  const char* file = handle == nullptr ? nullptr : sqlite3_db_filename(handle, "main");
  return file == nullptr || *file == '\0' ? "the database" : file;
}

Error damaged(const std::string& file, std::string_view why) {
  return Error{fmt::format("{0} is damaged ({1}): stop the program and move the file away, with {0}-wal and {0}-shm if "
                           "they are there; it will be created anew, without what it held",
                           file, why),
               ErrorCode::damaged};
}

/// Stands beside a file in which damage was met: a clean stop after it must not hide it from the next start.
std::string suspicion(const std::string& file) {
  return file + ".suspect";
}

/// SQLite deletes the write-ahead log when the last connection closes; one with content means that nobody closed.
bool needs_check(const std::string& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file + "-wal", error);
  return (!error && size > 0) || std::filesystem::exists(suspicion(file), error);
}

bool report_wal_tail(const std::string& file) {
  const WalTail tail = read_wal_tail(file + "-wal");
  if (tail.lost_bytes == 0) return false;
  log::warning("the end of the database's log is cut short or damaged; what it held is lost",
               {{"file", file + "-wal"},
                {"lost_bytes", fmt::to_string(tail.lost_bytes)},
                {"intact_pages", fmt::to_string(tail.frames)}});
  return true;
}

}  // namespace

struct Database::Parts {
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements;
  std::optional<files::FileLock> lock;
  bool lost_tail = false;
  std::string reserve;  ///< its file while it is not held
  std::chrono::steady_clock::time_point reserve_tried;
};

Error last_error(sqlite3* handle) {
  const std::string file = file_of(handle);
  const char* why = sqlite3_errmsg(handle);
  switch (sqlite3_errcode(handle) & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      if (handle != nullptr) (void)create_private(suspicion(file));
      return damaged(file, why);
    case SQLITE_FULL: return Error{fmt::format("{}: the disk is full", file), ErrorCode::disk};
    case SQLITE_IOERR:
      return Error{fmt::format("{}: the disk refuses: {} (code {})", file, why, sqlite3_extended_errcode(handle)),
                   ErrorCode::disk};
    case SQLITE_READONLY: return Error{fmt::format("{} cannot be written: {}", file, why)};
    default: return Error{fmt::format("{}: {}", file, why)};
  }
}

Database::Database(sqlite3* handle) : handle_(handle), parts_(std::make_unique<Parts>()) {}
Database::~Database() {
  close();
}
Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), parts_(std::move(other.parts_)) {}
Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::exchange(other.handle_, nullptr);
    parts_ = std::move(other.parts_);
  }
  return *this;
}

/// Statements first, the lock last.
void Database::close() {
  if (handle_ != nullptr) CRMPULSE_OFF_LOOP();
  if (parts_) parts_->statements.clear();
  sqlite3_close_v2(handle_);
  handle_ = nullptr;
  parts_.reset();
}

Result<Database> Database::open(const std::string& file, Mode mode) {
  CRMPULSE_OFF_LOOP();
  if (mode != Mode::writer) return open_once(file, mode);
  const std::string reserve = file + ".reserve";
  Result<Database> database = open_once(file, mode);
  bool used = false;
  if (!database && database.error().code == ErrorCode::disk && give_up_reserve(reserve)) {
    log::warning("the disk is full; the reserve is used for the start", {{"file", reserve}});
    used = true;
    database = open_once(file, mode);
  }
  if (database && (used || !hold_reserve(reserve))) database->parts_->reserve = reserve;
  return database;
}

void Database::renew_reserve() {
  if (parts_->reserve.empty()) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - parts_->reserve_tried < kReserveEvery) return;
  parts_->reserve_tried = now;
  if (hold_reserve(parts_->reserve)) parts_->reserve.clear();
}

Result<Database> Database::open_once(const std::string& file, Mode mode) {
  const bool writer = mode == Mode::writer;
  std::optional<files::FileLock> lock;
  if (writer) {
    Result<files::FileLock> taken = take_lock(file + ".lock");
    if (!taken) return taken.error();
    lock = *std::move(taken);
    if (const Result<void> created = create_private(file); !created) return created.error();
  }
  const bool unclean = writer && needs_check(file);
  const bool lost_tail = unclean && report_wal_tail(file);
  sqlite3* handle = nullptr;
  // No mutex inside SQLite: a Database belongs to one thread at a time.
  const int flags = (mode == Mode::reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  Database database{handle};
  database.parts_->lock = std::move(lock);
  database.parts_->lost_tail = lost_tail;
  if (const int kind = code & 0xff; kind == SQLITE_FULL || kind == SQLITE_IOERR) return last_error(handle);
  if (code != SQLITE_OK) return Error{fmt::format("cannot open {}: {}", file, sqlite3_errstr(code))};
  sqlite3_busy_timeout(handle, kBusyMillis);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (mode == Mode::copy) {
    if (const Result<void> set = database.execute("PRAGMA journal_mode=DELETE; PRAGMA synchronous=FULL"); !set)
      return set.error();
    return database;
  }
  if (!writer) {
    // Checkpoints are the writer's alone, also when the reader closes last.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    if (const Result<void> set = database.execute("PRAGMA wal_autocheckpoint=0; PRAGMA query_only=1"); !set)
      return set.error();
    return database;
  }
  if (const Result<void> ready = database.prepare_writer(unclean); !ready) return ready.error();
  return database;
}

Result<void> Database::prepare_writer(bool unclean) {
  {
    Result<Statement> mode = prepare("PRAGMA journal_mode=WAL");
    if (!mode) return mode.error();
    const Result<bool> row = mode->step();
    if (!row) return row.error();
    if (mode->text(0) != "wal")
      return Error{fmt::format("{}: the file system does not allow a write-ahead log", file_of(handle_))};
  }
  const Result<void> set =
      execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA journal_size_limit=67108864");
  if (!set) return set;
  if (!unclean) return {};
  log::info("checking the database after an unclean stop or damage", {{"file", file_of(handle_)}});
  if (const Result<void> sound = check_integrity(); !sound) return sound;
  std::error_code ignored;
  std::filesystem::remove(suspicion(file_of(handle_)), ignored);
  return {};
}

/// Of a large file not the large rows: reading them all takes minutes on a slow disk, and nobody is served meanwhile.
/// They are only appended; damage in them is met when they are read, and the start after that checks everything.
Result<void> Database::check_integrity() {
  std::error_code error;
  const std::string file = file_of(handle_);
  const bool all =
      std::filesystem::exists(suspicion(file), error) || !(std::filesystem::file_size(file, error) > kChecked);
  if (all) return check("PRAGMA quick_check(1)");
  Result<Statement> tables = prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
  if (!tables) return tables.error();
  while (true) {
    const Result<bool> row = tables->step();
    if (!row) return row.error();
    if (!*row) return {};
    const std::string name{tables->text(0)};
    if (std::find(kLargeRows.begin(), kLargeRows.end(), name) != kLargeRows.end()) continue;
    if (const Result<void> sound = check(fmt::format("PRAGMA quick_check('{}')", name)); !sound) return sound;
  }
}

Result<void> Database::check(const std::string& pragma) {
  Result<Statement> statement = prepare(pragma);
  if (!statement) return statement.error();
  const Result<bool> row = statement->step();
  if (!row) return row.error();
  if (statement->text(0) != "ok") return damaged(file_of(handle_), statement->text(0));
  return {};
}

Result<void> Database::execute(std::string_view sql) {
  CRMPULSE_OFF_LOOP();
  if (sqlite3_exec(handle_, std::string{sql}.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return last_error(handle_);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  CRMPULSE_OFF_LOOP();
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return last_error(handle_);
  }
  return Statement{statement};
}

Result<Statement*> Database::cached(std::string_view sql) {
  auto place = parts_->statements.find(sql);
  if (place == parts_->statements.end()) {
    Result<Statement> fresh = prepare(sql);
    if (!fresh) return fresh.error();
    place = parts_->statements.emplace(std::string{sql}, *std::move(fresh)).first;
  } else {
    place->second.reset();
  }
  return &place->second;
}

Result<void> Database::migrate(std::initializer_list<std::string_view> migrations) {
  std::int64_t version = 0;
  {
    Result<Statement> ask = prepare("PRAGMA user_version");
    if (!ask) return ask.error();
    const Result<bool> row = ask->step();
    if (!row) return row.error();
    version = ask->integer(0);
  }
  const auto known = static_cast<std::int64_t>(migrations.size());
  if (version < 0 || version > known) {
    return Error{
        fmt::format("{} was written by a newer program (schema {}, this one knows {}): install that version again, or "
                    "put back a copy from before the upgrade, or move the file away and begin without it",
                    file_of(handle_), version, known)};
  }
  for (; version < known; ++version) {
    const std::string_view step = std::data(migrations)[version];
    const Result<void> done =
        execute(fmt::format("BEGIN IMMEDIATE; {}; PRAGMA user_version={}; COMMIT", step, version + 1));
    if (done) continue;
    if (sqlite3_get_autocommit(handle_) == 0) (void)execute("ROLLBACK");
    return Error{fmt::format("schema {}: {}", version + 1, done.error().message), done.error().code};
  }
  return {};
}

std::string Database::folder() const {
  return files::utf8(std::filesystem::path{file_of(handle_)}.parent_path());
}
bool Database::lost_tail() const {
  return parts_->lost_tail;
}
std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_);
}
std::int64_t Database::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_);
}

}  // namespace crmpulse::store
