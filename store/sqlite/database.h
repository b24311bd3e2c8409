#pragma once
// SQLite connection and statement wrappers. Not thread-safe: one Database belongs to one thread at a time.
// Facts behind the settings: docs/decisions/ and SQLite's own documentation (WAL, synchronous, WAL-reset defect of
// 3.7.0–3.51.2: one connection does all writes and checkpoints).

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "core/failure/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace crmpulse::store {

class Statement;

class Database {
 public:
  enum class Mode {
    writer,  ///< WAL, synchronous=FULL, foreign keys, busy timeout; creates the file (0600); one a file, see `open`
    reader,  ///< read-only, wal_autocheckpoint=0
    copy,    ///< an existing file that nobody else uses: written without a log beside it, no lock, no reserve
  };
  /// A second writer of the same file, in this or another process, is refused (`<file>.lock`). After an unclean stop a
  /// writer checks the file's integrity first (of a large one without the journal's and the history's rows). A writer
  /// keeps a reserve of 1 MiB beside the file (`<file>.reserve`), which it gives up when a full disk would refuse the
  /// start. Errors say which file and, when it is damaged, what to do.
  [[nodiscard]] static Result<Database> open(const std::string& file, Mode mode);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// Several statements without parameters or rows.
  [[nodiscard]] Result<void> execute(std::string_view sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Like prepare(), but cached per connection. Returns a reset statement, never null. Finish with it (run, step to the
  /// end, or reset) before asking for the same text again. Only for texts fixed at compile time: all are kept.
  [[nodiscard]] Result<Statement*> cached(std::string_view sql);
  /// Applies migrations[user_version…] each in a transaction and raises user_version. A file from a newer program is
  /// refused.
  [[nodiscard]] Result<void> migrate(std::initializer_list<std::string_view> migrations);
  [[nodiscard]] std::int64_t changes() const;         ///< rows the last statement inserted, updated or deleted
  [[nodiscard]] std::int64_t last_insert_id() const;  ///< INTEGER PRIMARY KEY of the row inserted last
  /// Was the end of the log cut short or damaged? Then numbers that were given before may be given again.
  [[nodiscard]] bool lost_tail() const;
  /// After a successful commit of a writer: takes the reserve again if it was given up, at most once a minute.
  void renew_reserve();
  /// Returns the folder of the file.
  [[nodiscard]] std::string folder() const;
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  struct Parts;  ///< the cached statements and the lock
  explicit Database(sqlite3* handle);
  [[nodiscard]] static Result<Database> open_once(const std::string& file, Mode mode);
  void close();
  [[nodiscard]] Result<void> prepare_writer(bool unclean);
  [[nodiscard]] Result<void> check_integrity();
  [[nodiscard]] Result<void> check(const std::string& pragma);

  sqlite3* handle_ = nullptr;
  std::unique_ptr<Parts> parts_;
};

/// What SQLite says went wrong on this connection, for a person: names the file, and says what to do when it is
/// damaged or the disk is full. Its code tells a damaged file and a disk that takes nothing from all else.
[[nodiscard]] Error last_error(sqlite3* handle);
/// What was damaged and set aside in this folder (store/sqlite/salvage.h, set_aside()) and nobody has removed yet.
[[nodiscard]] int damaged_files(const std::string& folder);
/// Keeps bytes that cannot be decoded for a person to look at, in a file of its own that damaged_files() counts. The
/// file's path.
[[nodiscard]] Result<std::string> set_aside(const std::string& folder, std::string_view name, std::string_view bytes);

/// A prepared statement, reusable: bind from 1, step, read columns from 0, reset. What is wrong with a binding is
/// reported by the next step.
class Statement {
 public:
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  ~Statement();
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);  ///< bytes must live until reset
  Statement& bind_null(int index);

  /// true: a row is there; false: done. At the end and after an error the statement resets itself.
  [[nodiscard]] Result<bool> step();
  /// step() to the end, ignoring rows, then reset.
  [[nodiscard]] Result<void> run();
  void reset();  ///< forgets the bindings too

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  ///< valid until the next step or reset
  [[nodiscard]] std::string_view blob(int column) const;  ///< likewise
  [[nodiscard]] bool is_null(int column) const;

 private:
  Statement& bound(int code);

  sqlite3_stmt* handle_ = nullptr;
  int bind_error_ = 0;  ///< SQLite's code of the first binding that failed
};

}  // namespace crmpulse::store
