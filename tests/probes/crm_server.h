#pragma once
// A CRM of a few lines behind real HTTP: a test scripts what it answers and looks at what it was asked.

#include <catch2/catch.hpp>
#include <deque>
#include <mutex>
#include <thread>

#include "net/server/http_server.h"
#include "tests/probes/target_fixture.h"

namespace crmpulse::test {

/// Answers on a thread of its own.
class CrmServer {
 public:
  using Script = std::function<net::HttpResponse(const net::HttpRequest&)>;

  /// A status that means: the caller waits until the server goes.
  static constexpr int kNoAnswer = 0;

  explicit CrmServer(Script script, const net::ServerOptions& options = {}) : script_(std::move(script)) {
    auto server =
        net::HttpServer::listen(loop_, options, [this](const net::HttpRequest& request, const net::Respond& respond) {
          {
            const std::lock_guard lock{mutex_};
            requests_.push_back(request);
          }
          net::HttpResponse response = script_(request);
          if (response.status == kNoAnswer) {
            held_.push_back(respond);
          } else {
            respond(std::move(response));
          }
        });
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~CrmServer() {
    loop_.stop();
    thread_.join();
    held_.clear();
    server_.reset();
  }
  CrmServer(const CrmServer&) = delete;
  CrmServer& operator=(const CrmServer&) = delete;

  [[nodiscard]] std::string port() const { return std::to_string(server_->port()); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port(); }
  [[nodiscard]] std::vector<net::HttpRequest> requests() const {
    const std::lock_guard lock{mutex_};
    return requests_;
  }
  [[nodiscard]] std::size_t count(std::string_view path) const {
    const auto all = requests();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& request) { return request.path == path; }));
  }

 private:
  const Script script_;
  net::Loop loop_;
  mutable std::mutex mutex_;
  std::vector<net::HttpRequest> requests_;
  std::vector<net::Respond> held_;  ///< the loop's thread alone
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

[[nodiscard]] inline net::HttpResponse json(const std::string& body, int status = 200) {
  return {status, {{"Content-Type", "application/json"}}, body};
}

/// A recipe with one liveness and the measurements of a test; `more` are keys of the recipe beside them.
[[nodiscard]] inline std::string http_recipe(const std::string& measurements, const std::string& more = "") {
  return R"yaml(
recipe: my-crm
title: {en: CRM, zh: 客户关系管理}
transport: http
parameters:
  url: {type: url, required: true, help: {en: h, zh: h}}
  name: {type: string, default: "O'Hara & \"Co\" 50%", help: {en: h, zh: h}}
  objects: {type: list, default: [Lead, Case], help: {en: h, zh: h}}
  stages: {type: list, default: [won, "it's lost"], help: {en: h, zh: h}}
  size: {type: integer, default: 25, help: {en: h, zh: h}}
  share: {type: number, default: 5%, help: {en: h, zh: h}}
  wide: {type: boolean, default: true, help: {en: h, zh: h}}
  idle_after: {type: duration, default: 14d, help: {en: h, zh: h}}
  key: {type: secret, help: {en: h, zh: h}}
)yaml" + more +
         "\nmeasurements:\n  - {id: liveness, liveness: true, request: {url: /alive}}\n" + measurements;
}

/// A CRM that answers every path with this.
[[nodiscard]] inline CrmServer::Script answers(net::HttpResponse response) {
  return [response = std::move(response)](const net::HttpRequest&) { return response; };
}

/// One measurement `m` against a server, run once.
[[nodiscard]] inline probes::Reading run_once(const CrmServer& crm, const std::string& measurement,
                                              const std::string& more = "", const std::string& with = "",
                                              Duration timeout = std::chrono::seconds{10}) {
  probes::Runtime runtime;
  const auto target = make_target(runtime, http_recipe(measurement, more), "url: " + crm.url() + "\n" + with, timeout);
  return run(*target, "m");
}

/// The warnings' texts, a line each.
[[nodiscard]] inline std::string warnings_of(const probes::Reading& reading) {
  std::string out;
  for (const auto& warning : reading.warnings) out += (out.empty() ? "" : "\n") + warning.text;
  return out;
}

/// Samples of the recipe alone: without what every run and every answer tells by itself.
[[nodiscard]] inline std::map<std::string, double> own_samples(const probes::Reading& reading) {
  std::map<std::string, double> out = samples_of(reading);
  std::erase_if(out, [](const auto& sample) {
    return sample.first.starts_with("crm_operation_") || sample.first.starts_with("crm_failure") ||
           sample.first.starts_with("crm_agent_");
  });
  return out;
}

}  // namespace crmpulse::test
