#pragma once
#include <memory>
#include <string>

#include "tests/support/process.h"

namespace crmpulse::test {

/// A real PostgreSQL 15 on 127.0.0.1, in a directory of its own: superuser `postgres` without password, others by
/// scram-sha-256. Takes about two seconds; one server can serve many tests.
class Postgres {
 public:
  Postgres();
  ~Postgres();

  [[nodiscard]] unsigned short port() const { return port_; }
  /// postgresql://USER@127.0.0.1:PORT/DATABASE
  [[nodiscard]] std::string url(const std::string& user = "postgres", const std::string& database = "postgres") const;
  /// Self-signed, for 127.0.0.1 and localhost; so its own authority.
  [[nodiscard]] std::string certificate() const { return directory_.path() + "/server.crt"; }
  /// What the server has written since it was started.
  [[nodiscard]] std::string log() const;
  /// Runs SQL as the superuser; throws std::runtime_error when it fails.
  void execute(const std::string& sql, const std::string& database = "postgres") const;

  /// Ends the server at once (immediate shutdown) / starts it again on the same port.
  void stop();
  void start();
  /// SIGSTOP, waited for, / SIGCONT for the server and every process it has now.
  void hang();
  void resume();

 private:
  OwnedDir directory_;
  unsigned short port_;
  std::unique_ptr<Process> server_;
};

}  // namespace crmpulse::test
