#include "collector/http/router.h"

#include <catch2/catch.hpp>

#include "collector/http/answers.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

net::HttpRequest request_for(std::string method, std::string path, std::string body = "") {
  net::HttpRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.body = std::move(body);
  request.remote_address = "192.0.2.7";
  return request;
}

Caller caller(std::string name, AccessRole role) {
  Token token;
  token.name = std::move(name);
  token.role = role;
  return {role, std::make_shared<const Token>(std::move(token))};
}

struct Asked {
  int status = 0;
  net::HttpResponse answer;
};

Asked ask(const Router& router, net::HttpRequest request, Caller who) {
  Asked asked;
  RouteMatch to = router.match(request);
  router.handle({std::move(request), std::move(to), std::move(who)}, [&asked](net::HttpResponse response) {
    asked.status = response.status;
    asked.answer = std::move(response);
  });
  return asked;
}

}  // namespace

TEST_CASE("a request carries its route's parts and its caller to the handler, and its body without a copy") {
  Router router;
  std::string seen;
  const char* bytes = nullptr;
  router.add({"POST", "/api/v1/crms/{crm}/notes/{id}", AccessRole::operator_,
              [&](Request request, const net::Respond& respond) {
                seen = request.part("crm") + " " + request.part("id") + " " + request.caller.name();
                const std::string taken = std::move(request.body);
                bytes = taken.data();
                respond(text_answer("done\n"));
              }});
  net::HttpRequest request = request_for("POST", "/api/v1/crms/acme/notes/7", std::string(1000, 'x'));
  const char* const sent = request.body.data();
  CHECK(ask(router, std::move(request), caller("ops", AccessRole::operator_)).status == 200);
  CHECK(seen == "acme 7 ops");
  CHECK(bytes == sent);
}

TEST_CASE(
    "a route is answered by whoever has its role, and an address that is not there or answers otherwise says so") {
  Router router;
  const auto reached = [](const Request&, const net::Respond& respond) { respond(text_answer("reached\n")); };
  router.add({"GET", "/open", std::nullopt, reached});
  router.add({"GET", "/crms", AccessRole::viewer, reached});
  router.add({"DELETE", "/crms", AccessRole::admin, reached});
  CHECK(ask(router, request_for("GET", "/open"), {}).status == 200);
  CHECK(ask(router, request_for("GET", "/crms"), {}).status == 401);
  CHECK(ask(router, request_for("GET", "/crms"), caller("a", AccessRole::ingest)).status == 403);
  CHECK(ask(router, request_for("GET", "/crms"), caller("a", AccessRole::operator_)).status == 200);
  CHECK(ask(router, request_for("DELETE", "/crms"), caller("a", AccessRole::operator_)).status == 403);
  CHECK(ask(router, request_for("DELETE", "/crms"), {AccessRole::admin, nullptr}).status == 200);
  CHECK(ask(router, request_for("GET", "/elsewhere"), {AccessRole::admin, nullptr}).status == 404);
  const Asked other = ask(router, request_for("POST", "/crms"), {AccessRole::admin, nullptr});
  CHECK(other.status == 405);
  CHECK(other.answer.headers.back() == std::pair<std::string, std::string>{"Allow", "DELETE, GET"});
}

TEST_CASE("what operators changed is audited with who and from where, reading and sending is not") {
  std::vector<std::string> lines;
  Router router{[&lines](const AuditEntry& entry, const net::HttpResponse& answer) {
    lines.push_back(entry.who + " " + entry.from + " " + entry.action + " " + std::to_string(answer.status));
  }};
  const auto reached = [](const Request&, const net::Respond& respond) { respond({201, {}, ""}); };
  router.add({"POST", "/silences", AccessRole::operator_, reached});
  router.add({"GET", "/silences", AccessRole::viewer, reached});
  router.add({"POST", "/write", AccessRole::ingest, reached});
  (void)ask(router, request_for("POST", "/silences"), caller("ops", AccessRole::operator_));
  (void)ask(router, request_for("POST", "/silences"), {AccessRole::admin, nullptr});
  (void)ask(router, request_for("POST", "/silences"), caller("page", AccessRole::viewer));
  (void)ask(router, request_for("GET", "/silences"), caller("ops", AccessRole::operator_));
  (void)ask(router, request_for("POST", "/write"), caller("branch", AccessRole::ingest));
  CHECK(lines == std::vector<std::string>{"ops 192.0.2.7 POST /silences 201", "anybody 192.0.2.7 POST /silences 201"});
}
