#pragma once
// One connection to MySQL or MariaDB; for mysql.cpp.

#include <mysql.h>

#include "probes/sql/driver.h"
#include "probes/sql/intake.h"

namespace crmpulse::probes::sql {

struct MysqlTarget {
  std::string host;
  unsigned short port = 0;
  std::string user;
  const Secret& password;
  std::string database;
  std::string socket;  ///< empty: TCP
};

class MysqlSession final : public Connection {
 public:
  /// Takes the handle.
  explicit MysqlSession(MYSQL* mysql) : mysql_(mysql) {}
  MysqlSession(MysqlSession&& other) noexcept
      : mysql_(std::exchange(other.mysql_, nullptr)),
        mariadb_(other.mariadb_),
        bounds_statements_(other.bounds_statements_),
        asked_timeout_(other.asked_timeout_) {}
  ~MysqlSession() override;

  [[nodiscard]] MYSQL* mysql() { return mysql_; }
  [[nodiscard]] std::optional<SqlError> connect(const MysqlTarget& target, const Limits& limits);
  /// `notes`: what the server cannot do of what is asked of it, and what follows.
  [[nodiscard]] std::optional<SqlError> prepare(bool read_only, const Limits& limits, std::vector<std::string>& notes);

  bool is_healthy() override;
  Outcome query(const std::string& statement, const Limits& limits, Rows& rows) override {
    return run(statement, limits, rows, true);
  }
  Outcome execute(const std::string& statement, const Limits& limits) override;

 private:
  Outcome run(const std::string& statement, const Limits& limits, Rows& rows, bool must_return_rows);
  [[nodiscard]] std::optional<SqlError> send(const std::string& statement, const Limits& limits, bool& timed_out);
  [[nodiscard]] std::optional<SqlError> read_rows(MYSQL_RES* result, const Limits& limits, Rows& rows);
  [[nodiscard]] std::string timeout_statement(Duration wanted) const;
  [[nodiscard]] std::optional<SqlError> set_timeout(const Limits& limits);
  [[nodiscard]] SqlError error(bool timed_out, const Limits& limits) const;
  /// Waits for what a suspended call waits for; the answer for its continuation.
  [[nodiscard]] int wait(int wanted, const Limits& limits, bool& timed_out);
  /// Ends the connection at once: nothing more is read from it.
  void cut();

  MYSQL* mysql_;
  bool mariadb_ = false;
  bool cut_ = false;
  Intake intake_;
  std::uint64_t since_row_ = 0;     ///< bytes, seen while waiting
  bool bounds_statements_ = false;  ///< it ends them itself after asked_timeout_
  Duration asked_timeout_{};
};

/// Meaning of an error number of the server or the client library; its SQLSTATE's when the number is not known.
[[nodiscard]] SqlError mysql_error_of(unsigned int number, std::string_view sqlstate, std::string_view message);

}  // namespace crmpulse::probes::sql
