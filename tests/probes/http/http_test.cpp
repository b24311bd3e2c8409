#include <catch2/catch.hpp>
#include <thread>

#include "net/server/http_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

/// Answers on a thread of its own.
class Page {
 public:
  explicit Page(const net::Handler& handler) {
    auto server = net::HttpServer::listen(loop_, {}, handler);
    REQUIRE(server.has_value());
    server_ = std::move(*server);
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~Page() {
    loop_.stop();
    thread_.join();
    server_.reset();
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  net::Loop loop_;
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

net::HttpResponse answer(int status, const std::string& body) {
  return net::HttpResponse{status, {}, body};
}

const std::string kRecipe = R"yaml(
recipe: page
title: {en: Page, zh: 页面}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Page, zh: 页面}}
  query: {type: string, default: "a&b", help: {en: Text, zh: 文字}}
  token: {type: secret, help: {en: Token, zh: 令牌}}
failures:
  - {status: 418, contains: teapot, stage: request, reason: quota}
measurements:
  - {id: liveness, liveness: true, operation: read, object: page, request: {url: "${url}/ok"}}
  - {id: contains, request: {url: "${url}/ok"}, expect: {contains: fine}}
  - {id: lacks, request: {url: "${url}/ok"}, expect: {contains: missing words}}
  - {id: shows, request: {url: "${url}/ok"}, expect: {absent: fine}}
  - {id: status_401, request: {url: "${url}/status/401"}}
  - {id: status_403, request: {url: "${url}/status/403"}}
  - {id: status_404, request: {url: "${url}/status/404"}}
  - {id: status_408, request: {url: "${url}/status/408"}}
  - {id: status_418, request: {url: "${url}/status/418"}}
  - {id: status_429, request: {url: "${url}/status/429"}}
  - {id: status_500, request: {url: "${url}/status/500"}}
  - {id: status_503, request: {url: "${url}/status/503"}}
  - {id: status_302, request: {url: "${url}/status/302"}}
  - {id: wanted_404, request: {url: "${url}/status/404"}, expect: {status: [404, 410]}}
  - {id: silent, timeout: 300ms, request: {url: "${url}/silent"}}
  - id: echo
    when: token
    request: {method: POST, url: "${url}/echo?q=${query}", headers: {Authorization: "Bearer ${token}"}, body: '{"q":"${query}"}'}
    expect: {contains: "POST /echo a&b Bearer s3cret {\"q\":\"a&b\"}"}
)yaml";

void serve(const net::HttpRequest& request, const net::Respond& respond) {
  static std::vector<net::Respond> waiting;  // only the loop's thread comes here
  if (request.path == "/ok") {
    respond(answer(200, "all fine"));
  } else if (request.path.starts_with("/status/")) {
    respond(answer(std::stoi(request.path.substr(8)), "I am a teapot called Jane Roe"));
  } else if (request.path == "/echo") {
    respond(answer(200, request.method + " " + request.path + " " + request.query.at("q") + " " +
                            std::string{request.header("authorization")} + " " + request.body));
  } else {
    waiting.push_back(respond);
  }
}

}  // namespace

TEST_CASE("a page that answers gives its phases, duration and success") {
  const Page page{serve};
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  const auto reading = run(*target, "liveness");
  check_succeeded(reading);
  const auto samples = samples_of(reading);
  CHECK(samples.at("crm_up") == 1);
  CHECK(samples.at(R"(crm_operation_success{object="page",operation="read"})") == 1);
  CHECK(samples.count(R"(crm_operation_duration_seconds{object="page",operation="read"})") == 1);
  CHECK(samples.count(R"(crm_operation_phase_seconds{object="page",operation="read",phase="first_byte"})") == 1);
  CHECK(reading.duration_seconds > 0);
  check_succeeded(run(*target, "contains"));
  check_succeeded(run(*target, "wanted_404"));
}

TEST_CASE("each way a page can fail has its stage and reason, and its text stays where it is") {
  const Page page{serve};
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  const std::vector<std::pair<std::string, std::string>> cases{
      {"lacks", "content/missing"},
      {"shows", "content/bad_content"},
      {"status_401", "auth/credentials"},
      {"status_403", "auth/permission"},
      {"status_404", "request/missing"},
      {"status_408", "response/timeout"},
      {"status_418", "request/quota"},
      {"status_429", "response/rate_limited"},
      {"status_500", "response/server_error"},
      {"status_503", "response/server_error"},
      {"status_302", "response/bad_content"},
  };
  for (const auto& [id, expected] : cases) {
    const auto reading = run(*target, id);
    check_failed(reading, expected);
    CHECK(reading.failure->message.find("Jane") == std::string::npos);
  }
  const auto silent = run(*target, "silent");
  CHECK(silent.failure->reason == Reason::timeout);
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a page that is not there is refused") {
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: http://127.0.0.1:" + std::to_string(free_port()));
  check_failed(run(*target, "liveness"), "connect/refused");
}

TEST_CASE("parameters and secrets reach the request where the recipe puts them") {
  const Page page{serve};
  probes::Runtime runtime;
  const PasswordFile token{"s3cret"};
  const auto target = make_target(runtime, kRecipe, "url: " + page.url() + "/\ntoken_file: " + token.path());
  check_succeeded(run(*target, "echo"));
}
