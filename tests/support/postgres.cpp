#include "tests/support/postgres.h"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace crmpulse::test {
namespace {

constexpr const char* kUser = "postgres";

std::string program(const std::string& name) {
  const std::string debian = "/usr/lib/postgresql/15/bin/" + name;
  return std::filesystem::exists(debian) ? debian : name;
}

/// The server's processes: those whose parent it is.
std::vector<pid_t> children_of(pid_t parent) {
  std::ifstream list{"/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children"};
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

Postgres::Postgres() : directory_(kUser), port_(free_port()) {
  const std::string data = directory_.path() + "/data";
  // Letters as CRMs' databases have them: with the locale C, lower() knows no letter beyond ASCII.
  run_to_end({program("initdb"), "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8",
              "--auth=trust", "--no-sync", "--no-instructions"},
             {kUser, {}});
  make_certificate(directory_.path(), kUser);
  // Written through the file's own permissions: we are its owner or root.
  std::ofstream{data + "/pg_hba.conf"}
      << "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\nlocal all all trust\n";
  start();
}

Postgres::~Postgres() {
  stop();
}

std::string Postgres::url(const std::string& user, const std::string& database) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string Postgres::log() const {
  std::ifstream file{directory_.path() + "/log"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void Postgres::start() {
  const std::string log = directory_.path() + "/log";
  server_ = std::make_unique<Process>(std::vector<std::string>{program("postgres"),
                                                               "-D",
                                                               directory_.path() + "/data",
                                                               "-p",
                                                               std::to_string(port_),
                                                               "-c",
                                                               "listen_addresses=127.0.0.1",
                                                               "-c",
                                                               "unix_socket_directories=" + directory_.path(),
                                                               "-c",
                                                               "fsync=off",
                                                               "-c",
                                                               "shared_buffers=16MB",
                                                               "-c",
                                                               "ssl=on",
                                                               "-c",
                                                               "ssl_cert_file=" + certificate(),
                                                               "-c",
                                                               "ssl_key_file=" + directory_.path() + "/server.key",
                                                               "-c",
                                                               "max_connections=20"},
                                      ProcessOptions{kUser, log});
  const std::string ready = program("pg_isready");
  const bool up = eventually([&] {
    if (!server_->running()) throw std::runtime_error("PostgreSQL ended; see " + log);
    if (!port_answers(port_)) return false;
    return Process{{ready, "-q", "-h", "127.0.0.1", "-p", std::to_string(port_)}, {}}.wait() == 0;
  });
  if (!up) throw std::runtime_error("PostgreSQL did not start");
}

void Postgres::stop() {
  if (!server_) return;
  resume();
  server_->stop(SIGQUIT);
  server_.reset();
}

void Postgres::hang() {
  // The parent first: then it has no more children than those that are listed.
  server_->hang();
  for (const pid_t child : children_of(server_->pid())) hang_process(child);
}

void Postgres::resume() {
  if (!server_ || !server_->running()) return;
  for (const pid_t child : children_of(server_->pid())) ::kill(child, SIGCONT);
  server_->signal(SIGCONT);
}

void Postgres::execute(const std::string& sql, const std::string& database) const {
  run_to_end({program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", std::to_string(port_),
              "-U", "postgres", "-d", database, "-c", sql});
}

}  // namespace crmpulse::test
