// Words of the recipe language that one CRM or another cannot do without.

#include <catch2/catch.hpp>
#include <thread>

#include "net/server/http_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

const std::string kRecipe = R"yaml(
recipe: words
title: {en: Words, zh: 词}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Page, zh: 页面}}
errors: {message: [/message], message_header: X-Status-Reason}
failures:
  - {contains: no attribute, stage: content, reason: missing, blind: "attribute '([^']+)'"}
quota:
  - {allowance: daily, header: Usage, match: "([0-9]+)/([0-9]+)", gives: [used, limit]}
measurements:
  - id: liveness
    liveness: true
    request: {url: /rows, free: true}
    each: /rows
    columns: {extra: {at: /n, add: -1}, owner: /owner}
    samples:
      - {metric: crm_records_duplicate, value: extra, reduce: sum, labels: {object: a, field: b}}
      - {metric: crm_records_incomplete, value: extra, reduce: count, where: {owner: {missing: true}}, labels: {object: a, field: owner}}
      - {metric: crm_records, value: extra, reduce: count, where: {owner: {not_matches: "^$"}}, labels: {object: owned}}
  - {id: times, request: {url: /times, query: {offset: "${today|offset}", sql: "${today|sql}"}}, expect: {at: {/same: "true"}}}
  - {id: paged, request: {url: /pages}, each: /rows, next: {more: /next, page: page}, samples: [{metric: crm_records, value: /n, reduce: count, labels: {object: paged}}]}
  - {id: reason, request: {url: /reason}}
)yaml";

net::HttpResponse json(int status, const std::string& body,
                       std::vector<std::pair<std::string, std::string>> more = {}) {
  more.emplace_back("Content-Type", "application/json");
  return net::HttpResponse{status, std::move(more), body};
}

net::HttpResponse times(const net::HttpRequest& request) {
  const std::string& offset = request.query.at("offset");
  const std::string& sql = request.query.at("sql");
  const bool same = offset.ends_with("T00:00:00+00:00") && sql.ends_with(" 00:00:00") && sql.size() == 19 &&
                    offset.substr(0, 10) == sql.substr(0, 10);
  return json(200, same ? R"({"same":true})" : R"({"same":false})");
}

/// Three pages; the link is not meant to be followed.
net::HttpResponse pages(const net::HttpRequest& request) {
  const auto page = request.query.find("page");
  const bool last = page != request.query.end() && page->second == "3";
  return json(200, last ? R"({"rows":[{"n":1}],"next":null})" : R"({"rows":[{"n":1},{"n":2}],"next":"/a b"})");
}

void serve(const net::HttpRequest& request, const net::Respond& respond) {
  if (request.path == "/times") return respond(times(request));
  if (request.path == "/pages") return respond(pages(request));
  if (request.path == "/reason") return respond(json(400, "", {{"X-Status-Reason", "no attribute 'amount' here"}}));
  respond(json(200, R"({"rows":[{"n":3,"owner":"x"},{"n":1,"owner":null},{"n":2}]})", {{"Usage", "17/100"}}));
}

/// The one sample of this metric, whatever its labels are.
double value_of(const probes::Reading& reading, std::string_view metric) {
  for (const Sample& sample : reading.samples)
    if (sample.metric == metric) return sample.value;
  FAIL("no sample of " << metric);
  throw std::logic_error("unreachable");
}

class Page {
 public:
  Page() {
    auto server = net::HttpServer::listen(loop_, {}, serve);
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

}  // namespace

TEST_CASE("records that share a value are counted less one, and those without an owner by themselves") {
  const Page page;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  const auto reading = run(*target, "liveness");
  check_succeeded(reading);
  CHECK(value_of(reading, "crm_records_duplicate") == 3);
  CHECK(value_of(reading, "crm_records_incomplete") == 2);
  CHECK(value_of(reading, "crm_records") == 1);
  CHECK(reading.calls == 0);
}

TEST_CASE("what is left of an allowance is told when only its use and limit are") {
  const Page page;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  CHECK(value_of(run(*target, "liveness"), "crm_api_remaining") == 83);
}

TEST_CASE("times are written as COQL and as SQL want them") {
  const Page page;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  check_succeeded(run(*target, "times"));
}

TEST_CASE("pages are counted up as long as there is a link to the next one") {
  const Page page;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  const auto reading = run(*target, "paged");
  check_succeeded(reading);
  CHECK(value_of(reading, "crm_records") == 5);
}

TEST_CASE("a reason that stands in a header is read there") {
  const Page page;
  probes::Runtime runtime;
  const auto target = make_target(runtime, kRecipe, "url: " + page.url());
  const auto reading = run(*target, "reason");
  check_failed(reading, "content/missing");
  REQUIRE(reading.failure.has_value());
  CHECK(reading.failure->message.find("amount is gone") != std::string::npos);
}

TEST_CASE("a login may be left out where the recipe says so") {
  const std::string with_flows = kRecipe + "auth: {optional: true, flows: {bearer: {}, basic: {}}}\n";
  Problems problems;
  const auto recipe = recipe_from(with_flows);
  const auto settings =
      probes::auth::read_settings(recipe, config::Reader{config::Node{}, "auth", "agent.yaml", problems});
  CHECK(problems.empty());
  CHECK(settings.flow.empty());
}
