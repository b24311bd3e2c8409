// Who is let in: bounds, hosts, other sites' pages, tokens of one agent, certificates.

#include <catch2/catch.hpp>
#include <filesystem>

#include "certificates.h"
#include "collector/http/audit.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;
using Headers = std::vector<std::pair<std::string, std::string>>;

namespace {

const TimePoint kFuture = from_unix_millis(3'000'000'000'000);

std::string bearer(const std::string& token) {
  return "Bearer " + token;
}

/// A role ingest request with nothing in it, which is refused 415 once it is let in.
Call ingest_call(const RunningCollector& running, const std::string& token, const std::string& agent = "") {
  Call call{"POST", running.base() + "/api/v1/write", {{"Authorization", bearer(token)}}, ""};
  if (!agent.empty()) call.headers.emplace_back("X-Crm-Agent", agent);
  return call;
}

double refused(const RunningCollector& running, const std::string& reason) {
  const std::string text = running.get("/metrics").body;
  const std::string line = "crmpulse_collector_http_refused_requests_total{reason=\"" + reason + "\"} ";
  const auto at = text.find(line);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
}

}  // namespace

TEST_CASE("a token of one agent is refused under another name, and without one") {
  RunningCollector running{{"", "metrics: open\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string bound = create_token(state, "branch", AccessRole::ingest, {"branch-1", std::nullopt}).value();
  const std::string open = create_token(state, "any", AccessRole::ingest).value();
  REQUIRE(eventually([&] { return send(ingest_call(running, open)).status == 415; }));
  CHECK(send(ingest_call(running, bound, "branch-1")).status == 415);
  const net::ClientResponse other = send(ingest_call(running, bound, "branch-2"));
  CHECK(other.status == 403);
  CHECK_THAT(other.body, Contains("\"agent\""));
  CHECK(send(ingest_call(running, bound)).status == 403);
  CHECK(send(ingest_call(running, open, "branch-2")).status == 415);
  CHECK(refused(running, "agent") == 2);
  CHECK(list_tokens(state)->at(0).agent == "branch-1");
  CHECK(create_token(state, "x", AccessRole::viewer, {"branch-1", std::nullopt}).has_error());
  CHECK(create_token(state, "line\nbreak", AccessRole::viewer).has_error());
}

TEST_CASE("a token that has expired is not valid") {
  const TempDir directory;
  const std::string over =
      create_token(directory.path(), "over", AccessRole::viewer, {"", wall_now() - std::chrono::seconds{1}}).value();
  const std::string good =
      create_token(directory.path(), "good", AccessRole::viewer, {"", wall_now() + std::chrono::hours{1}}).value();
  Tokens tokens{directory.path()};
  REQUIRE(refresh(tokens).has_value());
  CHECK(tokens.find(over) == nullptr);
  REQUIRE(tokens.find(good) != nullptr);
  CHECK(tokens.find(good)->expires.has_value());
}

TEST_CASE("many wrong tokens from one address are told to wait, and every valid token gets in meanwhile") {
  RunningCollector running{{"", "metrics: open\nlimits: {exempt: [], failed_logins_per_address: 3}\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string known = create_token(state, "known", AccessRole::viewer).value();
  const std::string unknown = create_token(state, "unknown", AccessRole::admin).value();
  const auto ask = [&](const std::string& token) {
    return send({"GET", running.base() + "/api/v1/crms", {{"Authorization", bearer(token)}}, ""});
  };
  // Without any token nothing is guessed.
  for (int i = 0; i < 20; ++i) CHECK(running.get("/api/v1/crms").status == 401);
  running.tick();
  CHECK(ask(known).status == 200);
  for (int i = 0; i < 3; ++i) CHECK(ask("crmp_guess").status == 401);
  const net::ClientResponse slowed = ask("crmp_guess");
  CHECK(slowed.status == 429);
  CHECK(slowed.header("retry-after") == "60");
  CHECK(ask(unknown).status == 200);
  CHECK(ask(known).status == 200);
  // A sender must not be told 429: Prometheus drops then.
  const net::ClientResponse sender = send(ingest_call(running, "crmp_guess"));
  CHECK(sender.status == 503);
  CHECK(sender.header("retry-after") == "60");
  CHECK(refused(running, "failed_logins") == 2);
  CHECK(refused(running, "unauthorized") == 23);
}

TEST_CASE("thirty agents behind one address are let in after many wrong guesses from there") {
  RunningCollector running{{"", "metrics: open\nlimits: {exempt: []}\n", "required"}};
  std::vector<std::string> agents;
  for (int i = 0; i < 30; ++i) {
    agents.push_back(
        create_token(running.directory().path("state"), fmt::format("agent-{}", i), AccessRole::ingest).value());
  }
  for (int i = 0; i < 12; ++i) CHECK(send(ingest_call(running, "crmp_guess")).status != 415);
  running.tick();
  // 415: the token is valid, but the body does not hold samples.
  for (const std::string& token : agents) CHECK(send(ingest_call(running, token)).status == 415);
  CHECK(send(ingest_call(running, "crmp_guess")).status == 503);
}

TEST_CASE("an address that asks too much is told to wait, ingest with a token is not") {
  RunningCollector running{{"", "limits: {exempt: [], requests_per_address: 1, requests_per_token: 0}\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string sender = create_token(state, "sender", AccessRole::ingest).value();
  running.tick();
  bool slowed = false;
  for (int i = 0; i < 50 && !slowed; ++i) slowed = running.get("/-/ready").status == 429;
  CHECK(slowed);
  for (int i = 0; i < 10; ++i) CHECK(send(ingest_call(running, sender)).status == 415);
}

TEST_CASE("a token that asks too much is told to wait, a sender with 503") {
  RunningCollector running{{"", "limits: {requests_per_token: 1}\n", "required"}};
  const std::string state = running.directory().path("state");
  const std::string sender = create_token(state, "sender", AccessRole::ingest).value();
  running.tick();
  int slowed = 0;
  for (int i = 0; i < 50 && slowed == 0; ++i) slowed = send(ingest_call(running, sender)).status == 503 ? 1 : 0;
  CHECK(slowed == 1);
}

TEST_CASE("an address has a bounded number of connections when it is not exempt") {
  const RunningCollector running{{"", "limits: {exempt: [], connections_per_address: 1}\n", "off"}};
  net::HttpClient keeping;
  std::promise<int> answer;
  net::ClientRequest request;
  request.url = running.base() + "/-/ready";
  keeping.send(request, [&answer](const net::ClientResponse& response) { answer.set_value(response.status); });
  REQUIRE(answer.get_future().get() == 200);
  const net::ClientResponse second = running.get("/-/ready");
  CHECK(second.status == 503);
  CHECK_FALSE(second.header("retry-after").empty());
}

TEST_CASE("without tokens only a loopback name or the external one is answered") {
  const RunningCollector running{{"", "external_url: https://health.example.com/crm/\n", "off"}};
  const auto named = [&](const std::string& host) {
    return send({"GET", running.base() + "/api/v1/crms", {{"Host", host}}, ""}).status;
  };
  CHECK(named("evil.example.com") == 421);
  CHECK(named("127.0.0.1.evil.example.com:9460") == 421);
  CHECK(named("localhost.evil.example.com") == 421);
  for (const char* own : {"localhost", "localhost:9460", "127.0.0.1", "[::1]:9460", "health.example.com"}) {
    INFO(own);
    CHECK(named(own) == 200);
  }
  CHECK(refused(running, "host") == 3);
}

TEST_CASE("a name that only looks like one of ours is not answered without tokens") {
  const RunningCollector running{{"", "external_url: https://health.example.com:443/crm/\n", "off"}};
  const auto named = [&](const std::string& host) {
    return send({"GET", running.base() + "/api/v1/crms", {{"Host", host}}, ""}).status;
  };
  for (const char* other : {"evil.example.com@localhost", "localhost@evil.example.com", "localhost/evil", "localhost?x",
                            "localhost:9460:9460", "localhost.", "evil.localhost", "health.example.com@x"}) {
    INFO(other);
    CHECK(named(other) >= 400);
  }
  CHECK(named("Health.example.com:443") == 200);
}

TEST_CASE("with tokens any name is answered: a page elsewhere has no token") {
  const RunningCollector running{{"", "", "required"}};
  CHECK(send({"GET", running.base() + "/-/ready", {{"Host", "crm.example.com"}}, ""}).status == 200);
}

TEST_CASE("pages of other sites change nothing") {
  const RunningCollector running;
  const std::string host = running.base().substr(7);
  const auto ask = [&](const std::string& method, const std::string& path, const Headers& headers) {
    return send({method, running.base() + path, headers, ""}).status;
  };
  const std::vector<Headers> foreign{{{"Sec-Fetch-Site", "cross-site"}},
                                     {{"Sec-Fetch-Site", "same-site"}},
                                     {{"Origin", "null"}},
                                     {{"Origin", "http://evil.example.com"}},
                                     {{"Origin", "http://localhost:1"}},
                                     {{"Origin", "http://" + host}, {"Sec-Fetch-Site", "cross-site"}}};
  for (const Headers& headers : foreign) {
    INFO(headers.front().first << ": " << headers.front().second);
    CHECK(ask("POST", "/-/reload", headers) == 403);
    CHECK(ask("POST", "/api/v1/silences", headers) == 403);
    CHECK(ask("POST", "/api/v1/deliveries/x/retry", headers) == 403);
    CHECK(ask("DELETE", "/api/v1/silences/x", headers) == 403);
    CHECK(ask("POST", "/api/v1/evidence", headers) == 403);
  }
  CHECK(refused(running, "cross_site") == 30);
  CHECK(ask("DELETE", "/api/v1/silences/x", {}) == 404);
  CHECK(ask("DELETE", "/api/v1/silences/x", {{"Origin", "http://" + host}, {"Sec-Fetch-Site", "same-origin"}}) == 404);
  CHECK(ask("DELETE", "/api/v1/silences/x", {{"Sec-Fetch-Site", "none"}}) == 404);
  CHECK(ask("GET", "/api/v1/crms", {{"Sec-Fetch-Site", "cross-site"}}) == 200);
}

TEST_CASE("every answer forbids scripts, frames, sniffing, referrers and storing") {
  RunningCollector running{{"", "", "required"}};
  for (const char* path : {"/plain", "/page.css", "/-/ready", "/api/v1/crms", "/nowhere", "/api/v1/write", "/%zz"}) {
    INFO(path);
    const net::ClientResponse answer = running.get(path);
    CHECK(answer.status != 0);
    CHECK_THAT(std::string(answer.header("content-security-policy")),
               Contains("default-src 'none'") && Contains("frame-ancestors 'none'") && !Contains("unsafe"));
    CHECK(answer.header("x-content-type-options") == "nosniff");
    CHECK(answer.header("referrer-policy") == "no-referrer");
    CHECK(answer.header("cache-control") == "no-store");
    CHECK(answer.header("access-control-allow-origin").empty());
  }
}

TEST_CASE("the page has no script and no style of its own, and escapes what others wrote") {
  RunningCollector running;
  REQUIRE(running.write_latency("<script>alert(1)</script>", 0.1) == 204);
  REQUIRE(eventually([&] { return running.get("/plain").body.find("&lt;script&gt;") != std::string::npos; }));
  const std::string page = running.get("/plain").body;
  for (const char* inlined : {"<script", "<style", " style=", " onclick", " onload", "javascript:"}) {
    INFO(inlined);
    CHECK_THAT(page, !Contains(inlined));
  }
  CHECK_THAT(page, Contains("href=\"page.css\""));
  CHECK_THAT(running.get("/page.css").body, Contains("table"));
}

TEST_CASE("limits and tokens asked for change with a reload") {
  RunningCollector running{{"", "", "off"}};
  running.files().extra = "limits: {exempt: [], requests_per_address: 1}\n";
  running.write_files();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  bool slowed = false;
  for (int i = 0; i < 50 && !slowed; ++i) slowed = running.get("/-/ready").status == 429;
  CHECK(slowed);
  running.files().auth = "required";
  running.files().extra = "";
  running.write_files();
  running.thread().run([&] { running.collector().reload_by_signal(); });
  CHECK(eventually([&] { return running.get("/api/v1/crms").status == 401; }));
}

TEST_CASE("with client_ca_file nobody gets further than the handshake without a certificate of that authority") {
  net::test::CertificateStore store;
  const net::test::KeyPair authority = store.authority("ca");
  const net::test::KeyPair clients = store.authority("clients");
  const net::test::KeyPair files = store.certificate("server", authority, "IP:127.0.0.1", kFuture);
  const RunningCollector running{{"",
                                  "tls: {cert_file: " + files.cert_file + ", key_file: " + files.key_file +
                                      ", client_ca_file: " + clients.cert_file + "}\n",
                                  "required"}};
  const auto ask = [&](const net::test::KeyPair& own) {
    net::HttpClient client;
    net::ClientRequest request;
    request.url = "https://" + running.base().substr(7) + "/api/v1/crms";
    request.tls = {authority.cert_file, own.cert_file, own.key_file};
    std::promise<int> answer;
    client.send(request, [&answer](const net::ClientResponse& response) { answer.set_value(response.status); });
    return answer.get_future().get();
  };
  CHECK(ask({}) == 0);
  CHECK(ask(store.certificate("foreign", authority, "DNS:foreign", kFuture)) == 0);
  CHECK(ask(store.certificate("expired", clients, "DNS:expired", wall_now() - std::chrono::hours{1})) == 0);
  // Its certificate opens the line; a token is needed all the same.
  CHECK(ask(store.certificate("agent", clients, "DNS:agent", kFuture)) == 401);
}

TEST_CASE("a certificate is renewed by reload, by itself, and a bad one changes nothing") {
  net::test::CertificateStore store;
  const net::test::KeyPair authority = store.authority("ca");
  const net::test::KeyPair files = store.certificate("server", authority, "IP:127.0.0.1", kFuture);
  RunningCollector running{
      {"", "tls: {cert_file: " + files.cert_file + ", key_file: " + files.key_file + "}\n", "off"}};
  const std::string base = "https://" + running.base().substr(7);
  net::HttpClient client;
  const auto ask = [&](const std::string& method, const std::string& path) {
    net::ClientRequest request;
    request.method = method;
    request.url = base + path;
    request.tls.ca_file = authority.cert_file;
    request.fresh_connection = true;
    std::promise<net::ClientResponse> answer;
    client.send(request, [&answer](const net::ClientResponse& response) { answer.set_value(response); });
    return answer.get_future().get();
  };
  const auto expiry = [&] { return ask("GET", "/-/ready").certificate_expiry; };
  REQUIRE(expiry() == kFuture);

  const auto renew = [&](TimePoint until) {
    const net::test::KeyPair fresh = store.certificate("fresh", authority, "IP:127.0.0.1", until);
    std::filesystem::rename(fresh.cert_file, files.cert_file);
    std::filesystem::rename(fresh.key_file, files.key_file);
  };
  renew(kFuture + std::chrono::hours{24});
  CHECK(ask("POST", "/-/reload").status == 200);
  CHECK(expiry() == kFuture + std::chrono::hours{24});

  // Nobody asks: the second's look finds it.
  renew(kFuture + std::chrono::hours{48});
  CHECK(eventually([&] { return expiry() == kFuture + std::chrono::hours{48}; }));

  std::filesystem::copy_file(authority.key_file, files.key_file, std::filesystem::copy_options::overwrite_existing);
  const net::ClientResponse refused = ask("POST", "/-/reload");
  CHECK(refused.status == 422);
  CHECK_THAT(refused.body, Contains("tls.key_file") && Contains("does not belong") && Contains("server.key"));
  CHECK_THAT(refused.body, !Contains("/tmp/"));
  CHECK(expiry() == kFuture + std::chrono::hours{48});
  CHECK(eventually([&] {
    const std::string metrics = ask("GET", "/metrics").body;
    return metrics.find("tls_renewals_total{outcome=\"refused\"} ") != std::string::npos &&
           metrics.find("tls_renewals_total{outcome=\"refused\"} 0") == std::string::npos;
  }));
}
