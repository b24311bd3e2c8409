#pragma once
// One session with a PostgreSQL server, or with a pooler before it: statements go in pipelines, each a transaction of
// its own.

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/intake.h"

namespace crmpulse::probes::sql {

struct FreeConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionPtr = std::unique_ptr<PGconn, FreeConnection>;
using ResultPtr = std::unique_ptr<PGresult, FreeResult>;

/// Returns the error of a connection that did not come to be.
[[nodiscard]] SqlError postgresql_connect_error(const PGconn* connection);

class PostgresqlSession final : public Connection {
 public:
  explicit PostgresqlSession(ConnectionPtr connection) : connection_(std::move(connection)) {}

  bool is_healthy() override;
  std::string pooler() const override { return pooler_; }

  /// From here on everything goes in pipelines. Learns which process answers: another one than the process we logged in
  /// to means a pooler.
  std::optional<SqlError> begin(bool read_only, const Limits& limits);
  [[nodiscard]] bool is_standby() const { return standby_; }
  [[nodiscard]] bool is_read_only() const { return standby_ || default_read_only_; }

  StatementResult query(const std::string& statement, const Limits& limits, Rows& rows) override;
  StatementResult execute(const std::string& statement, const Limits& limits) override;

 private:
  /// Of one transaction; `SET LOCAL` would do the same, but outside of BEGIN … COMMIT each is a warning in the server's
  /// log.
  [[nodiscard]] std::string settings(const Limits& limits) const;
  [[nodiscard]] SqlError own_error() const;
  [[nodiscard]] SqlError result_error(const PGresult* result) const;
  /// With the extended protocol the server takes exactly one statement from each text: a recipe cannot slip a second
  /// one behind it.
  bool put(const std::string& statement);

  std::optional<SqlError> send(const std::vector<std::string>& before, const std::string& statement,
                               const Limits& limits);

  /// The next result, or null at the end of a statement.
  std::optional<SqlError> next(const Limits& limits, ResultPtr& result);

  /// Whoever may connect to the database may send them; the library keeps them until they are asked for.
  void drop_notifications();

  StatementResult run(const std::vector<std::string>& before, const std::string& statement, const Limits& limits,
                      Rows& rows, bool must_return_rows);

  /// A result of what goes before or behind the statement.
  bool take_aside(const PGresult* result, StatementResult& outcome);

  /// False: nothing more is to be read from this statement.
  bool take(const PGresult* result, Rows& rows, bool must_return_rows, bool& columns_given, StatementResult& outcome);

  static std::vector<std::string> names(const PGresult* result);
  bool give_row(const PGresult* result, Rows& rows);

  ConnectionPtr connection_;
  bool read_only_ = true;
  bool standby_ = false;
  bool default_read_only_ = false;
  std::string pooler_;
  std::vector<Cell> cells_;
  Intake intake_;
  bool swollen_ = false;  ///< the library's buffer, which never shrinks: a new connection has a small one
};

}  // namespace crmpulse::probes::sql
