// Answers that come in pages.
#include "probes/http/pages.h"
#include "tests/net/certificates.h"
#include "tests/probes/crm_server.h"
#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using Catch::Contains;
using namespace std::chrono_literals;
using probes::page_address;

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

TEST_CASE("a list that is cut off by rows or pages is warned of, with what was read and what to raise") {
  const CrmServer crm{paged};
  const auto warned = [&](const std::string& bounds, const std::string& samples = kSum) {
    return warnings_of(run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /next\n" + bounds + samples));
  };
  CHECK(warned("    pages: 2\n") ==
        "only the first 4 rows were read, and there are more: what is counted is too small; "
        "raise `rows` (1000) and `pages` (2) of this measurement");
  CHECK_THAT(warned("    rows: 3\n"), Contains("only the first 3 rows were read") && Contains("raise `rows` (3)"));
  CHECK(warned("").empty());
  // The newest rows are a fair sample of a time, but not of a number.
  const std::string average = "    each: /rows\n    samples: [{metric: x, value: /n, reduce: avg}]\n";
  CHECK(warned("    pages: 2\n", average).empty());
  // Without pages there is one thing to raise.
  const std::string all = "  - id: m\n    request: {url: /list}\n    rows: 1\n" + kSum;
  CHECK_THAT(warnings_of(run_once(crm, all)), Contains("raise `rows` (1) of this measurement"));
}

TEST_CASE("of a `for`, the warning names whose list is cut off") {
  const CrmServer crm{paged};
  const auto reading = run_once(crm, R"(  - id: m
    requests:
      - for: {object: objects}
        request: {url: /list}
        next: /next
        pages: 2
        each: /rows
        samples: [{metric: total, value: /n, reduce: sum, labels: {object: "${object}"}}]
)");
  check_succeeded(reading);
  CHECK_THAT(warnings_of(reading), Contains("Lead: only the first 4 rows") && Contains("Case: only the first 4 rows"));
}

TEST_CASE("the next page is never asked of a host that the recipe does not allow, and the refusal names both") {
  const CrmServer crm{paged};
  for (const std::string hosts : {"", "hosts: [files.example, \"*.other.example\"]\n"}) {
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /elsewhere\n" + kSum, hosts);
    check_failed(reading, "content/bad_content");
    CHECK(reading.failure->message.find("elsewhere.example") != std::string::npos);
    CHECK(reading.failure->message.find("`hosts` of the recipe") != std::string::npos);
  }
  CHECK(crm.requests().size() == 2);
}

TEST_CASE("pages on a host that the recipe allows are asked there, with the login and the recipe's headers") {
  std::string elsewhere;
  const CrmServer crm{[&](const net::HttpRequest& request) {
    const bool second = request.query.contains("p");
    return json(second ? R"({"rows":[{"n":2}]})" : R"({"rows":[{"n":1}],"next":")" + elsewhere + R"("})");
  }};
  elsewhere = "http://localhost:" + crm.port() + "/list?p=2";
  for (const std::string& host : {std::string{"LOCALHOST"}, "localhost:" + crm.port()}) {
    INFO(host);
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /next\n" + kSum,
                                  "hosts: [\"" + host + "\"]\nheaders: {X-Key: k}\n");
    check_succeeded(reading);
    CHECK(own_samples(reading).at("total") == 3);
    CHECK(crm.requests().back().header("host") == "localhost:" + crm.port());
    CHECK(crm.requests().back().header("x-key") == "k");
  }
  const auto port =
      run_once(crm, "  - id: m\n    request: {url: /list}\n    next: /next\n" + kSum, "hosts: [\"localhost:1\"]\n");
  check_failed(port, "content/bad_content");
}

TEST_CASE("behind a proxy that ends TLS, links that say http are followed over https with the login") {
  net::test::CertificateStore store;
  const auto authority = store.authority("authority");
  const auto files = store.certificate("server", authority, "DNS:localhost", from_unix_millis(3'000'000'000'000));
  net::ServerOptions options;
  options.tls = net::TlsFiles{files.cert_file, files.key_file, {}};
  std::string link;
  const CrmServer crm{
      [&](const net::HttpRequest& request) {
        const bool second = request.query.contains("p");
        return json(second ? R"({"rows":[{"n":2}]})" : R"({"rows":[{"n":1}],"next":")" + link + R"("})");
      },
      options};
  link = "http://localhost:" + crm.port() + "/list?p=2";
  auto recipe = std::make_shared<const probes::Recipe>(
      recipe_from(http_recipe("  - id: m\n    request: {url: /list, headers: {X-Key: k}}\n    next: /next\n" + kSum)));
  probes::Runtime runtime;
  probes::TargetSpec spec{"acme",
                          recipe,
                          arguments_from(*recipe, "url: https://localhost:" + crm.port() + "\n"),
                          {{"crm", "acme"}, {"kind", recipe->name}, {"agent", "a1"}},
                          10s};
  spec.tls.ca_file = authority.cert_file;
  auto target = probes::Target::make(runtime, std::move(spec));
  REQUIRE(target.has_value());
  const auto reading = run(**target, "m");
  check_succeeded(reading);
  CHECK(own_samples(reading).at("total") == 3);
  REQUIRE(crm.requests().size() == 2);
  CHECK(crm.requests().back().header("x-key") == "k");
}

TEST_CASE("cursors and addresses that lead back to an earlier page are a failure that says so") {
  const CrmServer crm{[](const net::HttpRequest& request) {
    const auto at = request.query.find("cursor");
    const std::string next = at == request.query.end() || at->second == "b" ? "a" : "b";
    return json(R"({"rows":[{"n":1}],"cursor":")" + next + R"(","next":"/list?cursor=)" + next + R"("})");
  }};
  for (const std::string next : {"{cursor: /cursor, query: cursor}", "/next"}) {
    INFO(next);
    const auto before = crm.requests().size();
    const auto reading = run_once(crm, "  - id: m\n    request: {url: /list}\n    next: " + next + "\n" + kSum);
    check_failed(reading, "content/bad_content");
    CHECK(reading.failure->message.find("in a circle") != std::string::npos);
    CHECK(crm.requests().size() - before == 3);
  }
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
    CHECK(page_address(base, reference, {}).value() == url);
  }
  CHECK(page_address("https://crm.example/a", "https://crm.example:443/b", {}).has_value());
  CHECK(page_address("https://bücher.example/a", "https://xn--bcher-kva.example/b", {}).has_value());
  for (const char* elsewhere :
       {"https://other.example:8443/", "https://crm.example/", "//other.example:8443/",
        "https://crm.example:8443@other.example/", "https://crm.example:8443\\@other.example/",
        "ftp://crm.example:8443/", "https:other.example", "https://crm.example:8443 .other.example/", "/a b", "\t/a",
        "https://crm.example:99999/"}) {
    INFO(elsewhere);
    CHECK(page_address(base, elsewhere, {}).has_error());
  }
}

TEST_CASE("an address that differs in http or https alone is asked over https, whatever port the proxy left in it") {
  struct Case {
    std::string base, reference, url;
  };
  for (const auto& [base, reference, url] :
       std::vector<Case>{{"https://crm.example/a", "http://crm.example/b?c=%2F#d", "https://crm.example/b?c=%2F"},
                         {"https://crm.example/a", "http://CRM.example:80/b", "https://crm.example/b"},
                         {"https://crm.example/a", "http://crm.example:443/b", "https://crm.example/b"},
                         {"https://crm.example/a", "https://crm.example:80/b", "https://crm.example/b"},
                         {"https://crm.example:8443/a", "http://crm.example:8443/b", "https://crm.example:8443/b"},
                         {"http://crm.example/a", "https://crm.example/b", "https://crm.example/b"},
                         {"http://crm.example:8080/a", "https://crm.example:8080/b", "https://crm.example:8080/b"},
                         {"https://[::1]:8443/a", "http://[::1]:8443/b", "https://[::1]:8443/b"}}) {
    INFO(base << " " << reference);
    CHECK(page_address(base, reference, {}).value() == url);
  }
  for (const auto& [base, elsewhere, unused] :
       std::vector<Case>{{"https://crm.example/a", "http://crm.example:8080/b", ""},
                         {"https://crm.example:8443/a", "http://crm.example/b", ""},
                         {"https://crm.example/a", "http://crm.example.evil.example/b", ""}}) {
    INFO(base << " " << elsewhere);
    CHECK(page_address(base, elsewhere, {}).has_error());
  }
}

TEST_CASE(
    "allowed hosts are names, names below a domain, or either with a port, and never bring the login down to http") {
  const std::vector<std::string> hosts{"files.example", "*.cloud.example", "api.example:8443", "[::1]", "[::2]:8443"};
  const std::string base = "https://crm.example/a";
  for (const auto& [reference, url] : std::vector<std::pair<std::string, std::string>>{
           {"https://files.example/b", "https://files.example/b"},
           {"https://files.example:9000/b", "https://files.example:9000/b"},
           {"http://files.example/b", "https://files.example/b"},
           {"http://files.example:80/b", "https://files.example/b"},
           {"https://eu1.cloud.example/b", "https://eu1.cloud.example/b"},
           {"https://a.eu1.CLOUD.example/b", "https://a.eu1.CLOUD.example/b"},
           {"https://api.example:8443/b", "https://api.example:8443/b"},
           {"https://[::1]:1/b", "https://[::1]:1/b"},
           {"https://[::2]:8443/b", "https://[::2]:8443/b"}}) {
    INFO(reference);
    CHECK(page_address(base, reference, hosts).value() == url);
  }
  CHECK(page_address("http://crm.example/a", "http://files.example/b", hosts).value() == "http://files.example/b");
  for (const char* elsewhere : {"https://cloud.example/b", "https://evilcloud.example/b", "https://api.example/b",
                                "https://files.example.evil.example/b", "https://[::2]/b", "ftp://files.example/b"}) {
    INFO(elsewhere);
    CHECK(page_address(base, elsewhere, hosts).has_error());
  }
}
