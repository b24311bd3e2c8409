// Every flow of the table, the newcomer before its author has written a test.
#include <catch2/catch.hpp>
#include <set>

#include "tests/probes/auth/keys.h"
#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

std::vector<const auth::Flow*> flows_with_a_request() {
  std::vector<const auth::Flow*> out;
  for (const auth::Flow& flow : auth::flows())
    if (flow.immediate == nullptr) out.push_back(&flow);
  return out;
}

bool has_chinese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe4; });
}

/// Everything that may not be told: the secrets and what was made of them for the request.
std::vector<std::string> secrets_of(const auth::LoginSettings& settings, const net::HttpRequest& request) {
  std::vector<std::string> out{"hidden", "BEGIN"};
  for (const auto& [name, secret] : settings.secrets) out.push_back(secret.reveal());
  for (const auto& [name, value] : form_of(request))
    if (name == "assertion" || name == "client_secret" || name == "refresh_token") out.push_back(value);
  const std::string_view authorization = request.header("authorization");
  if (!authorization.empty()) out.emplace_back(authorization.substr(authorization.find(' ') + 1));
  return out;
}

void check_clean(const Failure& failure, const std::vector<std::string>& secrets) {
  CAPTURE(failure.message);
  CHECK(failure.stage == Stage::auth);
  CHECK_FALSE(failure.message.empty());
  CHECK(failure.message.size() <= 300);
  CHECK(failure.message.find('\n') == std::string::npos);
  for (const std::string& secret : secrets) CHECK(failure.message.find(secret) == std::string::npos);
}

/// Says back whatever it was sent, the worst an endpoint can do.
Vendor::Answer echo(int status) {
  return [status](const net::HttpRequest& request) {
    std::string said;
    for (const char c : request.body + " " + std::string(request.header("authorization")))
      said += c == '"' || c == '\\' ? std::string("'") : std::string(1, c);
    const std::string quoted = "\"" + said + "\"";
    return json(status, "{\"error\":" + quoted + ",\"error_description\":" + quoted + ",\"message\":" + quoted + "}");
  };
}

Vendor::Answer always(int status, const std::string& body) {
  return [=](const net::HttpRequest&) { return json(status, body); };
}

const std::vector<std::pair<std::string, Vendor::Answer>> kBadAnswers{
    {"400 with nothing", always(400, "")},
    {"400 with an error", always(400, R"({"error":"invalid_grant","error_description":"user hasn't approved this"})")},
    {"401 with nothing", always(401, "")},
    {"403 page", always(403, "<html>go away</html>")},
    {"404 page", always(404, "<html>not here</html>")},
    {"429", always(429, "{}")},
    {"500 page", always(500, "<html>oops</html>")},
    {"503 page", always(503, "<html>maintenance</html>")},
    {"302", [](const net::HttpRequest&) { return net::HttpResponse{302, {{"Location", "/"}}, ""}; }},
    {"200 page", always(200, "<html>sign in</html>")},
    {"200 with nothing", always(200, "")},
    {"200 with an empty object", always(200, "{}")},
    {"200 with a list", always(200, "[1,2]")},
    {"200 with nulls", always(200, R"({"access_token":null,"result":null})")},
    {"200 cut short", always(200, R"({"access_token":"abc)")},
    {"200 with an error", always(200, R"({"error":"invalid_code"})")},
    {"200 with an error of another kind", always(200, R"({"error":{"code":200,"message":"no","data":[]}})")},
    {"200 with a list as error", always(200, R"({"error":["UserError",["no","",null]]})")},
    {"200 with numbers as error", always(200, R"({"error":[1,2]})")},
    {"200 with a line break in the token", always(200, R"({"access_token":"a\r\nX: b","result":[1,"a\r\nX: b"]})")},
    {"200 deep", always(200, std::string(5000, '['))},
    {"200 not UTF-8", always(200, "{\"error\":\"\xff\xfe\"}")},
    {"200 huge", always(200, std::string(100'000, ' ') + "{}")},
    {"400 echo", echo(400)},
    {"200 echo", echo(200)},
};

}  // namespace

TEST_CASE("every flow has a name of its own, and keys explained in both languages") {
  std::set<std::string_view> names;
  for (const auth::Flow& flow : auth::flows()) {
    CAPTURE(flow.name);
    CHECK(names.insert(flow.name).second);
    CHECK(auth::find_flow(flow.name) == &flow);
    CHECK_FALSE(flow.fields.empty());
    std::set<std::string_view> keys;
    for (const auth::Field& field : flow.fields) {
      CAPTURE(field.name);
      CHECK(keys.insert(field.name).second);
      CHECK_FALSE(field.help.en.empty());
      CHECK(has_chinese(field.help.zh));
    }
    for (const auto* const list : {&flow.recipe_needs, &flow.recipe_may}) {
      for (const std::string_view key : *list) {
        CAPTURE(key);
        static const std::set<std::string_view> kKnown{"token_url", "audience", "scope",   "url",     "database",
                                                       "encoding",  "send",     "header",  "request", "expect",
                                                       "token",     "cookies",  "expires", "save",    "logout"};
        CHECK(kKnown.count(key) == 1);
      }
    }
    const bool asks = flow.request != nullptr && flow.read != nullptr;
    CHECK(asks == (flow.immediate == nullptr));
    if (!flow.default_header.empty()) CHECK(flow.default_header.find("${token}") != std::string_view::npos);
  }
  CHECK(auth::find_flow("password") == nullptr);
}

TEST_CASE("every flow fails cleanly on every answer that is not a login, and tells no secret") {
  for (const auth::Flow* const flow : flows_with_a_request()) {
    for (const auto& [what, answer] : kBadAnswers) {
      CAPTURE(flow->name, what);
      Vendor vendor(answer);
      Program program;
      const auth::LoginSettings settings = settings_for(flow->name);
      const auto session = program.session(flow_named(flow->name, vendor.url()), settings);
      const auto [result, login] = access(*session);
      REQUIRE(result.has_error());
      REQUIRE(vendor.count() == 1);
      const auto secrets = secrets_of(settings, vendor.requests()[0]);
      const bool too_large = what == "200 huge";  // the exchange's own failure
      if (!too_large) check_clean(result.error(), secrets);
      CHECK(result.error().reason != Reason::internal);
      REQUIRE(login);
      CHECK(login->failure == result.error());
      CHECK(session->stats().refreshes.at(std::string(to_string(result.error().reason))) == 1);
      // And not asked again at once.
      const auto [again, no_login] = access(*session);
      REQUIRE(again.has_error());
      if (!too_large) check_clean(again.error(), secrets);
      CHECK_FALSE(no_login);
      CHECK(vendor.count() == 1);
    }
  }
}

TEST_CASE("an endpoint that is not there speaks with the connection's own stage") {
  for (const auth::Flow* const flow : flows_with_a_request()) {
    CAPTURE(flow->name);
    Program program;
    const auto session = program.session(flow_named(flow->name, "http://127.0.0.1:9/token"), settings_for(flow->name));
    const auto [result, login] = access(*session);
    REQUIRE(result.has_error());
    CHECK(result.error().stage == Stage::connect);
    CHECK(result.error().reason == Reason::refused);
  }
}

TEST_CASE("flows without a request never make one") {
  for (const auth::Flow& flow : auth::flows()) {
    if (flow.immediate == nullptr) continue;
    CAPTURE(flow.name);
    const StateDir state;
    Program program;
    probes::AuthFlow described = flow_named(flow.name, "http://127.0.0.1:9/");
    if (flow.default_header.empty()) described.header = "x-key: ${token}";
    const auto session = program.session(described, settings_for(flow.name), state.path());
    CHECK_FALSE(header(*session).empty());
    session->refuse(1);
    CHECK(session->stats().requests == 0);
    CHECK_FALSE(session->stats().obtained);
    CHECK(state.token_files().empty());
  }
}
