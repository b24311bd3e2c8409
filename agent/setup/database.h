#pragma once
// What a database says of itself: its tables with their columns and about how many rows they have. Reads catalogues,
// never the tables themselves; every statement is bounded in time and rows.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/setup/address.h"
#include "core/failure/error.h"
#include "probes/sql/driver/connection.h"

namespace crmpulse::agent::setup {

struct SeenColumn {
  std::string name;
  std::string type;      ///< as the database calls it, in small letters
  bool indexed = false;  ///< an index begins with it: its newest value costs nothing
};

struct SeenTable {
  std::string schema;  ///< empty where there are none
  std::string name;
  std::optional<double> rows;  ///< an estimate; nullopt: the database has none
  std::vector<SeenColumn> columns;
};

/// Rows as text; nullopt is null.
using SeenRows = std::vector<std::vector<std::optional<std::string>>>;

struct Asked {
  std::optional<probes::sql::SqlError> error;
  SeenRows rows;
};

/// Used by one thread. Waits for the database.
class Database {
 public:
  /// The error says at which stage it failed, and why.
  [[nodiscard]] static Result<Database> open(const Address& address, const Secret& password);

  /// Runs one statement that returns rows.
  [[nodiscard]] Asked ask(const std::string& statement);
  [[nodiscard]] probes::Dialect dialect() const { return dialect_; }
  /// Returns the account we came in with, as GRANT names it; empty where there are none.
  [[nodiscard]] std::string account();
  /// Returns every table that we are told of; with MySQL these are the ones the account has some right on.
  [[nodiscard]] Result<std::vector<SeenTable>> tables();

 private:
  Database(probes::Dialect dialect, std::unique_ptr<probes::sql::Connection> connection)
      : dialect_(dialect), connection_(std::move(connection)) {}
  [[nodiscard]] Result<SeenRows> rows_of(const std::string& statement);

  probes::Dialect dialect_;
  std::unique_ptr<probes::sql::Connection> connection_;
};

/// Returns the name in the quotes of the database.
[[nodiscard]] std::string quoted(std::string_view name, probes::Dialect dialect);

}  // namespace crmpulse::agent::setup
