#pragma once
// A served loop, a client that waits, and a socket that says exactly what a test wants said.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/client/http_client.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::net::test {

inline constexpr std::chrono::seconds kPatience{20};

using crmpulse::test::eventually;

/// A server on a loop of its own thread.
class Served {
 public:
  explicit Served(Handler handler, ServerOptions options = {});
  ~Served();
  /// Runs on the loop's thread, waits for the end.
  void on_loop(const std::function<void()>& task);
  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view path = "/", std::string_view scheme = "http") const;
  [[nodiscard]] HttpServer& server() { return *server_; }
  [[nodiscard]] Loop& loop() { return loop_; }
  void destroy_server();

 private:
  Loop loop_;
  std::unique_ptr<HttpServer> server_;
  unsigned short port_ = 0;
  std::thread thread_;
};

[[nodiscard]] Handler answering(std::string body);

[[nodiscard]] ClientRequest get(std::string url);
[[nodiscard]] ClientResponse fetch(HttpClient& client, ClientRequest request);

/// A plain TCP client; every wait is bounded by kPatience.
class RawClient {
 public:
  explicit RawClient(unsigned short port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  void say(std::string_view text);
  void end_writing();
  /// Has the other side said or closed something, within a few milliseconds?
  [[nodiscard]] bool hears_something();
  /// Everything until the other side closes.
  [[nodiscard]] std::string hear_all();
  /// Until what was heard contains `text`; also returns when the other side closes.
  [[nodiscard]] std::string hear_until(std::string_view text);
  /// One answer: headers and as much body as Content-Length says.
  [[nodiscard]] std::string hear_answer();

 private:
  [[nodiscard]] bool hear_more();
  int fd_ = -1;
  std::string heard_;
};

/// A plain TCP listener that does what `script` says with each accepted descriptor, one after the other, on a thread
/// of its own, then closes it. An empty script accepts and keeps quiet.
class RawServer {
 public:
  explicit RawServer(std::function<void(int)> script);
  ~RawServer();
  [[nodiscard]] unsigned short port() const { return port_; }
  [[nodiscard]] std::string url(std::string_view scheme = "http") const;
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  unsigned short port_ = 0;
  std::atomic<int> accepted_{0};
  std::function<void(int)> script_;
  std::thread thread_;
};

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
/// Says `text` on a connection of its own; everything heard until the server closes.
[[nodiscard]] std::string ask(Served& served, std::string_view text);
/// The `code` of an answer's `{"error":{"code":…`.
[[nodiscard]] std::string error_code_of(const std::string& answer);

/// For scripts of RawServer: reads until the text is seen, writes, waits for the end of the other side.
std::string read_until(int fd, std::string_view text);
void write_to(int fd, std::string_view text);
void wait_for_end(int fd);

}  // namespace crmpulse::net::test
