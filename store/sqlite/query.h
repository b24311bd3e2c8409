#pragma once
// Short forms over Database::cached for fixed queries: bind by type, run, walk the rows. Internal to store/.

#include <optional>
#include <string>
#include <string_view>

#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// Bytes that outlive the statement's run.
struct Blob {
  std::string_view bytes;
};

inline void bind_value(Statement& statement, int index, std::int64_t value) {
  statement.bind(index, value);
}
inline void bind_value(Statement& statement, int index, int value) {
  statement.bind(index, std::int64_t{value});
}
inline void bind_value(Statement& statement, int index, const std::string& text) {
  statement.bind(index, std::string_view{text});
}
inline void bind_value(Statement& statement, int index, Blob blob) {
  statement.bind_blob(index, blob.bytes);
}
inline void bind_value(Statement& statement, int index, TimePoint time) {
  statement.bind(index, unix_millis(time));
}
inline void bind_value(Statement& statement, int index, const std::optional<TimePoint>& time) {
  if (time) {
    bind_value(statement, index, *time);
  } else {
    statement.bind_null(index);
  }
}

inline void bind_value(Statement& statement, int index, const std::optional<double>& number) {
  if (number) {
    statement.bind(index, *number);
  } else {
    statement.bind_null(index);
  }
}

inline void bind_value(Statement& statement, int index, const std::optional<std::string>& text) {
  if (text) {
    statement.bind(index, std::string_view{*text});
  } else {
    statement.bind_null(index);
  }
}

/// The cached statement with its parameters bound in order.
template <class... Values>
[[nodiscard]] Result<Statement*> query(Database& database, std::string_view sql, const Values&... values) {
  const Result<Statement*> statement = database.cached(sql);
  if (!statement) return statement.error();
  [[maybe_unused]] int index = 0;
  (bind_value(**statement, ++index, values), ...);
  return statement;
}

template <class... Values>
[[nodiscard]] Result<void> run(Database& database, std::string_view sql, const Values&... values) {
  const Result<Statement*> statement = query(database, sql, values...);
  if (!statement) return statement.error();
  return (*statement)->run();
}

/// Ends the statement's read when the walk over its rows ends early.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(Statement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  Statement& statement_;
};

/// Calls `visit(const Statement&)` for each row.
template <class Visit>
[[nodiscard]] Result<void> each_row(const Result<Statement*>& statement, Visit visit) {
  if (!statement) return statement.error();
  const ResetAtEnd reset{**statement};
  while (true) {
    const Result<bool> row = (*statement)->step();
    if (!row) return row.error();
    if (!*row) return {};
    visit(static_cast<const Statement&>(**statement));
  }
}

/// Returns the first column of the only row, nullopt if there is no row or it is NULL.
[[nodiscard]] inline Result<std::optional<std::int64_t>> one_integer(const Result<Statement*>& statement) {
  std::optional<std::int64_t> value;
  const Result<void> done = each_row(statement, [&](const Statement& row) {
    if (!row.is_null(0)) value = row.integer(0);
  });
  if (!done) return done.error();
  return value;
}

[[nodiscard]] inline TimePoint time_at(const Statement& row, int column) {
  return from_unix_millis(row.integer(column));
}
[[nodiscard]] inline std::string text_at(const Statement& row, int column) {
  return std::string{row.text(column)};
}

}  // namespace crmpulse::store
