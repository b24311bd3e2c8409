// Requests with a login: its header, address and values; its renewal; its own samples.
#include <future>

#include "core/time/clock.h"
#include "probes/http/run_http.h"
#include "tests/probes/crm_server.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;
using namespace std::chrono_literals;

namespace {

/// Tokens `t1`, `t2`, …: a new one for each that was refused.
class FakeSession final : public auth::Session {
 public:
  void access(std::chrono::steady_clock::time_point, Done done) override {
    std::optional<auth::Login> login;
    auth::Access access;
    {
      const std::lock_guard lock{mutex_};
      ++asked;
      if (failure) {
        done(*failure, auth::Login{0.5, failure});
        return;
      }
      if (refused_ == generation_) {
        ++generation_;
        login = auth::Login{0.25, {}};
      }
      access.generation = generation_;
      access.headers = {{"Authorization", "Bearer t" + std::to_string(generation_)}};
      access.base_url = base_url;
      access.values = {{"uid", "7"}, {"secret", "odoo-secret"}};
    }
    done(std::move(access), login);
  }
  void refuse(std::uint64_t generation) override {
    const std::lock_guard lock{mutex_};
    ++refusals;
    if (generation == generation_) refused_ = generation;
  }
  void renew(std::uint64_t generation, auth::Doubt, std::chrono::steady_clock::time_point deadline,
             Done done) override {
    refuse(generation);
    access(deadline, std::move(done));
  }
  [[nodiscard]] auth::LoginStats stats() const override { return {}; }

  std::string base_url;
  std::optional<Failure> failure;
  int asked = 0;
  int refusals = 0;

 private:
  std::mutex mutex_;
  std::uint64_t generation_ = 1;
  std::uint64_t refused_ = 0;
};

const std::string kAuth = R"yaml(
headers: {X-Recipe: "yes"}
errors: {code: [/code]}
auth:
  renew_on: [{status: 401}, {status: 200, code: SESSION_ENDED}]
  flows:
    odoo_login: {url: "${url}", database: crm}
    bearer: {}
)yaml";

/// A measurement `m` of a recipe with logins, run over a session of the test's.
struct Fixture {
  explicit Fixture(const std::string& measurement, const std::string& url, const std::string& more = kAuth)
      : session(std::make_shared<FakeSession>()) {
    auto recipe = std::make_shared<const Recipe>(recipe_from(http_recipe(measurement, more)));
    Arguments arguments = arguments_from(*recipe, "url: " + url);
    spec = std::make_shared<const TargetSpec>(TargetSpec{
        "acme", recipe, std::move(arguments), {{"crm", "acme"}, {"kind", recipe->name}, {"agent", "a1"}}, 10s});
    exchanger = std::make_shared<HttpExchanger>(client, spec, session, wall_now);
    readings = std::make_unique<Readings>(*spec);
  }
  [[nodiscard]] Reading run() {
    std::promise<Found> promise;
    run_http(exchanger, spec, measurement(), kAt, std::chrono::steady_clock::now() + 10s,
             [&](Found found) { promise.set_value(std::move(found)); });
    auto future = promise.get_future();
    if (future.wait_for(20s) != std::future_status::ready) FAIL("the run does not end");
    return readings->make(measurement(), kAt, future.get());
  }
  [[nodiscard]] const Measurement& measurement() const { return spec->recipe->measurements.at(1); }

  net::HttpClient client;
  std::shared_ptr<FakeSession> session;
  std::shared_ptr<const TargetSpec> spec;
  std::shared_ptr<HttpExchanger> exchanger;
  std::unique_ptr<Readings> readings;
};

}  // namespace

TEST_CASE("the login gives header, address and values, and a status page gets none of them") {
  const CrmServer crm{answers(json("{}"))};
  Fixture fixture{R"yaml(
  - id: m
    requests:
      - request: {method: POST, url: /jsonrpc, json: {args: [crm, "${uid}", "${secret}"]}}
      - {request: {url: "${url}/status", auth: none}}
)yaml",
                  "http://127.0.0.1:1"};
  fixture.session->base_url = crm.url();
  const auto reading = fixture.run();
  auto requests = crm.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].header("authorization") == "Bearer t1");
  CHECK(requests[0].header("x-recipe") == "yes");
  CHECK(requests[0].body == R"({"args":["crm",7,"odoo-secret"]})");
  CHECK(failure_text(reading) == "connect/refused");  // the status page is at `url`, where nobody is

  Fixture open{"  - {id: m, request: {url: /status, auth: none}}\n", crm.url()};
  check_succeeded(open.run());
  requests = crm.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].header("authorization").empty());
  CHECK(requests[1].header("x-recipe").empty());
  CHECK(open.session->asked == 0);
}

TEST_CASE("a login that ended is renewed once and asked again once, outside the measurement's time") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.header("authorization") == "Bearer t1") return json("{}", 401);
    return json(R"({"n":1})");
  }};
  Fixture fixture{"  - {id: m, request: {url: /x}, samples: [{metric: n, value: /n}]}\n", crm.url()};
  const auto reading = fixture.run();
  check_succeeded(reading);
  CHECK(crm.requests().size() == 2);
  CHECK(fixture.session->refusals == 1);
  const auto samples = samples_of(reading);
  CHECK(samples.at(R"(crm_operation_duration_seconds{object="token",operation="login"})") == 0.25);
  CHECK(samples.at(R"(crm_operation_success{object="token",operation="login"})") == 1);
  CHECK(samples.at("n") == 1);
  CHECK(reading.calls == 3);
  CHECK(reading.duration_seconds < 0.25);
  check_succeeded(fixture.run());
  CHECK(crm.requests().size() == 3);
}

TEST_CASE("an answer with a code of its own may say that the login ended") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    return json(request.header("authorization") == "Bearer t1" ? R"({"code":"SESSION_ENDED"})" : "{}");
  }};
  Fixture fixture{"  - {id: m, request: {url: /x}}\n", crm.url()};
  check_succeeded(fixture.run());
  CHECK(crm.requests().size() == 2);
}

TEST_CASE("a CRM that refuses the new login too is told as wrong credentials, and asked no more") {
  const CrmServer crm{answers(json(R"({"code":"Bearer t2 is bad"})", 401))};
  Fixture fixture{"  - {id: m, request: {url: /x}}\n", crm.url()};
  const auto reading = fixture.run();
  CHECK(failure_text(reading) == "auth/credentials");
  REQUIRE(reading.failure);
  CHECK(crm.requests().size() == 2);
  CHECK(reading.failure->message.find("t2") == std::string::npos);
}

TEST_CASE("a login that fails is the measurement's failure and its own, and is closed when it succeeds") {
  const CrmServer crm{answers(json("{}"))};
  Fixture fixture{"  - {id: m, request: {url: /x}}\n", crm.url()};
  fixture.session->failure = Failure{Stage::auth, Reason::credentials, "the CRM refuses the client id"};
  const auto reading = fixture.run();
  CHECK(failure_text(reading) == "auth/credentials");
  CHECK(crm.requests().empty());
  auto samples = samples_of(reading);
  CHECK(samples.at(R"(crm_operation_success{object="token",operation="login"})") == 0);
  CHECK(samples.at(R"(crm_failure{object="token",operation="login",reason="credentials",stage="auth"})") == 1);
  CHECK(samples.at(R"(crm_failure{operation="m",reason="credentials",stage="auth"})") == 1);
  CHECK(samples.count(R"(crm_operation_duration_seconds{object="token",operation="login"})") == 0);
  fixture.session->failure.reset();
  fixture.session->refuse(1);
  samples = samples_of(fixture.run());
  CHECK(samples.at(R"(crm_failure{object="token",operation="login",reason="credentials",stage="auth"})") == 0);
}

TEST_CASE("many runs whose login ended at once all get through") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.header("authorization") == "Bearer t1") return json("{}", 401);
    return json("{}");
  }};
  Fixture fixture{"  - {id: m, request: {url: /x}}\n", crm.url()};
  std::vector<std::promise<Found>> promises(50);
  for (auto& promise : promises) {
    run_http(fixture.exchanger, fixture.spec, fixture.measurement(), kAt, std::chrono::steady_clock::now() + 10s,
             [&](Found found) { promise.set_value(std::move(found)); });
  }
  int logins = 0;
  for (auto& promise : promises) {
    const Found found = promise.get_future().get();
    CHECK_FALSE(found.failure);
    logins += found.login ? 1 : 0;
  }
  CHECK(logins == 1);
}

TEST_CASE("a batch logs in as one request does") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.header("authorization") == "Bearer t1") return json("{}", 401);
    return json(R"([{"s":200,"b":{"n":1}},{"s":200,"b":{"n":2}}])");
  }};
  Fixture fixture{R"yaml(
  - id: m
    batch: true
    requests:
      - {request: {url: /a}, samples: [{metric: a, value: /n}]}
      - {request: {url: /b}, samples: [{metric: b, value: /n}]}
)yaml",
                  crm.url(),
                  kAuth +
                      "batch: {request: {method: POST, url: /batch, json: []}, list: \"\", item: {method: m, url: u, "
                      "body: b}, most: 5, answers: \"\", answer: {status: /s, body: /b}}\n"};
  const auto reading = fixture.run();
  check_succeeded(reading);
  CHECK(samples_of(reading).at("b") == 2);
  CHECK(samples_of(reading).count(R"(crm_operation_duration_seconds{object="token",operation="login"})") == 1);
  CHECK(crm.requests().size() == 2);
}
