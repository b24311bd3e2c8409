// Answers that come in pages.
#include "probes/http/exchange_request.h"
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using probes::same_origin;

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
