// What each flow says to its endpoint and makes of the answer.
#include <fmt/format.h>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "core/time/clock.h"
#include "tests/probes/auth/keys.h"
#include "tests/probes/auth/vendor.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

using Form = std::map<std::string, std::string>;

Failure failure_of(const Vendor::Answer& answer, std::string_view flow = "client_credentials") {
  Vendor vendor(answer);
  Program program;
  const auto session = program.session(flow_named(flow, vendor.url()), settings_for(flow));
  const auto [result, login] = access(*session);
  REQUIRE(result.has_error());
  CHECK(result.error().stage == Stage::auth);
  return result.error();
}

Failure failure_of(int status, const std::string& body, std::string_view flow = "client_credentials") {
  return failure_of([=](const net::HttpRequest&) { return json(status, body); }, flow);
}

std::string error(const std::string& code, const std::string& description = "") {
  return "{\"error\":\"" + code + "\",\"error_description\":\"" + description + "\"}";
}

}  // namespace

TEST_CASE("jwt_bearer sends a statement signed with the private key") {
  Vendor vendor(tokens(R"(,"instance_url":"http://na1.example.com/")"));
  Program program;
  probes::AuthFlow flow = flow_named("jwt_bearer", vendor.url());
  flow.base_url = "/instance_url";
  const auto session = program.session(flow, settings_for("jwt_bearer"));
  const auto [result, login] = access(*session);
  REQUIRE(result.has_value());
  CHECK(result->headers == decltype(result->headers){{"Authorization", "Bearer TOKEN-1"}});
  CHECK(result->base_url == "http://na1.example.com");
  REQUIRE(login);
  CHECK_FALSE(login->failure);
  CHECK(login->duration_seconds > 0);

  const net::HttpRequest request = vendor.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.header("content-type") == "application/x-www-form-urlencoded");
  Form form = form_of(request);
  CHECK(form.size() == 2);
  CHECK(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const std::string assertion = form["assertion"];
  const std::size_t first = assertion.find('.');
  const std::size_t last = assertion.rfind('.');
  REQUIRE(first != last);
  CHECK(assertion.find_first_of("+/=") == std::string::npos);
  CHECK(verifies(test_key().public_pem, assertion.substr(0, last), from_base64url(assertion.substr(last + 1))));
  CHECK(from_base64url(assertion.substr(0, first)) == R"({"alg":"RS256"})");
  const auto claims = boost::json::parse(from_base64url(assertion.substr(first + 1, last - first - 1))).as_object();
  CHECK(claims.size() == 4);
  CHECK(claims.at("iss").as_string() == "monitor-client_id");
  CHECK(claims.at("sub").as_string() == "monitor-username");
  CHECK(claims.at("aud").as_string() == "https://login.example.com");
  CHECK(claims.at("exp").as_int64() == unix_millis(kStart) / 1000 + 150);
}

TEST_CASE("client_credentials sends its secret in the form, as JSON, or as HTTP Basic") {
  Vendor vendor(tokens(R"(,"expires_in":3599)"));
  Program program;
  auth::LoginSettings settings = settings_for("client_credentials");
  settings.secrets["client_secret"] = Secret{"s&=: +é"};
  probes::AuthFlow flow = flow_named("client_credentials", vendor.url());
  flow.scope = "https://org.crm.example.com/.default";

  CHECK(header(*program.session(flow, settings)) == "Authorization: Bearer TOKEN-1");
  const Form by_form{{"grant_type", "client_credentials"},
                     {"scope", flow.scope},
                     {"client_id", "monitor-client_id"},
                     {"client_secret", "s&=: +é"}};
  CHECK(form_of(vendor.requests().at(0)) == by_form);

  flow.encoding = "json";
  CHECK(header(*program.session(flow, settings)) == "Authorization: Bearer TOKEN-2");
  const net::HttpRequest as_json = vendor.requests().at(1);
  CHECK(as_json.header("content-type") == "application/json");
  const auto body = boost::json::parse(as_json.body).as_object();
  CHECK(body.size() == by_form.size());
  for (const auto& [name, value] : by_form) CHECK(body.at(name).as_string() == value);

  flow.encoding = "form";
  flow.send = "basic";
  const auto session = program.session(flow, settings);
  CHECK(header(*session) == "Authorization: Bearer TOKEN-3");
  const net::HttpRequest basic = vendor.requests().at(2);
  CHECK(form_of(basic) == Form{{"grant_type", "client_credentials"}, {"scope", flow.scope}});
  REQUIRE(basic.header("authorization").starts_with("Basic "));
  CHECK(from_base64(std::string(basic.header("authorization").substr(6))) ==
        "monitor-client_id:s%26%3D%3A%20%2B%C3%A9");
  CHECK(session->stats().expires == kStart + 3599s);
}

TEST_CASE("refresh_token sends the user's token, and the CRM's newest once there is one") {
  Vendor vendor(tokens(R"(,"expires_in":1800,"api_domain":"http://www.zohoapis.example")"));
  Program program;
  probes::AuthFlow flow = flow_named("refresh_token", vendor.url());
  flow.base_url = "/api_domain";
  flow.header = "Authorization: Zoho-oauthtoken ${token}";
  const auto session = program.session(flow, settings_for("refresh_token"));
  CHECK(header(*session) == "Authorization: Zoho-oauthtoken TOKEN-1");
  const Form form{{"grant_type", "refresh_token"},
                  {"refresh_token", "hidden+refresh_token"},
                  {"client_id", "monitor-client_id"},
                  {"client_secret", "hidden+client_secret"}};
  CHECK(form_of(vendor.requests().at(0)) == form);
  vendor.answer(tokens(R"(,"api_domain":"http://a","refresh_token":"ROTATED")"));
  session->refuse(1);
  CHECK_FALSE(header(*session).empty());
  session->refuse(2);
  CHECK_FALSE(header(*session).empty());
  CHECK(form_of(vendor.requests().at(1)).at("refresh_token") == "hidden+refresh_token");
  CHECK(form_of(vendor.requests().at(2)).at("refresh_token") == "ROTATED");
}

TEST_CASE("bearer, api_key and basic put what the user gave into their header") {
  Program program;
  CHECK(header(*program.session(flow_named("bearer", ""), settings_for("bearer"))) ==
        "Authorization: Bearer hidden+token");
  probes::AuthFlow key = flow_named("api_key", "");
  key.header = "x-api-token: ${token}";
  CHECK(header(*program.session(key, settings_for("api_key"))) == "x-api-token: hidden+key");
  const std::string basic = header(*program.session(flow_named("basic", ""), settings_for("basic")));
  REQUIRE_THAT(basic, Catch::StartsWith("Authorization: Basic "));
  CHECK(from_base64(basic.substr(21)) == "monitor-username:hidden+password");
}

TEST_CASE("tryton_session logs in as Tryton wants it and joins what it gave") {
  Vendor vendor([](const net::HttpRequest&) { return json(200, R"({"id":1,"result":[7,"0123abcd"]})"); });
  Program program;
  const auto session =
      program.session(flow_named("tryton_session", vendor.url("/crm/")), settings_for("tryton_session"));
  const std::string value = header(*session);
  REQUIRE_THAT(value, Catch::StartsWith("Authorization: Session "));
  CHECK(from_base64(value.substr(23)) == "monitor-username:7:0123abcd");
  const net::HttpRequest request = vendor.requests().at(0);
  CHECK(request.path == "/crm/");
  CHECK(request.header("content-type") == "application/json");
  CHECK(request.body ==
        R"({"id":1,"method":"common.db.login","params":["monitor-username",{"password":"hidden+password"},"en"]})");
}

TEST_CASE("tryton_session finds the database by its own key too") {
  Vendor vendor([](const net::HttpRequest&) { return json(200, R"({"id":1,"result":[7,"0123abcd"]})"); });
  Program program;
  for (const std::string base : {"", "/"}) {
    probes::AuthFlow flow = flow_named("tryton_session", vendor.url(base));
    flow.database = "my crm";
    CHECK_FALSE(header(*program.session(flow, settings_for("tryton_session"))).empty());
    CHECK(vendor.requests().back().path == "/my crm/");
  }
}

TEST_CASE("tryton_session finds Tryton 8 at its own address and tells where calls go") {
  // Up to 7.8 there is no call below `/crm/rpc/`, from 8.0 on none at `/crm/`; from 7.8 on the answer has a third
  // member.
  struct Version {
    std::string path;
    std::string answer;
    std::string base_url;
    std::string server;
    std::size_t requests;
  };
  const std::vector<Version> versions{
      {"/crm/", R"({"id":1,"result":[7,"0123abcd"]})", "/crm", "", 1},
      {"/crm/", R"({"id":1,"result":[7,"0123abcd",null]})", "/crm", "", 1},
      {"/crm/rpc/", R"({"id":1,"result":[7,"0123abcd","http://bus"]})", "/crm/rpc", "/rpc", 2}};
  for (const Version& version : versions) {
    CAPTURE(version.answer);
    Vendor vendor([&](const net::HttpRequest& request) {
      return request.path == version.path ? json(200, version.answer) : json(405, "<html>");
    });
    Program program;
    probes::AuthFlow flow = flow_named("tryton_session", vendor.url(""));
    flow.database = "crm";
    const auto [result, login] = access(*program.session(flow, settings_for("tryton_session")));
    REQUIRE(result.has_value());
    CHECK(result->base_url == vendor.url(version.base_url));
    CHECK(result->values.at("server") == vendor.url(version.server));
    CHECK(vendor.requests().size() == version.requests);
  }
}

TEST_CASE("a database that Tryton does not have is told as that at either address") {
  for (const std::string path : {"/crm/", "/crm/rpc/"}) {
    CAPTURE(path);
    Vendor vendor([&](const net::HttpRequest& request) { return json(request.path == path ? 404 : 405, "<html>"); });
    Program program;
    probes::AuthFlow flow = flow_named("tryton_session", vendor.url(""));
    flow.database = "crm";
    const auto [result, login] = access(*program.session(flow, settings_for("tryton_session")));
    REQUIRE(result.has_error());
    CHECK(result.error().reason == Reason::missing);
    CHECK_THAT(result.error().message, Contains("no such database"));
  }
}

TEST_CASE("jwt_bearer's audience is the recipe's, or where the token is given") {
  for (const auto& [audience, wanted] : std::vector<std::pair<std::string, std::string>>{
           {"https://login.salesforce.com", "https://login.salesforce.com"}, {"", "ORIGIN"}}) {
    Vendor vendor(tokens());
    Program program;
    probes::AuthFlow flow = flow_named("jwt_bearer", vendor.url("/services/oauth2/token"));
    flow.audience = audience;
    REQUIRE(access(*program.session(flow, settings_for("jwt_bearer"))).first.has_value());
    const std::string assertion = form_of(vendor.requests().at(0))["assertion"];
    const std::size_t first = assertion.find('.');
    const auto claims =
        boost::json::parse(from_base64url(assertion.substr(first + 1, assertion.rfind('.') - first - 1))).as_object();
    CHECK(std::string{claims.at("aud").as_string()} == (wanted == "ORIGIN" ? vendor.url("") : wanted));
  }
}

TEST_CASE("what Tryton answers to a login that fails is told apart") {
  const auto of = [](int status, const std::string& body) { return failure_of(status, body, "tryton_session"); };
  CHECK(of(401, "<html>").reason == Reason::credentials);
  CHECK(of(429, "<html>").reason == Reason::rate_limited);
  CHECK(of(404, "<html>").reason == Reason::missing);
  CHECK(of(200, R"({"id":1,"error":["LoginException",["password","Password for x","password"]]})").reason ==
        Reason::credentials);
  const Failure down =
      of(200, R"({"id":1,"error":["connection to server at \"db\" failed: refused\n","Traceback x"]})");
  CHECK(down.reason == Reason::server_error);
  CHECK_THAT(down.message, Contains("connection to server at \"db\" failed: refused") && !Contains("Traceback"));
}

TEST_CASE("odoo_login gives the user number and the password as values, and no header") {
  Vendor vendor([](const net::HttpRequest&) { return json(200, R"({"jsonrpc":"2.0","id":1,"result":12})"); });
  Program program;
  const auto session = program.session(flow_named("odoo_login", vendor.url("/jsonrpc")), settings_for("odoo_login"));
  const auto [result, login] = access(*session);
  REQUIRE(result.has_value());
  CHECK(result->headers.empty());
  CHECK(result->values == decltype(result->values){{"uid", "12"}, {"secret", "hidden+password"}});
  CHECK(vendor.requests().at(0).body ==
        R"({"jsonrpc":"2.0","method":"call","params":{"service":"common","method":"login",)"
        R"("args":["crm","monitor-username","hidden+password"]},"id":1})");
  CHECK(failure_of(200, R"({"result":false})", "odoo_login").reason == Reason::credentials);
  CHECK(failure_of(200, R"({"error":{"code":200,"data":{"name":"odoo.exceptions.AccessDenied","message":"no"}}})",
                   "odoo_login")
            .reason == Reason::credentials);
  CHECK(failure_of(200, R"({"error":{"data":{"name":"x","message":"FATAL: database \"crm\" does not exist"}}})",
                   "odoo_login")
            .reason == Reason::missing);
  CHECK(failure_of(200, R"({"error":{"data":{"name":"psycopg2.OperationalError","message":"refused"}}})", "odoo_login")
            .reason == Reason::server_error);
}

TEST_CASE("an OAuth error becomes the reason it means, with its words and the host") {
  const Failure grant = failure_of(400, error("invalid_grant", "user hasn't approved this consumer"));
  CHECK(grant.reason == Reason::credentials);
  CHECK_THAT(grant.message, Contains("the login at 127.0.0.1:") &&
                                Contains("failed: invalid_grant: user hasn't approved this consumer"));
  const std::vector<std::tuple<int, std::string, Reason>> cases{
      {400, error("invalid_client_id"), Reason::credentials},
      {401, error("unauthorized"), Reason::credentials},
      {400, error("inactive_user"), Reason::permission},
      {400, error("inactive_org"), Reason::permission},
      {400, error("unsupported_grant_type"), Reason::permission},
      {400, error("rate_limit_exceeded"), Reason::rate_limited},
      {429, "{}", Reason::rate_limited},
      {400, error("Access Denied", "You have made too many requests continuously."), Reason::rate_limited},
      {503, error("temporarily_unavailable"), Reason::server_error},
      {502, "<html>bad gateway</html>", Reason::server_error},
      {200, "<html>sign in</html>", Reason::bad_content},
      {400, "<html>proxy</html>", Reason::bad_content},
      {404, "<html>not found</html>", Reason::missing},
      {200, R"({"error":"access_denied"})", Reason::credentials},
      {400, R"({"status":"BAD_REFRESH_TOKEN","message":"missing or unknown refresh token"})", Reason::credentials},
      {400, error("something_new"), Reason::credentials},
  };
  for (const auto& [status, body, reason] : cases) {
    CAPTURE(status, body);
    CHECK(to_string(failure_of(status, body).reason) == to_string(reason));
  }
}

TEST_CASE("a client that is not known here is asked whether this is its data centre") {
  for (const std::string code : {"invalid_client", "invalid_code"}) {
    const Failure failure = failure_of(200, error(code, std::string(200, 'x') + " y"));
    CHECK(failure.reason == Reason::credentials);
    CHECK_THAT(failure.message, Contains("(is the address of the token endpoint right?)"));
  }
}

TEST_CASE("a clock that is off is told with the failure, for a signed login has a time limit") {
  const auth::Context context{
      flow_named("jwt_bearer", "https://u:p@login.example.com/token?x=y"), settings_for("jwt_bearer"), {}, kStart};
  const auto at = [&](const std::string& date) {
    net::ClientResponse response;
    response.status = 400;
    response.headers = {{"date", date}};
    response.body = error("invalid_grant", "expired");
    return auth::find_flow("jwt_bearer")->read(context, response).error().message;
  };
  CHECK(at("") == "the login at login.example.com failed: invalid_grant: expired");
  CHECK_THAT(at("Sat, 21 Nov 2026 08:55:00 GMT"), Contains("this machine's clock is 300 s ahead of the CRM's"));
  CHECK_THAT(at("Sat, 21 Nov 2026 09:02:00 GMT"), Contains("this machine's clock is 120 s behind the CRM's"));
  CHECK_THAT(at("Sat, 21 Nov 2026 09:00:59 GMT"), !Contains("clock"));
}

TEST_CASE("later requests go only where the answer may send a token") {
  Vendor vendor(tokens());
  Program program;
  probes::AuthFlow flow = flow_named("client_credentials", vendor.url());
  flow.base_url = "/instance_url";
  for (const std::string where : {R"("ftp://crm.example")", R"("//crm.example")", "5", "null", R"("http://a b")"}) {
    CAPTURE(where);
    vendor.answer(tokens(",\"instance_url\":" + where));
    auth::LoginSettings settings = settings_for("client_credentials");
    settings.texts["client_id"] = where;  // another identity
    const auto [result, login] = access(*program.session(flow, settings));
    REQUIRE(result.has_error());
    CHECK(result.error().reason == Reason::bad_content);
    CHECK_THAT(result.error().message, Contains("/instance_url"));
  }
}

TEST_CASE("a good token is good behind a byte order mark and beside an error that says nothing") {
  const std::string body = GENERATE(
      as<std::string>{}, "\xEF\xBB\xBF{\"access_token\":\"TOKEN\"}", R"({"access_token":"TOKEN","error":""})",
      R"({"access_token":"TOKEN","error":false})", R"({"access_token":"TOKEN","error":0})",
      R"({"access_token":"TOKEN","error":null})", R"({"access_token":"TOKEN","error":[],"error_description":""})",
      R"({"access_token":"TOKEN","error":{}})");
  INFO(body);
  Vendor vendor([&](const net::HttpRequest&) { return json(200, body); });
  Program program;
  const auto session =
      program.session(flow_named("client_credentials", vendor.url()), settings_for("client_credentials"));
  CHECK(header(*session) == "Authorization: Bearer TOKEN");
}

TEST_CASE("a session of Tryton or Odoo is good behind a byte order mark and beside an error that says nothing") {
  const auto [flow, result] =
      GENERATE(table<std::string, std::string>({{"tryton_session", R"([5,"session-key"])"}, {"odoo_login", "7"}}));
  const std::string nothing = GENERATE(as<std::string>{}, "null", "false", "0", R"("")");
  const std::string body = fmt::format("\xEF\xBB\xBF{{\"id\":1,\"result\":{},\"error\":{}}}", result, nothing);
  INFO(body);
  Vendor vendor([&](const net::HttpRequest&) { return json(200, body); });
  Program program;
  const auto session = program.session(flow_named(flow, vendor.url()), settings_for(flow));
  CHECK(access(*session).first.has_value());
}

TEST_CASE("a login that failed without words is told in ours") {
  const auto [status, body, told] = GENERATE(table<int, std::string, std::string>({
      {200, R"({"error":5})", "failed: error 5"},
      {200, R"({"error":true})", "failed: an error it does not name"},
      {200, R"({"error":0})", "failed: HTTP 200 and no access_token in the answer"},
      {200, R"({"success":false,"message":"the app is off"})", "failed: the app is off"},
      {200, R"({"errors":[{"code":"E7","detail":"the app is off"}]})", "failed: E7: the app is off"},
      {200, "<!DOCTYPE html><html>Sign in</html>", "failed: HTTP 200 and a page of HTML instead of JSON"},
      {200, "", "failed: HTTP 200 and no content"},
      {200, "ok", "failed: HTTP 200 and text that is not a JSON object"},
      {400, "{}", "failed: HTTP 400 without a reason"},
      {502, R"({"error":0})", "failed: HTTP 502 without a reason"},
  }));
  const Failure failure = failure_of(status, body);
  CHECK_THAT(failure.message, Contains(told));
}
