// Where a shipped recipe asks: what stands under `with:` reaches the vendor, and so does what a login says.

#include <algorithm>
#include <atomic>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "tests/probes/auth/keys.h"
#include "tests/probes/auth/vendor.h"
#include "tests/probes/crm_server.h"
#include "tests/probes/recipes/sandbox_case.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

using With = std::vector<std::pair<std::string, std::string>>;

/// The recipe's case with these parameters instead of its own.
SandboxCase with(const std::string& recipe, const With& parameters) {
  config::Node node;
  node.kind = config::Node::Kind::mapping;
  for (const auto& [name, text] : parameters) {
    config::Node value;
    value.kind = config::Node::Kind::scalar;
    value.quoted = text != "true";
    value.scalar = text;
    node.members.emplace_back(name, std::move(value));
  }
  SandboxCase one = sandbox_case(recipe);
  std::erase_if(one.crm.members, [](const config::Member& each) { return each.first == "with"; });
  one.crm.members.emplace_back("with", std::move(node));
  return one;
}

/// Gives a token for whatever is said, and an empty object to every other request.
class TokenGiver {
 public:
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] std::vector<net::HttpRequest> requests() const { return server_.requests(); }

 private:
  CrmServer server_{[this](const net::HttpRequest& request) {
    if (request.path.find("token") == std::string::npos) return test::json("{}");
    return test::json(R"({"access_token":"TOKEN-1","token_type":"Bearer","expires_in":1800,"instance_url":")" + url() +
                      "\"}");
  }};
};

void ask_everything(const BoundCase& bound, TimePoint at) {
  for (const auto& planned : bound.target().measurements()) (void)run(bound.target(), planned.measurement->id, at);
}

std::vector<std::string> paths_of(const TokenGiver& crm) {
  std::vector<std::string> paths;
  for (const net::HttpRequest& request : crm.requests()) paths.push_back(request.path);
  return paths;
}

/// Whom the signed statement of a login is for.
std::string audience_of(const net::HttpRequest& login) {
  const std::string assertion = form_of(login)["assertion"];
  const std::size_t first = assertion.find('.');
  const std::string claims = assertion.substr(first + 1, assertion.rfind('.') - first - 1);
  const auto told = boost::json::parse(from_base64url(claims)).as_object();
  return std::string{told.at("aud").as_string()};
}

}  // namespace

TEST_CASE("Salesforce's login is for the audience of the recipe's with, else for the host of login_url") {
  SandboxHost host;
  const TokenGiver crm;
  const auto told = [&](With parameters) {
    parameters.emplace_back("login_url", crm.url());
    parameters.emplace_back("status_url", crm.url());
    const BoundCase bound = bind(host, with("salesforce", parameters));
    (void)run(bound.target(), liveness_of(bound.target()), host.now());
    const auto requests = crm.requests();
    const auto last = std::find_if(requests.rbegin(), requests.rend(), [](const net::HttpRequest& request) {
      return request.path == "/services/oauth2/token";
    });
    REQUIRE(last != requests.rend());
    return audience_of(*last);
  };
  CHECK(told({}) == crm.url());
  CHECK(told({{"audience", "https://login.salesforce.com"}}) == "https://login.salesforce.com");
  CHECK(told({{"audience", "https://test.salesforce.com"}}) == "https://test.salesforce.com");
}

TEST_CASE("HubSpot's api_version and oauth_version stand in every path it is asked by") {
  for (const auto& [api, oauth] :
       std::vector<std::pair<std::string, std::string>>{{"2026-09", "2026-03"}, {"2026-03", "2026-09"}, {"v3", "v1"}}) {
    INFO(api << ", " << oauth);
    SandboxHost host;
    const TokenGiver crm;
    const TokenGiver status;
    ask_everything(bind(host, with("hubspot", {{"api_url", crm.url()},
                                               {"status_url", status.url()},
                                               {"api_version", api},
                                               {"oauth_version", oauth},
                                               {"csat", "true"}})),
                   host.now());
    std::size_t logins = 0;
    std::size_t others = 0;
    for (const std::string& path : paths_of(crm)) {
      INFO(path);
      const bool token = path.starts_with("/oauth/");
      ++(token ? logins : others);
      CHECK(path.find("/" + (token ? oauth : api)) != std::string::npos);
    }
    CHECK(logins > 0);
    CHECK(others > 10);
  }
}

TEST_CASE("Salesforce's version stands in every path but that of the versions themselves") {
  SandboxHost host;
  const TokenGiver crm;
  ask_everything(
      bind(host, with("salesforce", {{"login_url", crm.url()}, {"status_url", crm.url()}, {"version", "64.0"}})),
      host.now());
  std::size_t versioned = 0;
  for (const net::HttpRequest& request : crm.requests()) {
    INFO(request.path);
    // What stands in a composite call has paths of its own.
    CHECK(request.body.find("/services/data/v62.0") == std::string::npos);
    if (!request.path.starts_with("/services/data/") || request.path == "/services/data/") continue;
    ++versioned;
    CHECK(request.path.starts_with("/services/data/v64.0/"));
  }
  CHECK(versioned > 10);
}

TEST_CASE("a Salesforce org that moved is found by one fresh login of its own recipe, by each of its flows") {
  SandboxHost host;
  for (const std::size_t flow : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    INFO("flow " << flow);
    const net::HttpResponse versions = test::json(R"([{"version":"62.0"}])");
    const CrmServer new_place{answers(versions)};
    std::atomic<bool> gone{false};
    const CrmServer old_place{[&](const net::HttpRequest&) {
      return gone ? net::HttpResponse{301, {{"Location", "https://other.example.com/"}}, ""} : versions;
    }};
    const CrmServer login{[&](const net::HttpRequest&) {
      const std::string place = gone ? new_place.url() : old_place.url();
      return test::json(R"({"access_token":"T","token_type":"Bearer","instance_url":")" + place + "\"}");
    }};
    const BoundCase bound =
        bind(host, with("salesforce", {{"login_url", login.url()}, {"status_url", login.url()}}), {.flow = flow});
    const std::string liveness = liveness_of(bound.target());
    check_succeeded(run(bound.target(), liveness, host.now()));
    gone = true;
    check_succeeded(run(bound.target(), liveness, host.now()));
    check_succeeded(run(bound.target(), liveness, host.now()));
    CHECK(login.count("/services/oauth2/token") == 2);
    CHECK(new_place.count("/services/data/") == 2);
  }
}
