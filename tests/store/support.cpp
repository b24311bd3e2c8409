#include "tests/store/support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace crmpulse::test {

FullDisk::FullDisk(unsigned long bytes) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  before_ = limit.rlim_cur;
  limit.rlim_cur = bytes;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::runtime_error("setrlimit");
}

FullDisk::~FullDisk() {
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = before_;
  setrlimit(RLIMIT_FSIZE, &limit);
}

std::string run_and_kill(const std::function<void(int pipe)>& child, std::size_t bytes) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("fork");
  if (process == 0) {
    close(ends[0]);
    alarm(60);  // never outlive a parent that failed
    child(ends[1]);
    _exit(1);
  }
  close(ends[1]);
  std::string out;
  char buffer[4096];
  bool killed = false;
  for (ssize_t count = 0; (count = read(ends[0], buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<std::size_t>(count));
    if (!killed && out.size() >= bytes) {
      kill(process, SIGKILL);
      killed = true;
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(process, &status, 0);
  if (!killed || !WIFSIGNALED(status)) throw std::runtime_error("the child ended by itself");
  return out;
}

std::int64_t integer(store::Database& database, const std::string& sql) {
  auto statement = database.prepare(sql).value();
  if (!statement.step().value()) throw std::runtime_error("no row: " + sql);
  return statement.integer(0);
}

}  // namespace crmpulse::test
