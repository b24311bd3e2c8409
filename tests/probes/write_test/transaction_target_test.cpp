// Write tests as a Target runs them: over real HTTP, on its threads, thrown away in the middle.

#include <fmt/format.h>

#include <atomic>
#include <map>
#include <thread>

#include "net/server/http_server.h"
#include "tests/probes/target_fixture.h"
#include "tests/support/process.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;
using namespace std::chrono_literals;

namespace {

const std::string kRecipe = R"yaml(recipe: leads
title: {en: Leads, zh: 线索}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Address, zh: 地址}}
measurements:
  - {id: liveness, liveness: true, request: {url: /leads}}
  - id: lead_transaction
    transaction: lead
    timeout: 20s
    steps:
      - {step: create, request: {method: POST, url: /leads, json: {name: "${marker} ${run_id}"}}, expect: {status: [201]}, save: {id: /id}}
      - {step: read, request: {url: "/leads/${id}"}, expect: {at: {/name: "${marker} ${run_id}"}}}
      - {step: find, request: {url: /leads, query: {q: "${run_id}"}}, until: {at: /total, above: 0}, within: 5s}
      - {step: delete, cleanup: true, request: {method: DELETE, url: "/leads/${id}"}, expect: {status: [204, 404]}}
      - {step: gone, request: {url: "/leads/${id}"}, expect: {status: [404]}}
    sweep:
      request: {url: /leads, query: {q: "${marker}"}}
      each: /leads
      columns: {id: /id, marker: /name}
)yaml";
enum Index : std::size_t { kLiveness, kLeadTransaction };

/// A CRM with leads; it stops answering at the request with this number.
class LeadServer {
 public:
  LeadServer() {
    auto server =
        net::HttpServer::listen(loop_, {}, [this](const net::HttpRequest& request, const net::Respond& respond) {
          const bool silent = asked_++ == silent_from_;
          const net::HttpResponse response = answer(request);
          if (silent) {
            kept_.push_back(respond);  // done, but never told
          } else {
            respond(response);
          }
        });
    if (!server) FAIL(server.error().message);
    server_ = std::move(*server);
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~LeadServer() {
    loop_.stop();
    thread_.join();
    kept_.clear();
  }
  LeadServer(const LeadServer&) = delete;
  LeadServer& operator=(const LeadServer&) = delete;

  [[nodiscard]] std::string with() const { return fmt::format("url: http://127.0.0.1:{}", server_->port()); }
  [[nodiscard]] int asked() const { return asked_; }
  [[nodiscard]] std::size_t count() const { return count_; }
  void fall_silent_at(int request) {
    asked_ = 0;
    silent_from_ = request;
  }

 private:
  net::HttpResponse answer(const net::HttpRequest& request) {
    const std::string& target = request.path;
    const std::string id = target.starts_with("/leads/") ? target.substr(7) : std::string{};
    net::HttpResponse out;
    if (request.method == "POST") {
      const std::string name = request.body.substr(9, request.body.size() - 11);  // {"name":"…"}
      leads_[std::to_string(++last_)] = name;
      out = {201, {}, fmt::format(R"({{"id":"{}"}})", last_)};
    } else if (request.method == "DELETE") {
      out.status = leads_.erase(id) == 1 ? 204 : 404;
    } else if (id.empty()) {
      std::string list;
      for (const auto& [key, name] : leads_)
        list += fmt::format(R"({}{{"id":"{}","name":"{}"}})", list.empty() ? "" : ",", key, name);
      out = {200, {}, fmt::format(R"({{"total":{},"leads":[{}]}})", leads_.size(), list)};
    } else if (const auto found = leads_.find(id); found != leads_.end()) {
      out = {200, {}, fmt::format(R"({{"name":"{}"}})", found->second)};
    } else {
      out.status = 404;
    }
    count_ = leads_.size();
    return out;
  }

  net::Loop loop_;
  std::map<std::string, std::string> leads_;  ///< only the server's thread
  std::vector<net::Respond> kept_;
  int last_ = 0;
  std::atomic<int> asked_{0};
  std::atomic<int> silent_from_{-1};
  std::atomic<std::size_t> count_{0};
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

std::unique_ptr<Target> leads_of(Runtime& runtime, const LeadServer& server, const std::string& state_dir,
                                 bool switched_off = false) {
  Recipe recipe = recipe_from(kRecipe);
  TargetSpec spec;
  spec.crm = "acme";
  spec.arguments = arguments_from(recipe, server.with());
  spec.labels = {{"crm", "acme"}, {"kind", recipe.name}, {"agent", "a1"}};
  spec.state_dir = state_dir;
  if (switched_off) {
    spec.switched_off = {std::make_shared<const probes::Measurement>(recipe.measurements.back())};
    recipe.measurements.pop_back();
  }
  spec.recipe = std::make_shared<const Recipe>(std::move(recipe));
  auto target = Target::make(runtime, std::move(spec));
  if (!target) FAIL(to_string(target.error()));
  return std::move(*target);
}

}  // namespace

TEST_CASE("a target runs a write test over HTTP") {
  LeadServer server;
  const TempDir directory;
  Runtime runtime;
  const auto target = leads_of(runtime, server, directory.path());
  for (int round = 0; round < 3; ++round) {
    const Reading reading = run(*target, "lead_transaction");
    check_succeeded(reading);
    const auto samples = samples_of(reading);
    CHECK(samples.at("crm_transaction_success{transaction=\"lead\"}") == 1);
    CHECK(samples.count("crm_write_visible_seconds{transaction=\"lead\"}") == 1);
    CHECK(samples.at("crm_agent_transaction_disabled{transaction=\"lead\"}") == 0);
    for (const char* step : {"create", "read", "find", "delete", "gone"})
      CHECK(samples.count(fmt::format("crm_transaction_duration_seconds{{step=\"{}\",transaction=\"lead\"}}", step)) ==
            1);
    CHECK(reading.calls == (round == 0 ? 6 : 5));
    CHECK(server.count() == 0);
  }
}

TEST_CASE("a target that goes away in the middle of a write test waits for nothing, the next one cleans up") {
  for (const bool switched_off : {false, true}) {
    for (int request = 0; request < 6; ++request) {
      INFO("request " << request << (switched_off ? ", then switched off" : ""));
      LeadServer server;
      const TempDir directory;
      {
        Runtime runtime;
        const auto target = leads_of(runtime, server, directory.path());
        server.fall_silent_at(request);
        const auto inbox = std::make_shared<Inbox>();
        target->start(kLeadTransaction, kAt, [inbox](Reading reading) { inbox->put(std::move(reading)); });
        REQUIRE(eventually([&] { return server.asked() > request; }));
      }
      server.fall_silent_at(-1);
      Runtime runtime;
      const auto target = leads_of(runtime, server, directory.path(), switched_off);
      check_succeeded(run(*target, switched_off ? "liveness" : "lead_transaction"));
      CHECK(eventually([&] { return server.count() == 0; }, 20s));
    }
  }
}
