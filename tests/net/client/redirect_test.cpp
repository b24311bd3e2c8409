#include <curl/curl.h>

#include <catch2/catch.hpp>

#include "tests/net/certificates.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

/// Redirects `/from` with a status to wherever a test says; everything else is told as it arrived.
class Redirecting {
 public:
  explicit Redirecting(int status, ServerOptions options = {})
      : served_(
            [this, status](const HttpRequest& request, const Respond& respond) {
              HttpResponse response;
              if (request.path == "/from") {
                response.status = status;
                response.headers.emplace_back("Location", to);
              } else {
                response.body = request.method + " " + request.path +
                                " auth=" + std::string(request.header("authorization")) +
                                " key=" + std::string(request.header("x-api-token")) +
                                " accept=" + std::string(request.header("accept")) + " " + request.body;
              }
              respond(response);
            },
            std::move(options)) {}

  [[nodiscard]] ClientRequest request(const std::string& method = "GET", const std::string& body = {}) const {
    ClientRequest request;
    request.method = method;
    request.url = served_.url("/from");
    request.headers = {{"Authorization", "Bearer hidden"}, {"X-Api-Token", "hidden"}, {"Accept", "text/plain"}};
    request.body = body;
    request.max_redirects = 2;
    return request;
  }
  [[nodiscard]] const Served& served() const { return served_; }

  std::string to = "/to";  ///< set before a request is sent

 private:
  Served served_;
};

ClientResponse ask(const ClientRequest& request) {
  HttpClient client;
  return fetch(client, request);
}

void check_not_followed(const ClientResponse& response, const std::string& why) {
  CHECK(response.status == 0);
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::response);
  CHECK(response.failure->reason == Reason::bad_content);
  CHECK_THAT(response.failure->message, Contains(why));
  CHECK_THAT(response.failure->message, !Contains("hidden"));
}

}  // namespace

TEST_CASE("a redirect to the same origin is followed with everything, as often as allowed") {
  Redirecting server(302);
  const ClientResponse response = ask(server.request());
  CHECK(response.status == 200);
  CHECK(response.body == "GET /to auth=Bearer hidden key=hidden accept=text/plain ");
  CHECK(response.phases.total > 0);
  ClientRequest none = server.request();
  none.max_redirects = 0;
  CHECK(ask(none).status == 302);
}

TEST_CASE("another host gets no key of ours, in whatever header it stands") {
  Redirecting server(302);
  Redirecting other(302);
  server.to = other.served().url("/there#part");
  CHECK(ask(server.request()).body == "GET /there auth= key= accept=text/plain ");
  server.to = "http://user:hidden@127.0.0.1:" + std::to_string(other.served().port()) + "/there";
  CHECK(ask(server.request()).body == "GET /there auth= key= accept=text/plain ");
}

TEST_CASE("redirects without end are told, with the time they took") {
  Redirecting server(302);
  server.to = "/from?token=hidden";
  const ClientResponse response = ask(server.request());
  check_not_followed(response, "redirects without end: 2 were followed");
  CHECK(response.phases.total > 0);
}

TEST_CASE("a body goes on only where the status says so, and never to another host") {
  Redirecting moved(302);
  CHECK_THAT(ask(moved.request("POST", "text")).body, Contains("GET /to"));
  CHECK_THAT(ask(moved.request("POST", "text")).body, !Contains("text") || Contains("text/plain"));
  Redirecting see_other(303);
  CHECK_THAT(ask(see_other.request("PUT", "body")).body, Contains("GET /to") && !Contains("body"));
  Redirecting kept(307);
  CHECK_THAT(ask(kept.request("POST", "body")).body, Contains("POST /to") && Contains("body"));
  kept.to = moved.served().url("/there");
  check_not_followed(ask(kept.request("POST", "body")), "a request with a body to 127.0.0.1:");
}

TEST_CASE("only http and https are followed, and nothing from https down to http") {
  Redirecting server(301);
  for (const std::string where : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/x", "http://"}) {
    server.to = where;
    CAPTURE(where);
    check_not_followed(ask(server.request()), "redirects to what is neither http nor https");
  }
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair files = store.certificate("server", authority, "IP:127.0.0.1", from_unix_millis(3'000'000'000'000));
  ServerOptions options;
  options.tls = TlsFiles{files.cert_file, files.key_file, {}};
  Redirecting secure(302, options);
  secure.to = server.served().url("/there");
  ClientRequest request = secure.request();
  request.url = secure.served().url("/from", "https");
  request.tls.ca_file = authority.cert_file;
  check_not_followed(ask(request), "from https to http");
  secure.to = "/to";
  CHECK(ask(request).status == 200);
}

TEST_CASE("the time of a request is that of all its redirects") {
  Served served([](const HttpRequest& request, const Respond& respond) {
    static std::vector<Respond> kept;  // only the loop's thread comes here
    if (request.path != "/from") return kept.push_back(respond);
    HttpResponse response;
    response.status = 302;
    response.headers.emplace_back("Location", "/silent");
    respond(response);
  });
  ClientRequest request = get(served.url("/from"));
  request.max_redirects = 1;
  request.timeout = Duration{300};
  const ClientResponse response = ask(request);
  REQUIRE(response.failure);
  CHECK(response.failure->reason == Reason::timeout);
  CHECK(response.failure->stage == Stage::response);
}

TEST_CASE("a request goes through the proxy it names, even on this machine") {
  std::string line;
  RawServer proxy([&](int fd) {
    line = read_until(fd, "\r\n\r\n");
    write_to(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  ClientRequest request = get("http://127.0.0.1:9/path");
  request.proxy = proxy.url();
  CHECK(ask(request).body == "ok");
  CHECK_THAT(line, Catch::StartsWith("GET http://127.0.0.1:9/path HTTP/1.1"));
  request.proxy = "127.0.0.1:" + std::to_string(proxy.port());
  CHECK(ask(request).body == "ok");
}

TEST_CASE("what is wrong with a proxy is told of the proxy, and its password is not told") {
  const auto failure = [](const std::string& url, const std::string& proxy) {
    ClientRequest request = get(url);
    request.proxy = proxy;
    const ClientResponse response = ask(request);
    REQUIRE(response.failure);
    CHECK_THAT(response.failure->message, !Contains("hidden"));
    return *response.failure;
  };
  const auto answering_connect = [](const std::string& status) {
    return [status](int fd) {
      read_until(fd, "\r\n\r\n");
      write_to(fd, "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n");
      wait_for_end(fd);
    };
  };
  RawServer wants_login(answering_connect("407 Proxy Authentication Required"));
  const Failure login = failure("https://crm.example/", wants_login.url());
  CHECK(login.stage == Stage::connect);
  CHECK(login.reason == Reason::credentials);
  RawServer no_way(answering_connect("502 Bad Gateway"));
  const Failure gateway = failure("https://crm.example/", no_way.url());
  CHECK(gateway.reason == Reason::unreachable);
  CHECK_THAT(gateway.message, Contains("cannot reach crm.example:443: HTTP 502"));
  CHECK(failure("http://crm.example/", "ftp://user:hidden@proxy").reason == Reason::internal);
  const Failure refused = failure("http://crm.example/", "http://user:hidden@127.0.0.1:9");
  CHECK(refused.stage == Stage::connect);
  CHECK(refused.reason == Reason::unreachable);  // "refused" would be the CRM's own word
  CHECK_THAT(refused.message, Contains("the proxy 127.0.0.1:9"));
}

TEST_CASE("the library speaks HTTP/2") {
  CHECK((curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0);
}

TEST_CASE("TLS to a port that speaks none is told as such") {
  Served plain(answering("ok"));
  const ClientResponse response = ask(get(plain.url("/", "https")));
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::tls);
  CHECK(response.failure->reason == Reason::bad_content);
}
