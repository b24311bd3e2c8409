#include "tests/support/mariadb.h"

#include <signal.h>

#include <stdexcept>

namespace crmpulse::test {
namespace {

constexpr const char* kUser = "mysql";

// A server that starts removes every "#sql*" file from its temporary directory, so two servers that
// shared /tmp would take each other's temporary tables away.
std::string temporary_directory(const TempDir& directory) {
  return "--tmpdir=" + directory.path();
}

}  // namespace

Mariadb::Mariadb(std::vector<std::string> options)
    : options_(std::move(options)), directory_(kUser), port_(free_port()) {
  run_to_end(
      {"mariadb-install-db", "--no-defaults", "--datadir=" + directory_.path() + "/data",
       temporary_directory(directory_), "--auth-root-authentication-method=normal", "--skip-name-resolve", "--force"},
      {kUser, {}});
  make_certificate(directory_.path(), kUser);
  start();
  execute("CREATE DATABASE crm", "mysql");
}

Mariadb::~Mariadb() {
  stop();
}

std::string Mariadb::url(const std::string& user, const std::string& database) const {
  return "mysql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void Mariadb::start(bool with_tls) {
  const std::string log = directory_.path() + "/log";
  std::vector<std::string> command{"/usr/sbin/mariadbd",
                                   "--no-defaults",
                                   "--datadir=" + directory_.path() + "/data",
                                   temporary_directory(directory_),
                                   "--port=" + std::to_string(port_),
                                   "--bind-address=127.0.0.1",
                                   "--socket=" + socket(),
                                   "--pid-file=" + directory_.path() + "/pid",
                                   "--skip-name-resolve",
                                   "--innodb-flush-log-at-trx-commit=0",
                                   "--innodb-buffer-pool-size=16M",
                                   "--max-connections=20"};
  command.insert(command.end(), options_.begin(), options_.end());
  if (with_tls)
    command.insert(command.end(), {"--ssl-cert=" + certificate(), "--ssl-key=" + directory_.path() + "/server.key"});
  server_ = std::make_unique<Process>(command, ProcessOptions{kUser, log});
  const bool up = eventually([&] {
    if (!server_->running()) throw std::runtime_error("MariaDB ended; see " + log);
    if (!port_answers(port_)) return false;
    return Process{{"mariadb-admin", "--no-defaults", "--socket=" + socket(), "-u", "root", "ping"}, {}}.wait() == 0;
  });
  if (!up) throw std::runtime_error("MariaDB did not start");
}

void Mariadb::stop() {
  if (!server_) return;
  server_->stop(SIGTERM);
  server_.reset();
}

void Mariadb::hang() {
  server_->hang();
}
void Mariadb::resume() {
  server_->signal(SIGCONT);
}

void Mariadb::execute(const std::string& sql, const std::string& database) const {
  run_to_end({"mariadb", "--no-defaults", "--socket=" + socket(), "-u", "root", database, "-e", sql});
}

}  // namespace crmpulse::test
