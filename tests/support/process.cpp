#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace crmpulse::test {
namespace {

const passwd* user_to_become(const std::string& name) {
  if (name.empty() || ::geteuid() != 0) return nullptr;
  return ::getpwnam(name.c_str());
}

sockaddr_in loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// In the child, between fork and exec.
[[noreturn]] void become(const std::vector<char*>& arguments, const passwd* user, int output, pid_t parent) {
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  // After setuid, which clears it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (::chdir("/") != 0) ::_exit(126);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

/// Does no thread of the process run any more? One that ends meanwhile does not count.
bool has_stopped(pid_t process) {
  std::error_code error;
  const std::string tasks = "/proc/" + std::to_string(process) + "/task";
  for (std::filesystem::directory_iterator task{tasks, error}, end; !error && task != end; task.increment(error)) {
    std::string line;
    if (!std::getline(std::ifstream{task->path() / "stat"}, line)) continue;
    // `pid (name) state …`; the name may hold anything.
    const std::size_t state = line.rfind(')') + 2;
    if (state < line.size() && std::string_view{"TtZX"}.find(line[state]) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

OwnedDir::OwnedDir(const std::string& owner) {
  const passwd* user = user_to_become(owner);
  if (user != nullptr && ::chown(path().c_str(), user->pw_uid, user->pw_gid) != 0)
    throw std::runtime_error("chown failed for " + path());
}

unsigned short free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  const bool bound = socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(socket);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool port_answers(unsigned short port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(port);
  const bool answers = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return answers;
}

Process::Process(const std::vector<std::string>& command, const ProcessOptions& options) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const passwd* user = user_to_become(options.user);
  const int output = ::open(options.output.empty() ? "/dev/null" : options.output.c_str(),
                            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) throw std::runtime_error("cannot write " + options.output);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, user, output, parent);
  ::close(output);
  if (pid_ < 0) throw std::runtime_error("cannot fork for " + command.at(0));
}

Process::~Process() {
  stop();
}

bool Process::reap(bool block) {
  if (gone_) return true;
  pid_t result = 0;
  do {
    result = ::waitpid(pid_, &status_, block ? 0 : WNOHANG);
  } while (result < 0 && errno == EINTR);
  gone_ = result != 0;
  return gone_;
}

bool Process::running() {
  return !reap(false);
}

int Process::wait() {
  reap(true);
  return WIFSIGNALED(status_) ? -WTERMSIG(status_) : WEXITSTATUS(status_);
}

void Process::signal(int number) const {
  if (!gone_) ::kill(pid_, number);
}

void Process::hang() const {
  if (!gone_) hang_process(pid_);
}

void Process::stop(int first_signal) {
  if (!running()) return;
  ::kill(pid_, SIGCONT);
  ::kill(pid_, first_signal);
  if (eventually([&] { return !running(); }, std::chrono::seconds{10})) return;
  ::kill(pid_, SIGKILL);
  reap(true);
}

void hang_process(pid_t process) {
  if (::kill(process, SIGSTOP) != 0) return;
  if (!eventually([&] { return has_stopped(process); }))
    throw std::runtime_error("process " + std::to_string(process) + " does not stop");
}

void run_to_end(const std::vector<std::string>& command, const ProcessOptions& options) {
  OwnedDir logs{options.user};
  ProcessOptions own = options;
  if (own.output.empty()) own.output = logs.path() + "/output";
  Process process{command, own};
  const int status = process.wait();
  if (status == 0) return;
  std::ostringstream text;
  text << std::ifstream{own.output}.rdbuf();
  throw std::runtime_error(command.at(0) + " ended with " + std::to_string(status) + ": " + text.str());
}

void make_certificate(const std::string& directory, const std::string& user) {
  run_to_end({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
              "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
              directory + "/server.key", "-out", directory + "/server.crt"},
             {user, {}});
}

}  // namespace crmpulse::test
