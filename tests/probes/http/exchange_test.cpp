// Several requests of one measurement, one after another and at once.
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

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

TEST_CASE("a pointer that leads to nothing in any row of a list is warned of, one that may be empty is not") {
  const auto warned = [](const std::string& rows, const std::string& columns) {
    const CrmServer crm{answers(json(R"({"rows":)" + rows + "}"))};
    const auto reading =
        run_once(crm, "  - id: m\n    request: {url: /list}\n    each: /rows\n    columns: " + columns +
                          "\n    samples: [{metric: x, value: id, reduce: count, where: {phone: {missing: true}}}]\n");
    check_succeeded(reading);
    return warnings_of(reading);
  };
  const std::string rows = R"([{"id":1,"phone":null,"at":{"home":"a"}},{"id":2,"phone":"7","at":{"home":"b"}}])";
  CHECK(warned(rows, "{id: /id, phone: /telephone}") == "/telephone is in none of 2 rows: does the CRM spell it so?");
  CHECK(warned(rows, "{id: /id, phone: /at/work}") == "/at/work is in none of 2 rows: does the CRM spell it so?");
  CHECK(warned(rows, "{id: /id, phone: {count: /phones}}") ==
        "/phones is in none of 2 rows: does the CRM spell it so?");
  CHECK(warned(R"([{"id":1}])", "{id: /id, phone: /phone}") ==
        "/phone is not in the only row: does the CRM spell it so?");
  // One row has it; none is filled in; what is above it is empty.
  CHECK(warned(rows, "{id: /id, phone: /phone}").empty());
  CHECK(warned(R"([{"id":1,"phone":null}])", "{id: /id, phone: /phone}").empty());
  CHECK(warned(R"([{"id":1},{"id":2,"phone":""}])", "{id: /id, phone: /phone}").empty());
  for (const char* above : {"null", "false", "\"\"", "[]", "{}"})
    CHECK(warned(R"([{"id":1,"at":)" + std::string{above} + "}]", "{id: /id, phone: /at/work}").empty());
  CHECK(warned("[]", "{id: /id, phone: /telephone}").empty());
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
