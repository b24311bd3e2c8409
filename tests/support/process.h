#pragma once
// A program started for a test, and a directory for what it writes. Both end with their object.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::test {

/// A folder that belongs to this user when we are root and it exists: servers refuse to run as root.
class OwnedDir : public TempDir {
 public:
  explicit OwnedDir(const std::string& owner);
};

/// A port of 127.0.0.1 nobody listens on now.
[[nodiscard]] unsigned short free_port();
/// Does somebody listen there?
[[nodiscard]] bool port_answers(unsigned short port);

struct ProcessOptions {
  std::string user;    ///< run as this user when we are root and it exists
  std::string output;  ///< file for standard output and error; empty: thrown away
};

/// A child process. It dies with the test program, however that ends.
class Process {
 public:
  /// Throws std::runtime_error when the program cannot be started.
  explicit Process(const std::vector<std::string>& command, const ProcessOptions& options = {});
  /// stop()
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  /// Exit status; -signal when a signal ended it.
  int wait();
  void signal(int number) const;
  /// hang_process()
  void hang() const;
  /// SIGCONT and SIGTERM, ten seconds, SIGKILL. Twice is harmless.
  void stop(int first_signal = 15);

 private:
  bool reap(bool block);
  pid_t pid_ = -1;
  int status_ = 0;
  bool gone_ = false;
};

/// SIGSTOP, and waits until it has reached every thread: kill() returns before it has, and a thread that still runs
/// answers. A process that is gone is left alone; one that does not stop within a minute throws std::runtime_error.
void hang_process(pid_t process);

/// Runs to the end; throws std::runtime_error with the output when it fails.
void run_to_end(const std::vector<std::string>& command, const ProcessOptions& options = {});

/// A self-signed certificate for 127.0.0.1 and localhost: DIRECTORY/server.crt and server.key, the key readable by the
/// user only.
void make_certificate(const std::string& directory, const std::string& user);

}  // namespace crmpulse::test
