#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace crmpulse::test {

/// A real MariaDB on 127.0.0.1, in a directory of its own, with an empty database `crm`: `root` without password,
/// through the socket. Starting it takes a few seconds; one server can serve many tests.
class Mariadb {
 public:
  /// With further options of the server, such as `--version=8.0.30-proxy` to pass for another.
  explicit Mariadb(std::vector<std::string> options = {});
  ~Mariadb();

  [[nodiscard]] unsigned short port() const { return port_; }
  /// mysql://USER@127.0.0.1:PORT/DATABASE
  [[nodiscard]] std::string url(const std::string& user = "root", const std::string& database = "crm") const;
  /// root's, through the socket
  [[nodiscard]] std::string socket_url() const { return "mysql://root@/crm?socket=" + socket(); }
  /// Self-signed, for 127.0.0.1 and localhost; so its own authority.
  [[nodiscard]] std::string certificate() const { return directory_.path() + "/server.crt"; }
  [[nodiscard]] std::string socket() const { return directory_.path() + "/socket"; }
  /// Runs SQL as root; throws std::runtime_error when it fails.
  void execute(const std::string& sql, const std::string& database = "crm") const;

  void stop();
  void start(bool with_tls = true);
  /// SIGSTOP for every thread, waited for / SIGCONT
  void hang();
  void resume();

 private:
  const std::vector<std::string> options_;
  OwnedDir directory_;
  unsigned short port_;
  std::unique_ptr<Process> server_;
};

}  // namespace crmpulse::test
