#pragma once
// SQLite connection and statement wrappers. Not thread-safe: one Database belongs to one thread at a time.
// Facts behind the settings: docs/decisions/ and SQLite's own documentation (WAL, synchronous, WAL-reset defect of
// 3.7.0–3.51.2: one connection does all writes and checkpoints).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace crmpulse::store {

class Statement;

class Database {
 public:
  enum class Mode {
    writer,    ///< WAL, synchronous=FULL, foreign keys, busy timeout; creates the file (0600)
    reader,    ///< read-only, wal_autocheckpoint=0
  };
  [[nodiscard]] static Result<Database> open(const std::string& file, Mode mode);
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// Several statements without parameters or rows.
  [[nodiscard]] Result<void> execute(std::string_view sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Applies migrations[user_version…] each in a transaction and raises user_version. A file from a newer program is refused.
  [[nodiscard]] Result<void> migrate(std::initializer_list<std::string_view> migrations);
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

/// A prepared statement, reusable: bind from 1, step, read columns from 0, reset.
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

  /// true: a row is there; false: done (the statement resets itself).
  [[nodiscard]] Result<bool> step();
  /// step() to the end, ignoring rows, then reset.
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;  ///< valid until the next step or reset
  [[nodiscard]] std::string_view blob(int column) const;  ///< likewise
  [[nodiscard]] bool is_null(int column) const;

 private:
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace crmpulse::store
