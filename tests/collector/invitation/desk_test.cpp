// Invitations over HTTP: who may invite, who joins, what is kept of it.

#include <catch2/catch.hpp>
#include <fstream>

#include "collector/http/tokens.h"
#include "collector/invitation/invitation_file.h"
#include "net/certificates/authority.h"
#include "net/certificates/bundle.h"
#include "tests/collector/collector_fixture.h"
#include "tests/support/captured_log.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

namespace json = boost::json;

struct Asking {
  explicit Asking(const std::string& extra = "") : running{{"", "metrics: open\n" + extra, "required"}} {
    admin = create_token(state(), "root", AccessRole::admin).value();
    running.tick();
  }
  [[nodiscard]] std::string state() const { return running.directory().path("state"); }
  [[nodiscard]] net::ClientResponse call(const std::string& method, const std::string& path,
                                         const std::string& body = "", const std::string& token = "") const {
    Call made{method, running.base() + path, {}, body};
    if (!token.empty()) made.headers.emplace_back("Authorization", "Bearer " + token);
    if (method == "POST") made.headers.emplace_back("Content-Type", "application/json");
    return send(made);
  }
  [[nodiscard]] std::string invite(const std::string& agent) const {
    const auto made = call("POST", "/api/v1/invitations", R"({"agent":")" + agent + R"("})", admin);
    return made.status == 201 ? std::string{json::parse(made.body).at("code").as_string()} : made.body;
  }
  [[nodiscard]] net::ClientResponse join(const std::string& code) const {
    return call("POST", "/api/v1/join", R"({"code":")" + code + R"("})");
  }
  /// 415 is an ingest request that was let in.
  [[nodiscard]] int sends(const std::string& token, const std::string& agent) const {
    return send({"POST",
                 running.base() + "/api/v1/write",
                 {{"Authorization", "Bearer " + token}, {"X-Crm-Agent", agent}},
                 ""})
        .status;
  }

  RunningCollector running;
  std::string admin;
};

std::string token_in(const net::ClientResponse& response) {
  return std::string{json::parse(response.body).at("token").as_string()};
}

std::string whole(const std::string& file) {
  std::ifstream in{file};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("an admin invites, an agent joins once, and its token is its own") {
  const CapturedLog log;
  const Asking asking;
  const std::string code = asking.invite("branch-1");
  const auto listed = asking.call("GET", "/api/v1/invitations", "", asking.admin);
  CHECK(json::parse(listed.body).at("invitations").at(0).at("agent").as_string() == "branch-1");
  CHECK(listed.body.find(code) == std::string::npos);
  const auto joined = asking.join(code);
  REQUIRE(joined.status == 201);
  CHECK(json::parse(joined.body).at("agent").as_string() == "branch-1");
  CHECK(asking.sends(token_in(joined), "branch-1") == 415);
  CHECK(asking.sends(token_in(joined), "branch-2") == 403);
  CHECK(asking.call("GET", "/api/v1/crms", "", token_in(joined)).status == 403);
  const auto again = asking.join(code);
  CHECK(again.status == 401);
  CHECK_THAT(again.body, Contains("used"));
  CHECK(json::parse(asking.call("GET", "/api/v1/invitations", "", asking.admin).body)
            .at("invitations")
            .as_array()
            .empty());

  const json::value audit = json::parse(asking.call("GET", "/api/v1/audit", "", asking.admin).body).at("entries");
  CHECK(audit.at(0).at("action").as_string() == "POST /api/v1/join");
  CHECK(audit.at(0).at("about").as_string() == "branch-1");
  CHECK(audit.at(0).at("who").as_string() == "invitation");
  CHECK(audit.at(1).at("action").as_string() == "POST /api/v1/invitations");
  CHECK(audit.at(1).at("who").as_string() == "root");
  for (const std::string& secret : {code, token_in(joined)}) {
    CHECK(log.lines("", secret) == 0);
    for (const char* file : {"/audit.jsonl", "/tokens.json", "/invitations.json"})
      CHECK(whole(asking.state() + file).find(secret) == std::string::npos);
  }
}

TEST_CASE("who is not an admin invites nobody, and a body that is wrong says where") {
  const Asking asking;
  const std::string viewer = create_token(asking.state(), "v", AccessRole::operator_).value();
  REQUIRE(eventually([&] { return asking.call("GET", "/api/v1/crms", "", viewer).status == 200; }));
  for (const std::string& token : {std::string{}, viewer}) {
    const int refused = token.empty() ? 401 : 403;
    CHECK(asking.call("POST", "/api/v1/invitations", R"({"agent":"a"})", token).status == refused);
    CHECK(asking.call("GET", "/api/v1/invitations", "", token).status == refused);
    CHECK(asking.call("DELETE", "/api/v1/invitations/a", "", token).status == refused);
  }
  for (const auto& [body, field] :
       {std::pair{R"({})", "agent"}, std::pair{R"({"agent":"a\nb"})", "agent"},
        std::pair{R"({"agent":"a","crms":7})", "crms"}, std::pair{R"({"agent":"a","role":"admin"})", "role"}}) {
    const auto answer = asking.call("POST", "/api/v1/invitations", body, asking.admin);
    CHECK(answer.status == 400);
    CHECK(json::parse(answer.body).at("error").at("field").as_string() == field);
  }
  for (const char* body : {"{}", R"({"code":""})", R"({"code":7})", R"({"code":"a","agent":"b"})", "[]", "x"})
    CHECK(asking.call("POST", "/api/v1/join", body).status == 400);
  CHECK(asking.call("POST", "/api/v1/join", R"({"code":")" + std::string(70'000, 'x') + R"("})").status == 413);
  CHECK(asking.call("DELETE", "/api/v1/invitations/nobody", "", asking.admin).status == 404);
  REQUIRE(asking.invite("branch-1").starts_with("crmi_"));
  CHECK(asking.call("DELETE", "/api/v1/invitations/branch-1", "", asking.admin).status == 204);
}

TEST_CASE("wrong codes are limited like wrong tokens, summed up in the audit log, and a right one gets in meanwhile") {
  const Asking asking{"limits: {exempt: [], failed_logins_per_address: 3}\n"};
  const std::string code = asking.invite("branch-1");
  std::vector<int> answers;
  for (int i = 0; i < 6; ++i) answers.push_back(asking.join("crmi_" + std::to_string(i)).status);
  CHECK(answers == std::vector<int>{401, 401, 401, 429, 429, 429});
  CHECK_THAT(asking.call("GET", "/metrics").body,
             Contains("crmpulse_collector_http_refused_requests_total{reason=\"failed_logins\"} 3"));
  CHECK_THAT(asking.call("GET", "/metrics").body, Contains("crmpulse_collector_audit_refused_requests_total 6"));
  CHECK(asking.join(code).status == 201);
}

TEST_CASE("who joins again sends on with the old token until the new one is used") {
  const CapturedLog log;
  Asking asking;
  const std::string old_token = token_in(asking.join(asking.invite("branch-1")));
  CHECK(asking.sends(old_token, "branch-1") == 415);
  const std::string fresh = token_in(asking.join(asking.invite("branch-1")));
  CHECK(asking.sends(old_token, "branch-1") == 415);
  CHECK(asking.sends(fresh, "branch-1") == 415);
  asking.running.tick();
  REQUIRE(eventually([&] { return asking.sends(old_token, "branch-1") == 401; }));
  CHECK(asking.sends(fresh, "branch-1") == 415);
  const auto audit = asking.call("GET", "/api/v1/audit", "", asking.admin);
  CHECK_THAT(audit.body, Contains("branch-1, replaced by branch-1.2"));
}

TEST_CASE("invitations made at the command line and their tokens outlast a restart") {
  Asking asking;
  const std::string code = InvitationFile{asking.state()}.invite("branch-1", {}, two_clocks()).value();
  asking.running.stop();
  asking.running.start();
  const auto joined = asking.join(code);
  REQUIRE(joined.status == 201);
  asking.running.stop();
  asking.running.start();
  CHECK(asking.sends(token_in(joined), "branch-1") == 415);
  CHECK(asking.join(code).status == 401);
}

TEST_CASE("the authority is told to everybody, its key to nobody") {
  const TempDir folder;
  const net::Validity year{wall_now() - std::chrono::hours{1}, wall_now() + std::chrono::hours{24 * 365}};
  const net::CertifiedKey root = net::make_authority("test", year).value();
  const net::CertifiedKey own = net::issue_server_certificate(root, {"127.0.0.1"}, year).value();
  const std::string tls = fmt::format("tls: {{cert_file: {}, key_file: {}, ca_file: {}, ca_key_file: {}}}\n",
                                      folder.write("own.pem", own.certificate), folder.write("own.key", own.key),
                                      folder.write("ca.pem", root.certificate), folder.write("ca.key", root.key));
  RunningCollector running{{"", tls, "required"}};
  // The fixture's own client speaks plain HTTP; the answer is looked at through the routes.
  bool found = false;
  for (const Route& route : running.collector().routes()) found = found || (route.path == "/api/v1/ca" && !route.role);
  CHECK(found);
  net::HttpClient client;
  net::ClientRequest request;
  request.url = fmt::format("https://127.0.0.1:{}/api/v1/ca", running.collector().port());
  request.tls.ca_file = folder.path("ca.pem");
  std::promise<net::ClientResponse> promise;
  client.send(request, [&](net::ClientResponse response) { promise.set_value(std::move(response)); });
  const net::ClientResponse answer = promise.get_future().get();
  REQUIRE(answer.status == 200);
  CHECK(answer.body == root.certificate);
  CHECK(answer.header("content-type") == "application/x-pem-file");
  const Asking without;
  CHECK(without.call("GET", "/api/v1/ca").status == 404);
}
