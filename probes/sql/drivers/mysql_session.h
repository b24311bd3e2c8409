#pragma once
// One connection to MySQL or MariaDB; for mysql.cpp.

#include <mysql.h>

#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/intake.h"
#include "probes/sql/drivers/mysql_errors.h"

namespace crmpulse::probes::sql {

struct MysqlTarget {
  std::string host;
  unsigned short port = 0;
  std::string user;
  Secret password;
  std::string database;
  std::string socket;  ///< empty: TCP
};

/// How the server can be asked to end a statement by itself.
enum class ServerLimit {
  none,
  max_statement_time,  ///< MariaDB: SET STATEMENT … FOR, gone with the statement
  max_execution_time   ///< MySQL: a hint in the statement
};

class MysqlSession final : public Connection {
 public:
  /// Takes the handle.
  explicit MysqlSession(MYSQL* mysql) : mysql_(mysql) {}
  ~MysqlSession() override;

  [[nodiscard]] MYSQL* mysql() { return mysql_; }

  // Connecting, in this order.

  /// Starts; true when TCP (or the socket) stands, false while it does not, or when it failed.
  [[nodiscard]] bool begin(MysqlTarget target);
  /// The socket is writable: the same question.
  [[nodiscard]] bool go_on();
  [[nodiscard]] bool has_failed() const { return status_ == 0 && result_ == nullptr; }
  /// What the server greeted with; known once it has.
  [[nodiscard]] bool offers_tls() const { return (mysql_->server_capabilities & CLIENT_SSL) != 0; }
  /// The server has spoken. Nothing of ours has been sent yet; what it says of TLS decides what may be.
  [[nodiscard]] std::optional<SqlError> wait_for_greeting(const Limits& limits, bool& offers_tls);
  [[nodiscard]] std::optional<SqlError> log_in(const Limits& limits);
  /// `per_address`: of the several a name may have, when the library resolves it; nothing: no bound but the limits.
  [[nodiscard]] std::optional<SqlError> connect(const MysqlTarget& target, const Limits& limits,
                                                std::optional<Duration> per_address);
  /// Learns what answers. `notes`: what the server cannot do of what is asked of it, and what follows.
  [[nodiscard]] std::optional<SqlError> prepare(bool read_only, const Limits& limits, std::vector<std::string>& notes);

  bool is_healthy() override;
  std::string pooler() const override { return pooler_; }
  StatementResult query(const std::string& statement, const Limits& limits, Rows& rows) override;
  StatementResult execute(const std::string& statement, const Limits& limits) override;

 private:
  [[nodiscard]] StatementResult run(const std::string& statement, const Limits& limits, Rows& rows,
                                    bool must_return_rows);
  /// Without rows, for what goes before and behind a statement.
  [[nodiscard]] std::optional<SqlError> order(const std::string& statement, const Limits& limits);
  [[nodiscard]] std::string limited(const std::string& statement, const Limits& limits) const;
  [[nodiscard]] std::optional<SqlError> send(const std::string& statement, const Limits& limits, bool& timed_out);
  [[nodiscard]] std::optional<SqlError> read_rows(MYSQL_RES* result, const Limits& limits, Rows& rows);
  [[nodiscard]] SqlError error(bool timed_out, const Limits& limits) const;
  /// Waits for what a suspended call waits for; the answer for its continuation.
  [[nodiscard]] int wait(int wanted, const Limits& limits, bool& timed_out);
  /// The connection being made, when its socket has changed: what is known of the old one no longer holds.
  [[nodiscard]] bool stands() const;
  /// Ends the connection at once: nothing more is read from it.
  void cut();
  void shut();
  void abandon_connecting();

  MYSQL* mysql_;
  MysqlTarget target_;  ///< a suspended call points into it
  MYSQL* result_ = nullptr;
  int status_ = 0;  ///< of the suspended connect; 0: over
  bool read_only_ = true;
  bool cut_ = false;
  ServerLimit server_limit_ = ServerLimit::none;
  std::string pooler_;
  Intake intake_;
  std::uint64_t since_row_ = 0;  ///< bytes, seen while waiting
  int reading_ = -1;             ///< the socket again, during a statement: the library closes its own on an error
};

}  // namespace crmpulse::probes::sql
