#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "agent/service.h"

namespace crmpulse::agent::service {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string{value};
}

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t monotonic_micros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
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

struct Manager::Impl {
  int socket = -1;
  sockaddr_un address{};
  socklen_t address_size = 0;
  std::optional<Duration> interval;

  void connect(const std::string& path) {
    if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path.front() != '/' && path.front() != '@'))
      return;
    socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path.front() == '@') address.sun_path[0] = '\0';  // the abstract name space
    address_size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  }

  void send(const std::string& message) const {
    if (socket < 0) return;
    // A manager that does not listen is no reason to fail: it will restart us if it misses us.
    (void)::sendto(socket, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&address), address_size);
  }
};

Manager::Manager() : impl_(std::make_unique<Impl>()) {
  impl_->connect(environment("NOTIFY_SOCKET"));
  const auto pid = number(environment("WATCHDOG_PID"));
  const bool meant = !pid || *pid == static_cast<std::uint64_t>(getpid());
  if (const auto micros = number(environment("WATCHDOG_USEC")); micros && *micros > 0 && meant && impl_->socket >= 0) {
    impl_->interval = std::max(Duration{1}, Duration{static_cast<Duration::rep>(*micros / 2000)});
  }
}

Manager::~Manager() {
  if (impl_->socket >= 0) ::close(impl_->socket);
}

void Manager::ready() {
  impl_->send("READY=1");
}
void Manager::status(const std::string& text) {
  impl_->send("STATUS=" + text.substr(0, text.find('\n')));
}
void Manager::reloading() {
  impl_->send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_micros()));
}
void Manager::stopping() {
  impl_->send("STOPPING=1");
}
void Manager::alive() {
  impl_->send("WATCHDOG=1");
}
std::optional<Duration> Manager::alive_interval() const {
  return impl_->interval;
}

}  // namespace crmpulse::agent::service
