#include "tests/support/pgbouncer.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace crmpulse::test {
namespace {

constexpr const char* kUser = "postgres";

std::string psql() {
  const std::string debian = "/usr/lib/postgresql/15/bin/psql";
  return std::filesystem::exists(debian) ? debian : "psql";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream{path} << text;
  ::chmod(path.c_str(), 0644);
}

}  // namespace

Pgbouncer::Pgbouncer(const Postgres& server, const Options& options) : directory_(kUser), port_(free_port()) {
  const std::string users = directory_.path() + "/users";
  write(users, "\"monitor\" \"monitor\"\n\"app\" \"app\"\n");
  const std::string settings = directory_.path() + "/pgbouncer.ini";
  write(settings, "[databases]\ncrm = host=127.0.0.1 port=" + std::to_string(server.port()) +
                      " dbname=postgres user=app password=app\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " +
                      std::to_string(port_) + "\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = " + users +
                      "\npool_mode = " + options.pool_mode +
                      "\ndefault_pool_size = " + std::to_string(options.connections) + "\n" + options.more + "\n");
  const std::string log = directory_.path() + "/log";
  process_ =
      std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/pgbouncer", settings}, ProcessOptions{kUser, log});
  const bool up = eventually([&] {
    if (!process_->running()) throw std::runtime_error("PgBouncer ended; see " + log);
    return port_answers(port_);
  });
  if (!up) throw std::runtime_error("PgBouncer did not start");
}

std::string Pgbouncer::url(const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/crm";
}

void Pgbouncer::execute(const std::string& sql) const {
  run_to_end({psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d",
              "postgresql://app:app@127.0.0.1:" + std::to_string(port_) + "/crm", "-c", sql});
}

}  // namespace crmpulse::test
