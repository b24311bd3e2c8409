// What is sent: paths, queries, headers and bodies, over real HTTP.
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

TEST_CASE("a request's path, query and headers hold values in the way of their place") {
  const CrmServer crm{answers(json("{}"))};
  const PasswordFile key{"s3cret"};
  check_succeeded(run_once(crm, R"yaml(
  - id: m
    when: key
    request:
      method: PATCH
      url: "/leads/${name}"
      query: {q: "name:${name}", list: "${stages}", n: "${size}", quoted: "select Id from Lead where Name = ${name|soql}"}
      headers: {X-Name: "${name}", X-Key: "${key}", X-Both: own}
)yaml",
                           "headers: {X-Both: recipe, X-Recipe: \"${size}\"}", "key_file: " + key.path()));
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 1);
  const auto& request = requests.front();
  CHECK(request.method == "PATCH");
  CHECK(request.path == "/leads/O'Hara & \"Co\" 50%");
  CHECK(request.query.at("q") == "name:O'Hara & \"Co\" 50%");
  CHECK(request.query.at("list") == "won,it's lost");
  CHECK(request.query.at("n") == "25");
  CHECK(request.query.at("quoted") == R"(select Id from Lead where Name = 'O\'Hara & "Co" 50%')");
  CHECK(request.header("x-name") == "O'Hara & \"Co\" 50%");
  CHECK(request.header("x-key") == "s3cret");
  CHECK(request.header("x-both") == "own");
  CHECK(request.header("x-recipe") == "25");
}

TEST_CASE("a JSON body keeps the types of its values, and quoted ones are texts") {
  const CrmServer crm{answers(json("{}"))};
  check_succeeded(run_once(crm, R"yaml(
  - id: m
    request:
      method: POST
      url: /search
      json:
        n: "${size}"
        share: "${share}"
        wide: "${wide}"
        stages: "${stages}"
        text: "name ${name}"
        "${name|number}": kept
        plain: [1, 2.5, true, "1", null, word, {deep: "${size|number}"}]
        nothing:
        year: "${now|year}"
        millis: "${now|millis}"
        number: "${now|millis|number}"
)yaml",
                           "", "name: '42'"));
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].header("content-type") == "application/json");
  CHECK(requests[0].body ==
        R"({"n":25,"share":5E-2,"wide":true,"stages":["won","it's lost"],"text":"name 42","42":"kept",)"
        R"("plain":[1,2.5E0,true,"1",null,"word",{"deep":25}],"nothing":null,"year":2026,)"
        R"("millis":"1795000000000","number":1795000000000})");
}

TEST_CASE("forms and plain bodies are encoded as what they are") {
  const CrmServer crm{answers(json("{}"))};
  check_succeeded(run_once(crm, R"yaml(
  - {id: m, request: {method: POST, url: /form, form: {a: "${name}", b: "x y"}}}
)yaml"));
  check_succeeded(run_once(crm, R"yaml(
  - {id: m, request: {method: POST, url: /body, body: '{"q":"${name}"}', headers: {Content-Type: text/x-own}}}
)yaml"));
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].header("content-type") == "application/x-www-form-urlencoded");
  CHECK(requests[0].body == "a=O%27Hara%20%26%20%22Co%22%2050%25&b=x%20y");
  CHECK(requests[1].header("content-type") == "text/x-own");
  CHECK(requests[1].body == R"({"q":"O'Hara & \"Co\" 50%"})");
}

TEST_CASE("a path stands below base_url, and a whole URL for itself") {
  const CrmServer crm{answers(json("{}"))};
  const std::string base = "base_url: \"${url}/api/v${size}/\"";
  check_succeeded(run_once(crm, "  - {id: m, request: {url: /leads}}\n", base));
  check_succeeded(run_once(crm, "  - {id: m, request: {url: \"${url}/direct\"}}\n", base));
  check_succeeded(run_once(crm, "  - {id: m, request: {url: \"leads?a=1\", query: {b: \"2\"}}}\n"));
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].path == "/api/v25/leads");
  CHECK(requests[1].path == "/direct");
  CHECK(requests[2].path == "/leads");
  CHECK(requests[2].query.at("b") == "2");
}
