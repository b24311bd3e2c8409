#include "store/sqlite/salvage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "core/files/utf8_path.h"
#include "core/log.h"
#include "core/loop_thread.h"
#include "core/time/time.h"
#include "store/sqlite/file.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

constexpr std::string_view kAside = ".damaged-";

std::string name_aside(std::string_view file) {
  const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  std::string time = format_time(now);
  std::erase_if(time, [](char c) { return c == ':' || c == '-' || c == '.'; });
  return fmt::format("{}{}{}", file, kAside, time);
}

struct Closer {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Source = std::unique_ptr<sqlite3, Closer>;
using SourceStatement = std::unique_ptr<sqlite3_stmt, Closer>;

struct Table {
  std::string name;
  std::vector<std::string> columns;  ///< that both files have
  std::string order;                 ///< of its rows in the file: `rowid`, or the primary key
  bool has_rowid = true;
};

struct Outcome {
  std::uint64_t rows = 0;
  std::vector<std::string> broken;  ///< tables that were not read from end to end
};

std::string in_quotes(std::string_view name) {
  return fmt::format("\"{}\"", name);
}

SourceStatement prepare(sqlite3* source, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(source, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) return nullptr;
  return SourceStatement{statement};
}

/// The damaged file as it is: nothing is checked, nothing copied from its log when it is closed.
Source open_source(const std::string& file) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Source source{handle};
  if (code != SQLITE_OK) return nullptr;
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return source;
}

Result<std::vector<std::string>> names(Database& database, const std::string& sql) {
  Result<Statement> statement = database.prepare(sql);
  if (!statement) return statement.error();
  std::vector<std::string> out;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (!*row) return out;
    out.emplace_back(statement->text(0));
  }
}

Result<Table> describe(Database& into, sqlite3* source, const std::string& name) {
  Table table;
  table.name = name;
  const auto columns = names(into, fmt::format("SELECT name FROM pragma_table_info('{}')", name));
  if (!columns) return columns.error();
  for (const std::string& column : *columns) {
    // With its table: SQLite takes a name in quotes that is not a column for a text.
    if (prepare(source, fmt::format("SELECT {0}.{1} FROM {0}", in_quotes(name), in_quotes(column))))
      table.columns.push_back(in_quotes(column));
  }
  table.order = "rowid";
  table.has_rowid = into.prepare(fmt::format("SELECT rowid FROM {}", in_quotes(name))).has_value();
  if (table.has_rowid) return table;
  const auto key = names(into, fmt::format("SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk", name));
  if (!key) return key.error();
  table.order = fmt::format("\"{}\"", fmt::join(*key, "\", \""));
  return table;
}

/// One column as it is, whatever its type.
void copy_value(sqlite3_stmt* row, int column, Statement& target) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER: target.bind(column + 1, std::int64_t{sqlite3_column_int64(row, column)}); break;
    case SQLITE_FLOAT: target.bind(column + 1, sqlite3_column_double(row, column)); break;
    case SQLITE_NULL: target.bind_null(column + 1); break;
    default: {
      const bool text = sqlite3_column_type(row, column) == SQLITE_TEXT;
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
      const std::string_view value{bytes == nullptr ? "" : bytes,
                                   static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
      if (text) {
        target.bind(column + 1, value);
      } else {
        target.bind_blob(column + 1, value);
      }
    }
  }
}

/// Rows in this direction until the end, a row that is there already, or damage. false: damage.
Result<bool> copy_rows(sqlite3* source, Database& into, const Table& table, bool backwards, std::uint64_t& copied) {
  std::vector<std::string> columns = table.columns;
  if (table.has_rowid) columns.insert(columns.begin(), "rowid");
  std::string order = table.order;
  if (backwards) {
    for (std::size_t at = 0; (at = order.find(", ", at)) != std::string::npos; at += 6) order.insert(at, " DESC");
    order += " DESC";
  }
  const SourceStatement rows = prepare(
      source, fmt::format("SELECT {} FROM {} ORDER BY {}", fmt::join(columns, ", "), in_quotes(table.name), order));
  if (!rows) return false;
  const std::vector<std::string> places(columns.size(), "?");
  Result<Statement> target = into.prepare(fmt::format("INSERT OR IGNORE INTO {}({}) VALUES({})", in_quotes(table.name),
                                                      fmt::join(columns, ", "), fmt::join(places, ", ")));
  if (!target) return target.error();
  while (true) {
    const int code = sqlite3_step(rows.get());
    if (code == SQLITE_DONE) return true;
    if (code != SQLITE_ROW) return false;
    for (int column = 0; column < static_cast<int>(columns.size()); ++column) copy_value(rows.get(), column, *target);
    if (const Result<void> added = target->run(); !added) return added.error();
    if (into.changes() > 0) {
      ++copied;
    } else if (backwards) {
      return true;
    }
  }
}

/// From both ends: one damaged place costs what lies in it.
Result<void> copy_table(sqlite3* source, Database& into, const std::string& name, Outcome& outcome) {
  const Result<Table> table = describe(into, source, name);
  if (!table) return table.error();
  if (table->columns.empty()) {
    outcome.broken.push_back(name);
    return {};
  }
  const Result<bool> whole = copy_rows(source, into, *table, false, outcome.rows);
  if (!whole) return whole.error();
  if (*whole) return {};
  outcome.broken.push_back(name);
  const Result<bool> rest = copy_rows(source, into, *table, true, outcome.rows);
  if (!rest) return rest.error();
  return {};
}

/// Numbers that were given must not be given again, even if their rows cannot be read.
Result<void> copy_sequences(sqlite3* source, Database& into) {
  const SourceStatement rows = prepare(source, "SELECT name, seq FROM sqlite_sequence");
  while (rows && sqlite3_step(rows.get()) == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), 0));
    const std::string name = text == nullptr ? "" : text;
    const std::int64_t number = sqlite3_column_int64(rows.get(), 1);
    const Result<void> raised = run(into, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", number, name);
    if (!raised) return raised;
    const Result<void> added = run(into,
                                   "INSERT INTO sqlite_sequence(name, seq) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 "
                                   "FROM sqlite_sequence WHERE name = ?1)",
                                   name, number);
    if (!added) return added;
  }
  return {};
}

Result<void> copy_all(sqlite3* source, Database& into, const AfterSalvage& after, Outcome& outcome) {
  const auto tables = names(into, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  if (!tables) return tables.error();
  if (const Result<void> begun = into.execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const std::string& name : *tables) {
    if (const Result<void> copied = copy_table(source, into, name, outcome); !copied) return copied;
  }
  if (const Result<void> copied = copy_sequences(source, into); !copied) return copied;
  if (after) {
    if (const Result<void> mended = after(into); !mended) return mended;
  }
  return into.execute("COMMIT");
}

void remove_all(const std::string& file) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", ".lock", ".suspect"}) std::filesystem::remove(file + suffix, ignored);
}

/// The log moves first: the new file must never meet it. The damaged file keeps its name until the new one has it.
Result<void> exchange(const std::string& file, const std::string& fresh, const std::string& aside) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(file + "-wal", error)) fs::rename(file + "-wal", aside + "-wal", error);
  fs::remove(file + "-shm", error);
  fs::remove(file + ".suspect", error);
  error.clear();
  fs::create_hard_link(file, aside, error);
  if (error) {  // a file system without links
    error.clear();
    fs::rename(file, aside, error);
  }
  if (!error) fs::rename(fresh, file, error);
  if (error) return Error{fmt::format("{} is damaged and cannot be replaced: {}", file, error.message())};
  return {};
}

Result<Database> open_and_migrate(const std::string& file, std::initializer_list<std::string_view> migrations) {
  Result<Database> database = Database::open(file, Database::Mode::writer);
  if (!database) return database;
  if (const Result<void> migrated = database->migrate(migrations); !migrated) return migrated.error();
  return database;
}

}  // namespace

Result<void> salvage(const std::string& file, std::initializer_list<std::string_view> migrations,
                     const AfterSalvage& after) {
  const Result<files::FileLock> lock = take_lock(file + ".lock");
  if (!lock) return lock.error();
  const std::string fresh = file + ".new";
  remove_all(fresh);
  Outcome outcome;
  {
    Result<Database> into = Database::open(fresh, Database::Mode::writer);
    if (!into) return into.error();
    if (const Result<void> migrated = into->migrate(migrations); !migrated) return migrated;
    const Source source = open_source(file);
    const Result<void> copied = source ? copy_all(source.get(), *into, after, outcome) : Result<void>{};
    if (!copied) return copied;
  }
  const std::string aside = name_aside(file);
  const Result<void> exchanged = exchange(file, fresh, aside);
  remove_all(fresh);
  if (!exchanged) return exchanged;
  log::error("the database was damaged: a new one holds what could be read; look at the disk",
             {{"file", file},
              {"rows_saved", fmt::to_string(outcome.rows)},
              {"tables_damaged", fmt::format("{}", fmt::join(outcome.broken, ", "))},
              {"damaged_file", aside}});
  return {};
}

Result<std::string> set_aside(const std::string& folder, std::string_view name, std::string_view bytes) {
  CRMPULSE_OFF_LOOP();
  std::string file = name_aside(fmt::format("{}/{}", folder, name));
  if (const Result<void> created = create_private(file); !created) return created.error();
  std::ofstream out{file, std::ios::binary};
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) return Error{fmt::format("{} cannot be written", file)};
  return file;
}

int damaged_files(const std::string& folder) {
  CRMPULSE_OFF_LOOP();
  int count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at{folder, error}; !error && at != std::filesystem::directory_iterator{};
       at.increment(error)) {
    const std::string name = files::utf8(at->path().filename());
    if (name.find(kAside) != std::string::npos && !name.ends_with("-wal")) ++count;
  }
  return count;
}

Result<Database> open_or_salvage(const std::string& file, std::initializer_list<std::string_view> migrations,
                                 const AfterSalvage& after) {
  Result<Database> database = open_and_migrate(file, migrations);
  if (database || database.error().code != ErrorCode::damaged) return database;
  const Error damage = database.error();
  log::error("the database is damaged; what can be read is being saved", {{"why", damage.message}});
  if (const Result<void> saved = salvage(file, migrations, after); !saved)
    return Error{fmt::format("{}; saving it failed: {}", damage.message, saved.error().message), saved.error().code};
  return open_and_migrate(file, migrations);
}

}  // namespace crmpulse::store
