#include "tests/collector/support.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>

#include "collector/configuration/settings.h"

namespace crmpulse::test {

namespace fs = std::filesystem;

LoopThread::LoopThread() : loop_(std::make_unique<net::Loop>()) {}

void LoopThread::begin() {
  thread_ = std::thread{[this] { loop_->run(); }};
}

LoopThread::~LoopThread() {
  end();
}

void LoopThread::end() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
}

void LoopThread::join() {
  if (thread_.joinable()) thread_.join();
}

void LoopThread::run(const std::function<void()>& task) {
  std::promise<void> done;
  loop_->post([&] {
    try {
      task();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

net::ClientResponse send(const Call& call) {
  static net::HttpClient client;
  net::ClientRequest request;
  request.method = call.method;
  request.url = call.url;
  request.headers = call.headers;
  request.body = call.body;
  request.timeout = std::chrono::seconds{20};
  request.max_response_bytes = 8 * 1024 * 1024;
  std::promise<net::ClientResponse> answer;
  client.send(std::move(request), [&answer](net::ClientResponse response) { answer.set_value(std::move(response)); });
  return answer.get_future().get();
}

Call write_call(const std::string& base, const std::string& body) {
  return {"POST",
          base + "/api/v1/write",
          {{"Content-Type", "application/x-protobuf"},
           {"Content-Encoding", "snappy"},
           {"X-Prometheus-Remote-Write-Version", "0.1.0"}},
          body};
}

Sink::Sink(std::vector<net::HttpResponse> answers) : script_(answers.begin(), answers.end()) {
  auto server =
      net::HttpServer::listen(thread_.loop(), {}, [this](net::HttpRequest request, const net::Respond& respond) {
        net::HttpResponse answer{200, {}, "ok"};
        {
          const std::lock_guard lock{mutex_};
          requests_.push_back(std::move(request));
          if (!script_.empty()) {
            answer = script_.front();
            script_.pop_front();
          } else if (behaviour_) {
            answer = behaviour_(requests_.back());
          }
        }
        respond(std::move(answer));
      });
  server_ = std::move(server.value());
  thread_.begin();
}

Sink::~Sink() {
  thread_.run([this] { server_.reset(); });
}

std::string Sink::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/hook/secret-part";
}

std::vector<net::HttpRequest> Sink::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void Sink::behave(Behaviour behaviour) {
  const std::lock_guard lock{mutex_};
  behaviour_ = std::move(behaviour);
}

void Sink::script(std::vector<net::HttpResponse> answers) {
  const std::lock_guard lock{mutex_};
  script_.assign(answers.begin(), answers.end());
}

Sample sample(const std::string& metric, const std::string& crm, double value, TimePoint at, Labels more) {
  more.set("crm", crm);
  more.set("kind", "tryton");
  if (more.get("agent").empty()) more.set("agent", "branch-1");
  return {metric, std::move(more), value, at};
}

const char* const kQuickRules = R"(
settings:
  group_wait: {sub_healthy: 0s, poor: 0s}
rules:
  - id: latency
    dimension: latency
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: last
    interval: 1s
    sub: {enter: 1, exit: 0.9, for: 2s}
    poor: {enter: 3, exit: 2.7, for: 2s}
    recover_for: {sub: 2s, poor: 2s}
    role: gate
    weight: 1
    no_data: {after: 60s, state: sub_healthy}
    remedy: slow_response
    unit: seconds
)";

const char* const kRemedies = R"(
remedies:
  slow_response: {en: "Optimise the architecture, upgrade the hardware.", zh: 优化架构、升级硬件}
)";

std::shared_ptr<const collector::Receiver> receiver_from(const std::string& yaml) {
  const TempDir directory;
  auto settings = collector::load_settings(directory.write("collector.yaml", "receivers:\n  - " + yaml + "\n"));
  if (!settings) throw std::runtime_error(to_string(settings.error()));
  return settings->receivers.at(0).receiver;
}

}  // namespace crmpulse::test
