// What is read out of an answer: columns, patterns, samples, bounds.
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

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

TEST_CASE("a status may mean that there are no rows") {
  const CrmServer crm{answers({204, {}, ""})};
  const auto reading = run_once(crm, R"yaml(
  - {id: m, request: {url: /rows}, expect: {empty: 204}, each: /data, samples: [{metric: crm_records, value: /id, reduce: count}]}
)yaml");
  check_succeeded(reading);
  CHECK(own_samples(reading).at("crm_records") == 0);
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
