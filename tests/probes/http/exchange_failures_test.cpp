// What can be wrong with an answer, and what is told about it.
#include "core/time/clock.h"
#include "probes/http/exchange_answer.h"
#include "probes/recipe_file/load.h"
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;
using namespace std::chrono_literals;

namespace {

const std::string kNumber = "  - {id: m, request: {url: /x}, samples: [{metric: n, value: /n}]}\n";

bool says(const probes::Reading& reading, std::string_view text) {
  INFO(reading.failure.value_or(Failure{}).message);
  CHECK(reading.failure.value_or(Failure{}).message.find(text) != std::string::npos);
  return reading.failure && reading.failure->message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("an answer that is not what was due is bad content, and its text is not told") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"<html>Jane Roe</html>", "HTML or XML where JSON was due"},
      {R"({"n":1,"name":"Jane R)", "JSON that was cut off"},
      {"", "empty where JSON was due"},
      {"Jane Roe", "not JSON"},
      {std::string(5000, '['), "nested too deep"},
      {R"({"n":"Jane Roe"})", "is not a number"},
      {R"({"n":{"a":1}})", "is not a single value"},
  };
  for (const auto& [body, expected] : cases) {
    const CrmServer crm{answers({200, {}, body})};
    const auto reading = run_once(crm, kNumber);
    check_failed(reading, "content/bad_content");
    CHECK(says(reading, expected));
    CHECK(reading.failure->message.find("Jane") == std::string::npos);
  }
  const CrmServer crm{answers(json("{}"))};
  check_failed(run_once(crm, kNumber), "content/missing");
  check_failed(run_once(crm, "  - {id: m, request: {url: /x}, each: /data, samples: [{metric: n, reduce: count}]}\n"),
               "content/bad_content");
}

TEST_CASE("an answer beyond the bound is cut, and told") {
  const CrmServer crm{answers({200, {}, "\"" + std::string(50 * 1024 * 1024, 'x') + "\""})};
  const auto reading = run_once(crm, kNumber);
  check_failed(reading, "response/bad_content");
  const auto small = run_once(crm, "  - {id: m, request: {url: /x, max_bytes: 1KiB}}\n");
  check_failed(small, "response/bad_content");
}

TEST_CASE("redirects are followed as often as the recipe allows") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/once") return net::HttpResponse{302, {{"Location", "/there"}}, ""};
    if (request.path == "/there") return json(R"({"n":1})");
    return net::HttpResponse{302, {{"Location", "/loop"}}, ""};
  }};
  check_succeeded(
      run_once(crm, "  - {id: m, request: {url: /once, redirects: 1}, samples: [{metric: n, value: /n}]}\n"));
  check_failed(run_once(crm, "  - {id: m, request: {url: /once}}\n"), "response/bad_content");
  check_failed(run_once(crm, "  - {id: m, request: {url: /loop, redirects: 5}}\n"), "response/bad_content");
}

TEST_CASE("TLS to a plain port fails as TLS") {
  const CrmServer crm{answers(json("{}"))};
  const std::string https = "https" + crm.url().substr(4);
  probes::Runtime runtime;
  const auto target = make_target(runtime, http_recipe("  - {id: m, request: {url: /x}}\n"), "url: " + https);
  const auto reading = run(*target, "m");
  REQUIRE(reading.failure);
  CHECK(reading.failure->stage == Stage::tls);
}

TEST_CASE("each status has its stage and reason when the recipe says nothing") {
  const std::vector<std::pair<int, std::string>> cases{
      {204, "response/bad_content"},  {207, "response/bad_content"},  {302, "response/bad_content"},
      {400, "request/bad_content"},   {401, "auth/credentials"},      {402, "request/quota"},
      {403, "auth/permission"},       {404, "request/missing"},       {408, "response/timeout"},
      {409, "request/conflict"},      {410, "request/missing"},       {420, "response/server_error"},
      {423, "request/conflict"},      {429, "response/rate_limited"}, {477, "response/maintenance"},
      {500, "response/server_error"}, {503, "response/server_error"}, {504, "response/timeout"},
      {522, "response/timeout"}};
  for (const auto& [status, expected] : cases) {
    INFO(status);
    const CrmServer crm{answers({status, {}, ""})};
    check_failed(run_once(crm, "  - {id: m, request: {url: /x}}\n"), expected);
  }
}

TEST_CASE("an error inside a fine status is a failure, and an empty list of errors is not") {
  const std::string more =
      "errors: {present: [/error, /errors], code: [/error/name], message: [/error/message]}\n"
      "failures: [{code: AccessError, stage: auth, reason: permission}]\n";
  const std::string measurement = "  - {id: m, request: {url: /x}}\n";
  const CrmServer down{answers(json(R"({"error":{"name":"OperationalError","message":"could not connect"}})"))};
  const auto reading = run_once(down, measurement, more);
  check_failed(reading, "response/server_error");
  CHECK(says(reading, "OperationalError: could not connect"));
  const CrmServer denied{answers(json(R"({"error":{"name":"AccessError"}})"))};
  check_failed(run_once(denied, measurement, more), "auth/permission");
  for (const char* body :
       {R"({"error":null,"errors":[]})", R"({"error":false})", R"({"error":"","errors":{}})", "{}", "plain"}) {
    const CrmServer fine{answers(json(body))};
    check_succeeded(run_once(fine, measurement, more));
  }
}

TEST_CASE("expectations of values are held against 207 and 200 alike") {
  const std::string measurement =
      "  - {id: m, request: {url: /x}, expect: {status: [200, 207], at: {/data/0/code: SUCCESS, /ok: true, /gone: "
      "'null'}}}\n";
  const CrmServer fine{answers(json(R"({"data":[{"code":"SUCCESS"}],"ok":true})", 207))};
  check_succeeded(run_once(fine, measurement));
  const CrmServer bad{answers(json(R"({"data":[{"code":"DUPLICATE_DATA"}],"ok":true})", 207))};
  const auto reading = run_once(bad, measurement);
  check_failed(reading, "content/bad_content");
  CHECK(says(reading, "/data/0/code is not SUCCESS"));
}

TEST_CASE("the first mapping that matches status, code and text decides, with its wait") {
  const std::string more = R"yaml(
errors: {code: [/0/errorCode, /code], message: [/0/message, /message], request_id: [X-Request-Id, cf-ray]}
failures:
  - {status: 403, code: REQUEST_LIMIT_EXCEEDED, stage: response, reason: quota, wait: 1h}
  - {status: 403, contains: maintenance, stage: response, reason: maintenance}
  - {code: INVALID_FIELD, stage: content, reason: missing, blind: "No such column '([^']+)'"}
)yaml";
  const std::string measurement = "  - {id: m, request: {url: /x}}\n";
  const CrmServer quota{
      answers({403,
               {{"x-request-id", "req-1"}},
               R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}])"})};
  const auto over = run_once(quota, measurement, more);
  check_failed(over, "response/quota");
  CHECK(over.wait == Duration{1h});
  CHECK(over.failure->message ==
        "GET 127.0.0.1:" + quota.port() +
            "/x was answered with HTTP 403 REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded. (request req-1)");
  const CrmServer closed{answers({403, {{"Retry-After", "120"}}, "down for maintenance"})};
  const auto maintenance = run_once(closed, measurement, more);
  check_failed(maintenance, "response/maintenance");
  CHECK(maintenance.wait == Duration{120s});
  const CrmServer field{
      answers(json(R"([{"errorCode":"INVALID_FIELD","message":"No such column 'Foo__c' on entity 'Lead'"}])", 400))};
  const auto blind = run_once(field, measurement, more);
  check_failed(blind, "content/missing");
  CHECK(says(blind, "this measurement is blind: Foo__c is gone"));
  const CrmServer other{answers(json(R"({"code":"OTHER"})", 403))};
  check_failed(run_once(other, measurement, more), "auth/permission");
}

TEST_CASE("what a CRM says is told without addresses, long numbers, line breaks and secrets") {
  const PasswordFile key{"hunter2hunter2"};
  const CrmServer crm{answers(json(
      R"({"m":"jane.roe+x@example.org (tel 004912345678)\nmay not use hunter2hunter2, record 12345 of max@x, @y"})",
      400))};
  const auto reading = run_once(crm, "  - {id: m, when: key, request: {url: /x, headers: {X-Key: \"${key}\"}}}\n",
                                "errors: {message: [/m]}", "key_file: " + key.path());
  check_failed(reading, "request/bad_content");
  CHECK(reading.failure->message ==
        "GET 127.0.0.1:" + crm.port() +
            "/x was answered with HTTP 400: *** (tel ***) may not use ***, record 12345 of ***, @y");
}

TEST_CASE("a refused request is told with its host and path, never with its query or what is personal in the path") {
  const CrmServer crm{answers(json("{}", 404))};
  const auto told = [&](const std::string& request) {
    const auto reading = run_once(crm, "  - {id: m, request: " + request + "}\n");
    check_failed(reading, "request/missing");
    return reading.failure->message;
  };
  CHECK(told("{url: /api/v1/deal, query: {q: \"name = 'Roe'\", limit: \"5\"}}") ==
        "GET 127.0.0.1:" + crm.port() + "/api/v1/deal was answered with HTTP 404");
  CHECK(told("{method: POST, url: \"/search?q=Roe\", json: {a: b}}") ==
        "POST 127.0.0.1:" + crm.port() + "/search was answered with HTTP 404");
  CHECK(told("{url: /users/jane.roe@example.org/phones/004912345678}") ==
        "GET 127.0.0.1:" + crm.port() + "/users/***/phones/*** was answered with HTTP 404");
  CHECK_THAT(told("{url: /users/jane.roe%40example.org}"), Contains("/users/*** was"));
  const std::string inside = "  - {id: m, request: {url: /rpc}}\n";
  const CrmServer wrong{answers(json(R"({"error":{"message":"no"}})"))};
  const auto reading = run_once(wrong, inside, "errors: {present: [/error], message: [/error/message]}");
  check_failed(reading, "response/server_error");
  CHECK(says(reading, "GET 127.0.0.1:" + wrong.port() + "/rpc was answered with HTTP 200 and an error inside: no"));
}

TEST_CASE("the clock's distance to the CRM is told") {
  const auto date = [](Duration ahead) {
    const std::time_t at = static_cast<std::time_t>(unix_millis(wall_now() + ahead) / 1000);
    std::tm parts{};
    gmtime_r(&at, &parts);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::string{text};
  };
  const auto skew = [](const probes::Reading& reading) {
    return samples_of(reading).at("crm_agent_clock_skew_seconds");
  };
  const CrmServer fine{answers(json("{}"))};
  CHECK(skew(run_once(fine, "  - {id: m, request: {url: /x}}\n")) == 0);
  const CrmServer ahead{answers({401, {{"Date", date(1h)}}, ""})};
  const auto behind = run_once(ahead, "  - {id: m, request: {url: /x}}\n");
  check_failed(behind, "auth/credentials");
  CHECK(skew(behind) == Approx(-3600).margin(5));
  CHECK(says(behind, "s behind the CRM's"));
  const CrmServer late{answers({200, {{"Date", date(-10min)}}, "{}"})};
  CHECK(skew(run_once(late, "  - {id: m, request: {url: /x}}\n")) == Approx(600).margin(5));
}

TEST_CASE("numbers of people are masked, codes of errors are not") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"code 0x80072322: too many", "code 0x80072322: too many"},
      {"0X8007ABCD", "0X8007ABCD"},
      {"(0x80040217)", "(0x80040217)"},
      {"call 0048123456789", "call ***"},
      {"0x800723221", "0x***"},
      {"0x8007232", "0x***"},
      {"id a0x80072322", "id a0x***"},
      {"0x80072322 of 4912345678", "0x80072322 of ***"},
      {"12345", "12345"},
  };
  for (const auto& [message, told] : cases) CHECK(probes::masked(message, {}) == told);
}

TEST_CASE("words are never found absent in bytes that were not decoded") {
  const std::string measurement = "  - {id: m, request: {url: /x}, expect: {EXPECT: maintenance}}\n";
  const std::string utf16 = std::string("\xFF\xFEm\0a\0i\0n\0t\0e\0n\0a\0n\0c\0e\0", 24);
  const std::string big_endian = std::string("\0m\0a\0i\0n\0t\0e\0n\0a\0n\0c\0e", 22);
  for (const std::string expected : {"absent", "contains"}) {
    std::string asked = measurement;
    asked.replace(asked.find("EXPECT"), 6, expected);
    for (const auto& [encoding, body, reason] :
         {std::tuple{"snappy", std::string{"maintenance"}, "response/bad_content"},
          {"gzip", std::string{"maintenance"}, "response/bad_content"},
          {"", utf16, "content/bad_content"},
          {"", big_endian, "content/bad_content"}}) {
      INFO(expected << " " << encoding);
      net::HttpResponse answer{200, {}, body};
      if (*encoding != 0) answer.headers.emplace_back("Content-Encoding", encoding);
      const CrmServer crm{answers(answer)};
      check_failed(run_once(crm, asked), reason);
    }
    const CrmServer plain{answers({200, {}, "maintenance"})};
    CHECK(run_once(plain, asked).failure.has_value() == (expected == "absent"));
  }
}

TEST_CASE("words are looked for in the charset that an answer names, and an answer that names none must be UTF-8") {
  const std::string gbk = "\xcf\xb5\xcd\xb3\xce\xac\xbb\xa4\xd6\xd0";         // 系统维护中
  const std::string japanese = "\x1b$B0];}\x1b(B";                            // 維持 in ISO-2022-JP
  const std::string latin1 = "Dienst gest\xf6rt";                             // gestört
  const std::string ebcdic = "\x94\x81\x89\x95\xa3\x85\x95\x81\x95\x83\x85";  // maintenance
  const std::vector<std::tuple<std::string, std::string, std::string, bool>> cases{
      {"text/html; charset=gbk", gbk, "维护", true},
      {"text/html", "<html><meta charset=gb2312>" + gbk, "维护", true},
      {"text/html", gbk, "维护", false},
      {"text/html; charset=iso-2022-jp", japanese, "維持", true},
      {"text/html", japanese, "維持", false},
      {"text/html; charset=iso-8859-1", latin1, "gestört", true},
      {"text/html; charset=utf-8", latin1, "gestört", false},
      {"text/html; charset=ibm037", ebcdic, "maintenance", true},
      {"text/html; charset=unheard-of", ebcdic, "maintenance", false},
      {"text/html", ebcdic, "maintenance", false},
  };
  for (const auto& [type, body, words, readable] : cases) {
    INFO(type << " " << words);
    const CrmServer crm{answers({200, {{"Content-Type", type}}, body})};
    const auto asked = [&](const std::string& key) {
      return run_once(crm, "  - {id: m, request: {url: /x}, expect: {" + key + ": \"" + words + "\"}}\n");
    };
    if (readable) {
      check_failed(asked("absent"), "content/bad_content");
      check_succeeded(asked("contains"));
      continue;
    }
    for (const std::string key : {"absent", "contains"}) {
      const auto reading = asked(key);
      check_failed(reading, "response/bad_content");
      CHECK(says(reading, "neither UTF-8 nor in a charset that it names"));
    }
  }
}

TEST_CASE("what Tryton refuses is permission, what it lacks is missing, and what broke is the server's") {
  const auto tryton = probes::load_recipe("tryton-rpc", std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes");
  if (!tryton) FAIL(to_string(tryton.error()));
  probes::Recipe recipe = recipe_from(http_recipe(kNumber));
  recipe.failures = tryton->failures;
  recipe.errors = tryton->errors;
  const auto shared = std::make_shared<const probes::Recipe>(std::move(recipe));
  // Tryton answers with 200 whatever happened.
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"(["UserError",["You are not allowed to search on the \"Note\" records without a resource.","",null]])",
       "response/permission"},
      {R"(["UserError",["You are not allowed to search on \"Attachment\".","",null]])", "response/permission"},
      {R"(["UserError",["You are not allowed to access \"Party\".","",null]])", "response/permission"},
      {R"(["UserError",["You are not allowed to read the field \"Code\" on \"Party\".","",null]])",
       "response/permission"},
      {R"(["UserError",["The operation is not allowed.","",null]])", "response/permission"},
      {R"(["ConcurrencyException","records modified"])", "response/conflict"},
      {R"(["'sale.sale'","Traceback"])", "content/missing"},
      {R"(["connection to server at \"db\" failed: Connection refused\n","Traceback"])", "response/server_error"},
      {R"(["TypeError","Traceback"])", "response/server_error"},
  };
  for (const auto& [error, expected] : cases) {
    INFO(error);
    const CrmServer crm{answers(json(R"({"id":1,"error":)" + error + "}"))};
    probes::Runtime runtime;
    auto target = probes::Target::make(
        runtime, {"acme", shared, arguments_from(*shared, "url: " + crm.url()), {{"crm", "acme"}}, 10s});
    if (!target) FAIL(to_string(target.error()));
    const auto reading = run(**target, "m");
    check_failed(reading, expected);
    CHECK(reading.failure->message.find("Traceback") == std::string::npos);
  }
}
