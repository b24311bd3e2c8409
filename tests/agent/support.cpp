#include "tests/agent/support.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "wire/collector_mark.h"
#include "wire/evidence.h"
#include "wire/remote_write.h"

namespace crmpulse::agent::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::vector<Sample> decode(std::string_view body) {
  std::vector<Sample> out;
  wire::Decoder decoder;
  const auto visit = [&](const wire::SeriesView& series) {
    std::string metric;
    Labels labels;
    for (const auto& [name, value] : series.labels) {
      if (name == "__name__")
        metric = value;
      else
        labels.set(name, value);
    }
    for (const auto& [value, at] : series.samples) out.push_back({metric, labels, value, from_unix_millis(at)});
  };
  if (!decoder.decode(wire::Version::v1, body, visit)) throw std::runtime_error("the sink cannot decode a body");
  return out;
}

}  // namespace

std::string source_dir(std::string_view below) {
  return std::string{CRMPULSE_SOURCE_DIR} + "/" + std::string{below};
}

std::string read_file(const std::string& file) {
  std::ostringstream out;
  out << std::ifstream{file}.rdbuf();
  return out.str();
}

Sink::Sink(unsigned short port) {
  net::ServerOptions options;
  options.port = port;
  server_ = std::move(net::HttpServer::listen(loop_, options, [this](net::HttpRequest request, net::Respond respond) {
                        respond(answer(request));
                      }).value());
  port_ = server_->port();
  thread_ = std::thread{[this] { loop_.run(); }};
}

Sink::~Sink() {
  loop_.post([this] { server_->stop(Duration{}, [this] { loop_.stop(); }); });
  thread_.join();
}

void Sink::script(const std::string& path, std::vector<net::HttpResponse> answers) {
  const std::lock_guard lock{mutex_};
  auto& queue = scripts_[path];
  queue.insert(queue.end(), answers.begin(), answers.end());
}

void Sink::judge(std::function<std::optional<net::HttpResponse>(const std::vector<Sample>&)> verdict) {
  const std::lock_guard lock{mutex_};
  verdict_ = std::move(verdict);
}

void Sink::mark(bool on) {
  const std::lock_guard lock{mutex_};
  mark_ = on;
}

void Sink::before_answer(std::function<void()> hook) {
  const std::lock_guard lock{mutex_};
  before_answer_ = std::move(hook);
}

net::HttpResponse Sink::answer(const net::HttpRequest& request) {
  Received received{.path = request.path, .headers = {}, .samples = {}, .evidence = {}, .answered = 0};
  for (const auto& [name, value] : request.headers) received.headers[lower(name)] = value;
  if (request.path.ends_with("/evidence"))
    received.evidence = wire::decode_evidence(request.body).value().lines;
  else if (request.method == "POST")
    received.samples = decode(request.body);
  const std::lock_guard lock{mutex_};
  if (before_answer_) before_answer_();
  net::HttpResponse out{204, {}, {}};
  if (mark_) out.headers.emplace_back(wire::kCollectorMark, "1");
  if (auto& queue = scripts_[request.path]; !queue.empty()) {
    out = queue.front();
    queue.pop_front();
  } else if (auto verdict = verdict_ ? verdict_(received.samples) : std::nullopt) {
    out = std::move(*verdict);
  }
  received.answered = out.status;
  received.marked = std::any_of(out.headers.begin(), out.headers.end(),
                                [](const auto& header) { return header.first == wire::kCollectorMark; });
  received_.push_back(std::move(received));
  return out;
}

std::vector<Received> Sink::received() const {
  const std::lock_guard lock{mutex_};
  return received_;
}

std::vector<double> Sink::accepted(std::string_view metric) const {
  std::vector<double> out;
  for (const Received& request : received()) {
    if (request.answered / 100 != 2) continue;
    for (const Sample& sample : request.samples) {
      if (sample.metric == metric) out.push_back(sample.value);
    }
  }
  return out;
}

std::string Sink::url() const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/api/v1/write";
}

Process::Process(std::vector<std::string> command, const std::string& log, std::vector<std::string> environment) {
  std::vector<char*> arguments;
  for (std::string& part : command) arguments.push_back(part.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  for (std::string& variable : environment) putenv(variable.data());
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

Process::~Process() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
  kill(pid_, number);
}

int Process::wait() {
  int status = 0;
  if (!eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string agent_program() {
  return std::string{CRMPULSE_BINARY_DIR} + "/bin/crmpulse-agent";
}

void sqlite(const std::string& file, const std::string& sql) {
  sqlite3* handle = nullptr;
  char* message = nullptr;
  const bool done = sqlite3_open(file.c_str(), &handle) == SQLITE_OK &&
                    sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK;
  const std::string why = message == nullptr ? "cannot open" : message;
  sqlite3_free(message);
  sqlite3_close(handle);
  if (!done) throw std::runtime_error(file + ": " + why);
}

int sqlite_count(const std::string& file, const std::string& query) {
  sqlite3* handle = nullptr;
  sqlite3_stmt* statement = nullptr;
  int count = -1;
  if (sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
      sqlite3_prepare_v2(handle, query.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    count = sqlite3_column_int(statement, 0);
  }
  sqlite3_finalize(statement);
  sqlite3_close(handle);
  return count;
}

}  // namespace crmpulse::agent::test
