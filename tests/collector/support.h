#pragma once
// A collector's surroundings for tests: a folder, a loop on a thread of its own, a receiver that answers as it is told.

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "collector/receivers/base/receiver.h"
#include "core/sample.h"
#include "core/secret.h"
#include "net/client/http_client.h"
#include "net/loop/loop.h"
#include "net/server/http_server.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace crmpulse::test {

/// A net::Loop that runs until this object goes.
class LoopThread {
 public:
  LoopThread();
  ~LoopThread();
  net::Loop& loop() { return *loop_; }
  /// Runs `task` on the loop's thread and waits for it.
  void run(const std::function<void()>& task);
  /// Waits until the loop has ended by itself.
  void join();
  /// Stops it and waits until it has ended: what it uses can go then.
  void end();
  /// The loop runs from here on; before, its thread is the caller.
  void begin();

 private:
  std::unique_ptr<net::Loop> loop_;
  std::thread thread_;
};

struct Call {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
[[nodiscard]] net::ClientResponse send(const Call& call);
/// A remote write 1.0 request.
[[nodiscard]] Call write_call(const std::string& base, const std::string& body);

/// A webhook endpoint: answers from a script, then 200; remembers what came.
class Sink {
 public:
  explicit Sink(std::vector<net::HttpResponse> script = {});
  ~Sink();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::vector<net::HttpRequest> requests() const;
  void script(std::vector<net::HttpResponse> answers);
  /// What it answers when the script is at its end, instead of 200 `ok`. Runs on the sink's thread.
  using Behaviour = std::function<net::HttpResponse(const net::HttpRequest&)>;
  void behave(Behaviour behaviour);

 private:
  LoopThread thread_;
  std::unique_ptr<net::HttpServer> server_;
  mutable std::mutex mutex_;
  std::deque<net::HttpResponse> script_;
  std::vector<net::HttpRequest> requests_;
  Behaviour behaviour_;
};

[[nodiscard]] Sample sample(const std::string& metric, const std::string& crm, double value, TimePoint at,
                            Labels more = {});

/// Rules with second-long timers: latency from 1 s sub-healthy, from 3 s poor; availability from crm_up.
extern const char* const kQuickRules;
extern const char* const kRemedies;

/// The receiver a YAML mapping describes, as it would stand under `receivers:`; what is wrong with it is thrown.
[[nodiscard]] std::shared_ptr<const collector::Receiver> receiver_from(const std::string& yaml);

}  // namespace crmpulse::test
