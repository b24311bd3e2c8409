#pragma once
// A receiver that answers as a test says, temporary folders, and real child processes.

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/evidence.h"
#include "core/sample.h"
#include "net/server/http_server.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::agent::test {

using crmpulse::test::eventually;
using crmpulse::test::TempDir;

[[nodiscard]] std::string source_dir(std::string_view below);
[[nodiscard]] std::string read_file(const std::string& file);

/// What came in one request.
struct Received {
  std::string path;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::vector<Sample> samples;
  std::vector<Evidence> evidence;
  int answered = 0;
  bool marked = false;  ///< the answer bore the collector's mark
};

/// A remote-write receiver. Answers are taken from a script by path, then 204.
class Sink {
 public:
  explicit Sink(unsigned short port = 0);
  ~Sink();
  void script(const std::string& path, std::vector<net::HttpResponse> answers);
  /// Asked, when there is no script, about the samples of a request: what it answers, nullopt for 204.
  void judge(std::function<std::optional<net::HttpResponse>(const std::vector<Sample>&)> verdict);
  /// What comes after the scripts: 204, with the collector's mark or without.
  void mark(bool on);
  /// Runs before every answer, on the server's thread.
  void before_answer(std::function<void()> hook);
  [[nodiscard]] std::vector<Received> received() const;
  /// Values of a metric in the order they were accepted (2xx).
  [[nodiscard]] std::vector<double> accepted(std::string_view metric) const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] unsigned short port() const { return port_; }

 private:
  net::HttpResponse answer(const net::HttpRequest& request);

  net::Loop loop_;
  std::unique_ptr<net::HttpServer> server_;
  unsigned short port_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<net::HttpResponse>> scripts_;
  std::function<std::optional<net::HttpResponse>(const std::vector<Sample>&)> verdict_;
  bool mark_ = false;
  std::function<void()> before_answer_;
  std::vector<Received> received_;
  std::thread thread_;
};

/// The agent's own program as a child process; its output goes to a file.
class Process {
 public:
  Process(std::vector<std::string> command, const std::string& log, std::vector<std::string> environment = {});
  ~Process();  ///< kills what still runs
  void signal(int number) const;
  /// Exit code, or 128 + signal; -1 when it does not end within 20 s.
  [[nodiscard]] int wait();

 private:
  int pid_ = -1;
};
[[nodiscard]] std::string agent_program();

/// Runs statements on a SQLite file.
void sqlite(const std::string& file, const std::string& sql);
/// The one number a query gives; -1 when the file or the table is not there (yet). Reads only.
[[nodiscard]] int sqlite_count(const std::string& file, const std::string& query);

}  // namespace crmpulse::agent::test
