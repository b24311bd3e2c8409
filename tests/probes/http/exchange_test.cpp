// Requests, columns, pages and what becomes of them, over real HTTP.
#include "probes/http/exchange_request.h"
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using probes::same_origin;

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

TEST_CASE("every way a column gets its value gives it") {
  const CrmServer crm{answers({200,
                               {{"X-Total", "total=17 of 20"}},
                               R"json({"data":[
      {"id":1,"name":" Ann ","won":true,"state":"OK","opened":"2026-11-01T00:00:00Z","closed":"2026-11-02T00:00:00.000+0000",
       "seen":1795000000000,"tags":["a","b"],"deep":{"count(id)":9,"text":"x"},"version":"release 60.0"},
      {"id":2,"name":null,"won":false,"state":"ODD","opened":"2026-11-01","closed":null,
       "seen":1794999940000,"tags":[],"deep":{"count(id)":1,"text":"y"},"version":"none"}]})json"})};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    request: {url: /rows}
    each: /data
    columns:
      id: /id
      won: {at: /won}
      state: {at: /state, map: {OK: 0}, otherwise: 3}
      took: {from: /opened, to: /closed}
      age: {from: /opened, to: now}
      seen: {at: /seen, unit: ms}
      tags: {count: /tags}
      only: "/deep/*"
      version: {at: /version, match: "([0-9.]+)"}
      total: {header: X-Total, match: "total=([0-9]+)"}
      sort: {text: "kind-${size}"}
      more: {at: /id, add: -1}
    samples:
      - {metric: won, value: won, by: [id]}
      - {metric: state, value: state, by: [id]}
      - {metric: took, value: took, by: [id], null: skip}
      - {metric: age, value: age, by: [id]}
      - {metric: seen, value: seen, reduce: max}
      - {metric: tags, value: tags, by: [id]}
      - {metric: only, value: only, by: [id]}
      - {metric: version, value: version, by: [id], null: zero}
      - {metric: total, value: total, by: [sort], reduce: max}
      - {metric: more, value: more, reduce: sum, labels: {size: "${size}"}}
)yaml");
  check_succeeded(reading);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(won{id="1"})") == 1);
  CHECK(samples.at(R"(won{id="2"})") == 0);
  CHECK(samples.at(R"(state{id="1"})") == 0);
  CHECK(samples.at(R"(state{id="2"})") == 3);
  CHECK(samples.at(R"(took{id="1"})") == 86400);
  CHECK(samples.count(R"(took{id="2"})") == 0);
  CHECK(samples.at(R"(age{id="2"})") == 1795000000 - 1793491200);
  CHECK(samples.at("seen") == 1795000000);
  CHECK(samples.at(R"(tags{id="1"})") == 2);
  CHECK(samples.at(R"(tags{id="2"})") == 0);
  CHECK(samples.at(R"(only{id="1"})") == 9);
  CHECK(samples.at(R"(version{id="1"})") == 60);
  CHECK(samples.at(R"(version{id="2"})") == 0);
  CHECK(samples.at(R"(total{sort="kind-25"})") == 17);
  CHECK(samples.at(R"(more{size="25"})") == 1);
}

TEST_CASE("a page that is not JSON is read by patterns") {
  const CrmServer crm{answers({200, {}, "<rss><title>Zoho CRM - Partial Outage</title></rss>"})};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    request: {url: /rss, auth: none}
    columns: {status: {match: "<title>Zoho CRM - ([^<]+)<", map: {Operational: 0, Partial Outage: 2}}}
    samples: [{metric: crm_vendor_status, value: status}]
)yaml");
  check_succeeded(reading);
  CHECK(own_samples(reading).at("crm_vendor_status") == 2);
  CHECK(reading.calls == 0);
}

TEST_CASE("samples may point into the answer themselves, and choose among rows") {
  const CrmServer crm{answers(json(R"({"records":[{"e":"A@x.org ","s":"new","n":1},{"e":"a@X.org","s":"new","n":2},
      {"e":"b@x.org","s":"old","n":3},{"e":null,"s":"old","n":4},{"e":"","s":"odd","n":5}]})"))};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    request: {url: /rows}
    each: /records
    samples:
      - {metric: by_state, value: /n, by: [/s], reduce: sum}
      - {metric: crm_records_duplicate, value: /e, reduce: duplicates, null: skip, labels: {object: contact, field: email}}
      - {metric: without, reduce: count, value: /n, where: {/e: {missing: true}}}
      - {metric: is_new, reduce: count, where: {/s: new}}
      - {metric: is_three, reduce: count, where: {/n: {is: 3}}}
      - {metric: between, reduce: count, where: {/n: {above: 1, below: 4}}}
      - {metric: no_o, reduce: count, where: {/s: {matches: "^[a-z]+$", not_matches: "^o"}}}
)yaml");
  check_succeeded(reading);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(by_state{s="new"})") == 3);
  CHECK(samples.at(R"(by_state{s="old"})") == 7);
  CHECK(samples.at(R"(crm_records_duplicate{field="email",object="contact"})") == 1);
  CHECK(samples.at("without") == 2);
  CHECK(samples.at("is_new") == 2);
  CHECK(samples.at("is_three") == 1);
  CHECK(samples.at("between") == 2);
  CHECK(samples.at("no_o") == 2);
}

namespace {

/// Five rows on three pages; the cursor, page or address of the next stands in the answer.
net::HttpResponse paged(const net::HttpRequest& request) {
  std::string page = "1";
  const auto query = [&](const char* name) {
    const auto found = request.query.find(name);
    if (found != request.query.end() && !found->second.empty()) page = found->second;
  };
  for (const char* name : {"cursor", "page", "p"}) query(name);
  if (const std::size_t at = request.body.find(R"("after":")"); at != std::string::npos)
    page = request.body.substr(at + 9, 1);
  const std::string rows = page == "1" ? R"([{"n":1},{"n":2}])" : page == "2" ? R"([{"n":3},{"n":4}])" : R"([{"n":5}])";
  const std::string next = page == "1" ? "2" : "3";
  if (page == "3") return json(R"({"rows":)" + rows + R"(,"more":false,"cursor":null})");
  return json(R"({"rows":)" + rows + R"(,"more":true,"cursor":")" + next + R"(","next":"/list?p=)" + next +
              R"(","beside":"?p=)" + next + R"(","elsewhere":"http://elsewhere.example/list?p=2"})");
}

const std::string kSum = "    each: /rows\n    samples: [{metric: total, value: /n, reduce: sum}]\n";

}  // namespace

TEST_CASE("pages are followed by address, cursor in the query or the body, and number") {
  const CrmServer crm{paged};
  for (const std::string next :
       {"next: /next", "next: /beside", "next: {cursor: /cursor, query: cursor}", "next: {more: /more, page: page}"}) {
    INFO(next);
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /list}\n    " + next + "\n" + kSum);
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 15);
    CHECK(reading.calls == 3);
    CHECK(reading.rows_truncated == 0);
  }
  const auto body = run_once(crm,
                             "  - id: m\n    request: {method: POST, url: /list, json: {limit: 2}}\n"
                             "    next: {cursor: /cursor, json: /after}\n" +
                                 kSum);
  check_succeeded(body);
  CHECK(own_samples(body).at("total") == 15);
  CHECK(crm.requests().back().body == R"({"limit":2,"after":"3"})");
}

TEST_CASE("pages and rows are bounded, and what is left out is counted") {
  const CrmServer crm{paged};
  const auto pages = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /next\n    pages: 2\n" + kSum);
  check_succeeded(pages);
  CHECK(own_samples(pages).at("total") == 10);
  CHECK(pages.rows_truncated == 1);
  const auto rows = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /next\n    rows: 3\n" + kSum);
  check_succeeded(rows);
  CHECK(own_samples(rows).at("total") == 6);
  CHECK(rows.rows_truncated == 2);
  CHECK(rows.calls == 2);
}

TEST_CASE("the next page is never asked of another host") {
  const CrmServer crm{paged};
  const auto reading = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /elsewhere\n" + kSum);
  check_failed(reading, "content/bad_content");
  CHECK(reading.failure->message.find("another host") != std::string::npos);
  CHECK(crm.requests().size() == 1);
}

TEST_CASE("a page's address in an answer is whole or relative, and stays on its origin however it is written") {
  const std::string base = "https://crm.example:8443/api/leads?page=1";
  for (const auto& [reference, url] : std::vector<std::pair<std::string, std::string>>{
           {"https://CRM.example:8443/api/leads?page=2", "https://CRM.example:8443/api/leads?page=2"},
           {"/api/leads?$skiptoken='a%2Fb'", "https://crm.example:8443/api/leads?$skiptoken='a%2Fb'"},
           {"leads?page=2", "https://crm.example:8443/api/leads?page=2"},
           {"?page=2", "https://crm.example:8443/api/leads?page=2"},
           {"//crm.example:8443/x", "https://crm.example:8443/x"}}) {
    INFO(reference);
    CHECK(same_origin(base, reference).value() == url);
  }
  CHECK(same_origin("https://crm.example/a", "https://crm.example:443/b").has_value());
  CHECK(same_origin("https://bücher.example/a", "https://xn--bcher-kva.example/b").has_value());
  for (const char* elsewhere :
       {"https://other.example:8443/", "https://crm.example/", "http://crm.example:8443/", "//other.example:8443/",
        "https://crm.example:8443@other.example/", "https://crm.example:8443\\@other.example/",
        "ftp://crm.example:8443/", "https:other.example", "https://crm.example:8443 .other.example/", "/a b", "\t/a",
        "https://crm.example:99999/"}) {
    INFO(elsewhere);
    CHECK(same_origin(base, elsewhere).has_error());
  }
}

TEST_CASE("several requests run one after another, hand values on, and give ratios") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/open") return json(R"({"count":8,"id":"a/b"})");
    return json(R"({"count":2})");
  }};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    requests:
      - request: {url: /open}
        save: {open: {at: /count}, id: /id}
      - request: {url: "/idle/${id}", query: {until: "${now-idle_after|date}"}}
        save: {idle: /count}
    samples:
      - {metric: crm_process_overdue_ratio, ratio: [idle, open], labels: {process: deal_idle}}
      - {metric: crm_records_outdated, value: idle, scale: 10, labels: {object: deal}}
      - {metric: nothing, ratio: [open, idle], scale: 0}
)yaml");
  check_succeeded(reading);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(crm_process_overdue_ratio{process="deal_idle"})") == 0.25);
  CHECK(samples.at(R"(crm_records_outdated{object="deal"})") == 20);
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].path == "/idle/a/b");
  CHECK(requests[1].query.at("until") == "2026-11-04");
  CHECK(reading.calls == 2);
}

TEST_CASE("a request is made for each item of a list") {
  const CrmServer crm{
      [](const net::HttpRequest& request) { return json(request.path == "/Lead" ? "{\"n\":3}" : "{\"n\":4}"); }};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    for: {object: objects}
    request: {url: "/${object}", query: {q: "SELECT COUNT() FROM ${object}"}}
    columns: {n: /n, object: {text: "${object}"}}
    samples: [{metric: crm_records, value: n, by: [object]}, {metric: also, value: n, labels: {of: "${object}"}}]
)yaml");
  check_succeeded(reading);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(crm_records{object="Lead"})") == 3);
  CHECK(samples.at(R"(crm_records{object="Case"})") == 4);
  CHECK(samples.at(R"(also{of="Case"})") == 4);
  CHECK(crm.requests()[0].query.at("q") == "SELECT COUNT() FROM Lead");
}

TEST_CASE("an item that would change a query is refused at the start") {
  probes::Runtime runtime;
  const std::string recipe = http_recipe(R"yaml(
  - id: m
    for: {object: objects}
    request: {url: /q, query: {q: "SELECT COUNT() FROM ${object}"}}
)yaml");
  auto shared = std::make_shared<const probes::Recipe>(recipe_from(recipe));
  probes::Arguments arguments = arguments_from(*shared, "url: http://h\nobjects: [Lead, 'Case WHERE x']");
  const auto target = probes::Target::make(runtime, {"acme", shared, std::move(arguments), {{"crm", "acme"}}});
  REQUIRE(target.has_error());
  CHECK(to_string(target.error()).find("'Case WHERE x' stands in a query") != std::string::npos);
}

TEST_CASE("a request that fails leaves the others their samples, and is not built upon") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/broken") return json("{}", 500);
    return json(R"({"n":1})");
  }};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    requests:
      - request: {url: /first}
        samples: [{metric: first, value: /n}]
      - request: {url: /broken}
        save: {broken: /n}
        samples: [{metric: second, value: /n}]
      - {request: {url: "/needs/${broken}"}}
      - request: {url: /last}
        samples: [{metric: last, value: /n}]
    samples: [{metric: of_broken, value: broken}]
)yaml");
  CHECK(failure_text(reading) == "response/server_error");
  const auto samples = own_samples(reading);
  CHECK(samples.at("first") == 1);
  CHECK(samples.at("last") == 1);
  CHECK(samples.size() == 2);
  CHECK(crm.requests().size() == 3);
}

TEST_CASE("a CRM that has had enough is not asked on") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    if (request.path == "/second") return net::HttpResponse{429, {{"Retry-After", "17"}}, ""};
    return json("{}");
  }};
  const auto reading = run_once(crm, R"yaml(
  - {id: m, requests: [{request: {url: /first}}, {request: {url: /second}}, {request: {url: /third}}]}
)yaml");
  check_failed(reading, "response/rate_limited");
  CHECK(reading.wait == Duration{17s});
  CHECK(crm.requests().size() == 2);
}

TEST_CASE("several requests in one call are judged each for itself") {
  const CrmServer crm{answers(json(R"({"parts":[
      {"httpStatusCode":200,"referenceId":"q1","body":{"totalSize":7}},
      {"httpStatusCode":400,"referenceId":"q2","body":[{"errorCode":"INVALID_FIELD","message":"No such column 'Foo__c' on entity"}]},
      {"httpStatusCode":200,"referenceId":"q3","body":{"totalSize":9}}]})"))};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    batch: true
    requests:
      - request: {url: /query, query: {q: "SELECT COUNT() FROM Lead"}}
        samples: [{metric: crm_records, value: /totalSize, labels: {object: lead}}]
      - request: {url: /query, query: {q: "SELECT COUNT() FROM Lead WHERE Foo__c = null"}}
        samples: [{metric: crm_records_incomplete, value: /totalSize, labels: {object: lead, field: foo}}]
      - request: {method: POST, url: /create, json: {Name: "${marker}"}}
        samples: [{metric: crm_records, value: /totalSize, labels: {object: case}}]
)yaml",
                                R"yaml(
errors: {code: [/0/errorCode], message: [/0/message]}
failures: [{code: INVALID_FIELD, stage: content, reason: missing, blind: "No such column '([^']+)'"}]
batch:
  request: {method: POST, url: /composite, json: {allOrNone: false}}
  list: /compositeRequest
  item: {method: method, url: url, body: body, id: referenceId}
  prefix: "/services/data/v${size}"
  most: 5
  answers: /parts
  answer: {status: /httpStatusCode, body: /body}
)yaml");
  check_failed(reading, "content/missing");
  CHECK(reading.failure->message.find("this measurement is blind: Foo__c is gone") != std::string::npos);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(crm_records{object="lead"})") == 7);
  CHECK(samples.at(R"(crm_records{object="case"})") == 9);
  CHECK(reading.calls == 1);
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].path == "/composite");
  CHECK(
      requests[0].body ==
      R"({"allOrNone":false,"compositeRequest":[)"
      R"({"method":"GET","url":"/services/data/v25/query?q=SELECT%20COUNT%28%29%20FROM%20Lead","referenceId":"q1"},)"
      R"({"method":"GET","url":"/services/data/v25/query?q=SELECT%20COUNT%28%29%20FROM%20Lead%20WHERE%20Foo__c%20%3D%20null","referenceId":"q2"},)"
      R"({"method":"POST","url":"/services/data/v25/create","referenceId":"q3","body":{"Name":"zz-crm-health-probe a1"}}]})");
}

TEST_CASE("a batch is split where it is full and where a value is needed") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    std::string parts;
    for (std::size_t at = 0; (at = request.body.find("\"m\":", at)) != std::string::npos; ++at)
      parts += std::string{parts.empty() ? "" : ","} + R"({"s":200,"b":{"n":5}})";
    return json("[" + parts + "]");
  }};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    batch: true
    requests:
      - {request: {url: /a}, save: {a: /n}}
      - {request: {url: "/b/${a}"}}
      - {for: {object: objects}, request: {url: "/${object}"}}
      - {request: {url: /c}}
)yaml",
                                R"yaml(
batch: {request: {method: POST, url: /batch, json: []}, list: "", item: {method: m, url: u, body: b}, most: 3, answers: "", answer: {status: /s, body: /b}}
)yaml");
  check_succeeded(reading);
  const auto requests = crm.requests();
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].body == R"([{"m":"GET","u":"/a"}])");
  CHECK(requests[1].body == R"([{"m":"GET","u":"/b/5"},{"m":"GET","u":"/Lead"},{"m":"GET","u":"/Case"}])");
  CHECK(requests[2].body == R"([{"m":"GET","u":"/c"}])");
}

TEST_CASE("headers tell the allowance, once in a run: the newest") {
  int used = 10;
  const CrmServer crm{[&](const net::HttpRequest&) {
    const std::string usage = "api-usage=" + std::to_string(used++) + "/100; api-bursts=1/750";
    return net::HttpResponse{200, {{"Sforce-Limit-Info", usage}, {"X-Left", "90"}}, "{}"};
  }};
  const auto reading = run_once(crm, "  - {id: m, requests: [{request: {url: /a}}, {request: {url: /b}}]}\n", R"yaml(
quota:
  - {allowance: daily, header: sforce-limit-info, match: "api-usage=([0-9]+)/([0-9]+)", gives: [used, limit]}
  - {allowance: credits, header: X-Left, gives: [remaining]}
)yaml");
  check_succeeded(reading);
  const auto samples = own_samples(reading);
  CHECK(samples.at(R"(crm_api_used{allowance="daily"})") == 11);
  CHECK(samples.at(R"(crm_api_limit{allowance="daily"})") == 100);
  CHECK(samples.at(R"(crm_api_remaining{allowance="daily"})") == 89);
  CHECK(samples.at(R"(crm_api_remaining{allowance="credits"})") == 90);
  CHECK(samples.size() == 4);
}

TEST_CASE("two requests that tell the same are a fault of the recipe, and said so") {
  const CrmServer crm{answers(json(R"({"n":1})"))};
  const auto reading = run_once(crm, R"yaml(
  - {id: m, for: {object: objects}, request: {url: "/${object}"}, samples: [{metric: crm_records, value: /n}]}
)yaml");
  CHECK(failure_text(reading) == "content/bad_content");
  CHECK(reading.failure->message.find("the same labels") != std::string::npos);
}

TEST_CASE("a status may mean that there are no rows") {
  const CrmServer crm{answers({204, {}, ""})};
  const auto reading = run_once(crm, R"yaml(
  - {id: m, request: {url: /rows}, expect: {empty: 204}, each: /data, samples: [{metric: crm_records, value: /id, reduce: count}]}
)yaml");
  check_succeeded(reading);
  CHECK(own_samples(reading).at("crm_records") == 0);
}

TEST_CASE("a hundred runs at once each get their own answer") {
  const CrmServer crm{[](const net::HttpRequest& request) { return json(R"({"n":)" + request.query.at("n") + "}"); }};
  probes::Runtime runtime;
  std::vector<std::unique_ptr<probes::Target>> targets;
  Inbox inbox;
  const std::string recipe =
      http_recipe("  - {id: m, request: {url: /n, query: {n: \"${size}\"}}, samples: [{metric: n, value: /n}]}\n");
  for (int i = 0; i < 100; ++i) {
    targets.push_back(make_target(runtime, recipe, "url: " + crm.url() + "\nsize: " + std::to_string(i)));
    targets.back()->start(1, kAt + Duration{i}, [&](probes::Reading reading) { inbox.put(std::move(reading)); });
  }
  for (const auto& reading : inbox.take(100)) {
    check_succeeded(reading);
    CHECK(own_samples(reading).at("n") == static_cast<double>((reading.at - kAt).count()));
  }
}

TEST_CASE("a target that goes while its requests are under way ends them as skipped") {
  const CrmServer crm{[](const net::HttpRequest&) { return net::HttpResponse{CrmServer::kNoAnswer, {}, {}}; }};
  probes::Runtime runtime;
  auto target = make_target(
      runtime,
      http_recipe("  - {id: m, requests: [{request: {url: /a}}, {request: {url: /b}}, {request: {url: /c}}]}\n"),
      "url: " + crm.url());
  Inbox inbox;
  for (int i = 0; i < 5; ++i) target->start(1, kAt, [&](probes::Reading reading) { inbox.put(std::move(reading)); });
  target.reset();
  const auto readings = inbox.take(5);
  for (const auto& reading : readings) CHECK(failure_text(reading) == "request/skipped");
  CHECK(crm.count("/c") == 0);
}

TEST_CASE("a run that is over in the middle keeps what it has") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    return request.path == "/slow" ? net::HttpResponse{CrmServer::kNoAnswer, {}, {}} : json(R"({"n":1})");
  }};
  const auto reading = run_once(crm, R"yaml(
  - id: m
    timeout: 1500ms
    requests:
      - {request: {url: /quick}, samples: [{metric: quick, value: /n}]}
      - {request: {url: /slow}, samples: [{metric: slow, value: /n}]}
)yaml");
  check_failed(reading, "response/timeout");
  CHECK(own_samples(reading).at("quick") == 1);
}

TEST_CASE("a JSON time in milliseconds that is read as seconds fails with the unit to write") {
  const CrmServer crm{
      answers(json(R"json({"seen": 1795000000000, "text": "1795000000000", "made": "2026-11-20t00:00:00z"})json"))};
  const auto message = [&](const std::string& rest) {
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /}\n" + rest);
    check_failed(reading, "content/bad_content");
    return reading.failure ? reading.failure->message : "";
  };
  const std::string hint = "write unit: ms";
  CHECK(message("    samples: [{metric: crm_last_modified_timestamp_seconds, value: /seen}]\n").find(hint) !=
        std::string::npos);
  CHECK(message("    samples: [{metric: crm_last_modified_timestamp_seconds, value: /text}]\n").find(hint) !=
        std::string::npos);
  const std::string sample = "    samples: [{metric: crm_process_seconds, value: age}]\n";
  CHECK(message("    columns: {age: {from: /seen, to: now, unit: s}}\n" + sample).find(hint) != std::string::npos);
  CHECK(message("    columns: {age: {from: /text, to: now, unit: s}}\n" + sample).find(hint) != std::string::npos);
  CHECK(message("    columns: {age: {from: /made, to: /seen, unit: s}}\n" + sample).find(hint) != std::string::npos);
  CHECK(message("    columns: {age: {from: /seen, to: now}}\n" + sample).find("unit: ms") != std::string::npos);
  const auto value = [&](const std::string& rest) {
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /}\n" + rest);
    check_succeeded(reading);
    return own_samples(reading).begin()->second;
  };
  CHECK(value("    samples: [{metric: crm_last_modified_timestamp_seconds, value: /seen, unit: ms}]\n") == 1795000000);
  CHECK(value("    samples: [{metric: crm_last_modified_timestamp_seconds, value: /made}]\n") == 1795132800);
  CHECK(value("    columns: {age: {from: /seen, to: /made, unit: ms}}\n" + sample) == 132800);
  // A time an hour ahead of us has age 0, not a negative one.
  CHECK(value("    columns: {age: {from: /made, to: now}}\n" + sample) == 0);
}

TEST_CASE("an answer larger than its bound is refused: 4 MiB unless the recipe says otherwise") {
  const CrmServer crm{answers(json("[\"" + std::string(16 * 1024 * 1024, 'x') + "\"]"))};
  check_failed(run_once(crm, "  - {id: m, request: {url: /}, samples: [{metric: crm_records, value: /0}]}\n"),
               "response/bad_content");
}
