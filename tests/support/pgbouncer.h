#pragma once
#include <memory>
#include <string>

#include "tests/support/postgres.h"
#include "tests/support/process.h"

namespace crmpulse::test {

/// A real PgBouncer on 127.0.0.1 before a PostgreSQL. Whoever comes, everybody is `app` (password `app`) to the server,
/// so that all share `connections` of them: the pool of an application and its monitor.
class Pgbouncer {
 public:
  struct Options {
    std::string pool_mode = "transaction";  ///< session, transaction, statement
    int connections = 1;
    std::string more{};  ///< further lines of its [pgbouncer]
  };
  Pgbouncer(const Postgres& server, const Options& options);

  [[nodiscard]] unsigned short port() const { return port_; }
  /// postgresql://USER@127.0.0.1:PORT/crm; `monitor` and `app` may come, with their names as passwords.
  [[nodiscard]] std::string url(const std::string& user = "monitor") const;
  /// Runs SQL as the application does; throws std::runtime_error when it fails.
  void execute(const std::string& sql) const;

 private:
  OwnedDir directory_;
  unsigned short port_;
  std::unique_ptr<Process> process_;
};

}  // namespace crmpulse::test
