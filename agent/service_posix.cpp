#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/service.h"

namespace crmpulse::agent::service {
namespace {

constexpr int kArenas = 2;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

/// Code and constants of the program and its libraries that are mapped from files and were never written to: the kernel
/// maps a page again when it is touched. Half of what is resident after the start is the settings' parser, the dynamic
/// linker's tables and the TLS library's set-up, which stay mapped beside every agent for good.
void unmap_untouched_code() {
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
    char dash = 0;
    std::string access;
    std::istringstream words{line};
    words >> std::hex >> from >> dash >> to >> access;
    // Only executable ones: a read-only mapping may be one that the dynamic linker has written to before.
    if (!words.fail() && access == "r-xp" && line.find('/') != std::string::npos)
      madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
  }
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

std::string default_config() {
  return "/etc/crmpulse/agent.yaml";
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

void settle_memory() {
  malloc_trim(0);
  unmap_untouched_code();
}

int descriptor_limit() {
  constexpr rlim_t kUsual = 1024;
  constexpr rlim_t kMost = 1'000'000;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUsual;
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  if (limit.rlim_cur < limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  return static_cast<int>(std::min(limit.rlim_cur, kMost));
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  // A few threads that allocate little: an arena for each would hold on to what another could use.
  mallopt(M_ARENA_MAX, kArenas);
}

}  // namespace crmpulse::agent::service
