#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "agent/service.h"

namespace crmpulse::agent::service {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

}  // namespace

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

std::string executable_dir() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

std::string default_state_dir() {
  // systemd: one or more absolute paths, separated by colons.
  const std::string given = environment("STATE_DIRECTORY");
  return given.empty() ? "/var/lib/crmpulse-agent" : given.substr(0, given.find(':'));
}

std::uint64_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace crmpulse::agent::service
