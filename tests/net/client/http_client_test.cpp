#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "core/version.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;

namespace {

void check_failure(const ClientResponse& response, Stage stage, Reason reason) {
  CHECK(response.status == 0);
  CHECK(response.body.empty());
  REQUIRE(response.failure);
  CAPTURE(response.failure->message);
  CHECK(to_string(response.failure->stage) == to_string(stage));
  CHECK(to_string(response.failure->reason) == to_string(reason));
}

/// Asks for a URL and with a header that hold a secret.
ClientRequest with_secrets(const std::string& url, Duration timeout) {
  ClientRequest request = get(url + "path-hidden?token=hidden");
  request.headers.emplace_back("Authorization", "Bearer hidden");
  request.timeout = timeout;
  return request;
}

ClientResponse ask(const ClientRequest& request) {
  HttpClient client;
  return fetch(client, request);
}

std::string with_length(std::size_t length, const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a request arrives as it was written and the answer comes back whole") {
  HttpRequest seen;
  Served served([&](HttpRequest request, const Respond& respond) {
    seen = std::move(request);
    HttpResponse response;
    response.status = 418;
    response.headers = {{"X-Two", "v"}, {"x-two", "w"}};
    response.body = std::string("a\0b", 3);
    respond(response);
  });
  ClientRequest request = get(served.url("/p?q=1"));
  request.method = "PATCH";
  request.headers = {{"X-One", "1"}, {"X-Empty", ""}};
  request.body = "body";
  const ClientResponse response = ask(request);
  CHECK_FALSE(response.failure);
  CHECK(response.status == 418);
  CHECK(response.header("x-two") == "v");
  CHECK(response.header("absent").empty());
  CHECK(response.body == std::string("a\0b", 3));
  CHECK(seen.method == "PATCH");
  CHECK(seen.path == "/p");
  CHECK(seen.body == "body");
  CHECK(seen.header("x-one") == "1");
  CHECK(seen.header("content-type").empty());
  CHECK(seen.header("user-agent") == fmt::format("crmpulse/{}", kVersion));
  CHECK_FALSE(response.certificate_expiry);
}

TEST_CASE("every method is sent as named") {
  std::vector<std::string> methods;
  Served served([&](const HttpRequest& request, const Respond& respond) {
    methods.push_back(request.method + " " + request.body);
    HttpResponse response;
    response.body = "12345";
    respond(response);
  });
  HttpClient client;
  for (const std::string method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    ClientRequest request = get(served.url());
    request.method = method;
    const ClientResponse response = fetch(client, request);
    CAPTURE(method);
    CHECK_FALSE(response.failure);
    CHECK(response.body == (method == "HEAD" ? "" : "12345"));
  }
  CHECK(methods == std::vector<std::string>{"GET ", "GET ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS "});
  CHECK(served.server().stats().accepted == 1);
}

TEST_CASE("a large body is posted after 100-continue, and refused by 413 without being sent") {
  ServerOptions options;
  options.max_body_bytes = 3'000'000;
  Served served(
      [](const HttpRequest& request, const Respond& respond) {
        HttpResponse response;
        response.body = std::to_string(request.body.size());
        respond(response);
      },
      options);
  HttpClient client;
  ClientRequest request = get(served.url());
  request.method = "POST";
  request.body = std::string(3'000'000, 'x');
  CHECK(fetch(client, request).body == "3000000");
  request.body += 'x';
  CHECK(fetch(client, request).status == 413);
}

TEST_CASE("phases add up: a new connection has connect and first byte, a kept one no connect") {
  Served served(answering("ok"));
  HttpClient client;
  const HttpPhases first = fetch(client, get(served.url())).phases;
  CHECK(first.connect > 0);
  CHECK(first.first_byte > 0);
  CHECK(first.tls == 0);
  CHECK(first.total > 0);
  CHECK(first.dns + first.connect + first.first_byte + first.transfer <= first.total + 1e-5);
  const HttpPhases second = fetch(client, get(served.url())).phases;
  CHECK(second.dns == 0);
  CHECK(second.connect == 0);
  CHECK(second.first_byte > 0);
  CHECK(served.server().stats().accepted == 1);
  ClientRequest fresh = get(served.url());
  fresh.fresh_connection = true;
  CHECK(fetch(client, fresh).phases.connect > 0);
  CHECK(served.server().stats().accepted == 2);
}

TEST_CASE("a redirect is an answer, not a way to go") {
  Served served([](const HttpRequest&, const Respond& respond) {
    HttpResponse response;
    response.status = 302;
    response.headers.emplace_back("Location", "/elsewhere");
    respond(response);
  });
  const ClientResponse response = ask(get(served.url()));
  CHECK(response.status == 302);
  CHECK(response.header("location") == "/elsewhere");
}

TEST_CASE("what cannot be a request is refused, naming nothing of it") {
  for (const char* url : {"", "nonsense", "ftp://127.0.0.1/hidden", "file:///etc/hidden", "gopher://127.0.0.1/hidden",
                          "http://", "http://a b/hidden"}) {
    CAPTURE(url);
    const ClientResponse response = ask(get(url));
    check_failure(response, Stage::request, Reason::internal);
    CHECK_THAT(response.failure->message, !Contains("hidden"));
  }
  Served served(answering("ok"));
  ClientRequest request = get(served.url());
  request.headers.emplace_back("X", "a\r\nInjected: hidden");
  check_failure(ask(request), Stage::request, Reason::internal);
  request.headers.clear();
  request.method = "GET / HTTP/1.1\r\nX:";
  check_failure(ask(request), Stage::request, Reason::internal);
}

TEST_CASE("a closed port is refused at connect") {
  unsigned short port = 0;
  {
    const RawServer gone({});
    port = gone.port();
  }
  const ClientResponse response = ask(with_secrets("http://127.0.0.1:" + std::to_string(port) + "/", kPatience));
  check_failure(response, Stage::connect, Reason::refused);
  CHECK_THAT(response.failure->message, Contains("127.0.0.1:" + std::to_string(port)) && !Contains("hidden"));
}

TEST_CASE("an address without a network is unreachable at connect") {
  const ClientResponse response = ask(with_secrets("http://255.255.255.255:9/", kPatience));
  check_failure(response, Stage::connect, Reason::unreachable);
}

TEST_CASE("a name that does not exist fails at resolve") {
  const ClientResponse response = ask(with_secrets("http://crm.invalid/", kPatience));
  check_failure(response, Stage::resolve, Reason::unreachable);
  CHECK_THAT(response.failure->message, Contains("crm.invalid") && !Contains("hidden"));
}

TEST_CASE("a server that keeps quiet times out waiting for the answer") {
  const RawServer quiet({});
  const ClientResponse response = ask(with_secrets(quiet.url(), Duration{80}));
  check_failure(response, Stage::response, Reason::timeout);
  CHECK(response.phases.total >= 0.07);
  CHECK(response.phases.connect > 0);
  CHECK_THAT(response.failure->message, Contains("80ms") && !Contains("hidden"));
}

TEST_CASE("a server that keeps quiet to a TLS hello times out in tls") {
  const RawServer quiet({});
  check_failure(ask(with_secrets(quiet.url("https"), Duration{80})), Stage::tls, Reason::timeout);
}

TEST_CASE("a server that does not take the body times out in the request") {
  const RawServer quiet({});
  ClientRequest request = get(quiet.url());
  request.method = "POST";
  request.headers.emplace_back("Expect", "");
  request.body = std::string(30'000'000, 'x');
  request.timeout = Duration{300};
  check_failure(ask(request), Stage::request, Reason::timeout);
}

TEST_CASE("a server that ends the connection during the TLS hello is unreachable in tls") {
  const RawServer hasty([](int fd) { (void)read_until(fd, "\x16"); });
  const ClientResponse response = ask(get(hasty.url("https")));
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::tls);
}

TEST_CASE("a connection that ends before the answer is a failed response") {
  const RawServer hasty([](int fd) { (void)read_until(fd, "\r\n\r\n"); });
  check_failure(ask(get(hasty.url())), Stage::response, Reason::unreachable);
}

TEST_CASE("an answer cut short, without end of garbage or not HTTP is bad content") {
  SECTION("cut short") {
    const RawServer server([](int fd) {
      (void)read_until(fd, "\r\n\r\n");
      write_to(fd, with_length(10, "four"));
    });
    check_failure(ask(get(server.url())), Stage::response, Reason::bad_content);
  }
  SECTION("not HTTP") {
    const RawServer server([](int fd) {
      (void)read_until(fd, "\r\n\r\n");
      write_to(fd, "SSH-2.0-OpenSSH\r\n");
    });
    check_failure(ask(get(server.url())), Stage::response, Reason::bad_content);
  }
  SECTION("headers without end") {
    const RawServer server([](int fd) {
      (void)read_until(fd, "\r\n\r\n");
      write_to(fd, "HTTP/1.1 200 OK\r\n");
      const std::string line = "X: " + std::string(50'000, 'y') + "\r\n";
      for (int i = 0; i < 10; ++i) write_to(fd, line);
    });
    check_failure(ask(get(server.url())), Stage::response, Reason::bad_content);
  }
}

TEST_CASE("an answer over the limit is bad content, however it comes, and one of exactly the limit is fine") {
  const std::string body(1000, 'x');
  ClientRequest request;
  SECTION("announced") {
    Served served(answering(body));
    request = get(served.url());
    request.max_response_bytes = 999;
    check_failure(ask(request), Stage::response, Reason::bad_content);
    request.max_response_bytes = 1000;
    CHECK(ask(request).body == body);
  }
  SECTION("without end") {
    const RawServer server([&](int fd) {
      (void)read_until(fd, "\r\n\r\n");
      write_to(fd, "HTTP/1.1 200 OK\r\n\r\n");
      for (int i = 0; i < 100; ++i) write_to(fd, body);
    });
    request = get(server.url());
    request.max_response_bytes = 50'000;
    const ClientResponse response = ask(request);
    check_failure(response, Stage::response, Reason::bad_content);
    CHECK_THAT(response.failure->message, Contains("50000"));
  }
}

TEST_CASE("headers of interim answers are not the answer's") {
  const RawServer server([](int fd) {
    (void)read_until(fd, "\r\n\r\n");
    write_to(fd, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + with_length(2, "ok"));
    wait_for_end(fd);
  });
  const ClientResponse response = ask(get(server.url()));
  CHECK(response.status == 200);
  CHECK(response.header("link").empty());
  CHECK(response.body == "ok");
}

TEST_CASE("a kept connection that the server closed meanwhile is not a failure") {
  const RawServer server([](int fd) {
    (void)read_until(fd, "\r\n\r\n");
    write_to(fd, with_length(2, "ok"));
  });
  HttpClient client;
  for (int i = 0; i < 20; ++i) CHECK(fetch(client, get(server.url())).body == "ok");
  CHECK(server.accepted() == 20);
}

TEST_CASE("a kept connection is kept alive, and shown dead when what is sent on it is not acknowledged") {
  Served served(answering("ok"));
  HttpClient client;
  CHECK(fetch(client, get(served.url())).body == "ok");
  int kept = 0;
  for (int fd = 3; fd < 1024; ++fd) {
    sockaddr_in peer{};
    socklen_t length = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != served.port()) continue;
    const auto option = [fd](int level, int name) {
      int value = 0;
      socklen_t size = sizeof value;
      CHECK(::getsockopt(fd, level, name, &value, &size) == 0);
      return value;
    };
    ++kept;
    CHECK(option(SOL_SOCKET, SO_KEEPALIVE) != 0);
    CHECK(option(IPPROTO_TCP, TCP_KEEPIDLE) <= 60);  // some firewalls forget after a minute
    CHECK(option(IPPROTO_TCP, TCP_USER_TIMEOUT) == 3000);
  }
  CHECK(kept == 1);
}

TEST_CASE("many requests at once share few connections, and each gets its own answer") {
  Served served([](const HttpRequest& request, const Respond& respond) {
    HttpResponse response;
    response.body = request.path;
    respond(response);
  });
  HttpClient::Options options;
  options.max_connections_per_host = 4;
  options.max_in_flight = 50;
  std::atomic<int> right{0};
  std::atomic<int> done{0};
  HttpClient client(options);
  constexpr int kRequests = 500;
  for (int i = 0; i < kRequests; ++i) {
    const std::string path = "/" + std::to_string(i);
    client.send(get(served.url(path)), [&, path](const ClientResponse& response) {
      right += response.body == path;
      done += 1;
    });
  }
  REQUIRE(eventually([&] { return done == kRequests; }));
  CHECK(right == kRequests);
  CHECK(served.server().stats().accepted <= 4);
}

TEST_CASE("a request that waits for its turn or for a connection times out in its own time") {
  const RawServer quiet({});
  HttpClient::Options options;
  SECTION("behind max_in_flight") {
    options.max_in_flight = 1;
  }
  SECTION("behind max_connections_per_host") {
    options.max_connections_per_host = 1;
  }
  std::promise<ClientResponse> blocker;
  HttpClient client(options);
  ClientRequest slow = get(quiet.url());
  slow.timeout = std::chrono::minutes{5};
  client.send(slow, [&](ClientResponse response) { blocker.set_value(std::move(response)); });
  REQUIRE(eventually([&] { return quiet.accepted() == 1; }));
  check_failure(fetch(client, with_secrets(quiet.url(), Duration{80})), Stage::request, Reason::timeout);
  CHECK(blocker.get_future().wait_for(Duration{}) == std::future_status::timeout);
}

TEST_CASE("a slow server delays nobody else") {
  const RawServer quiet({});
  Served served(answering("ok"));
  std::atomic<int> failed{0};
  HttpClient client;
  for (int i = 0; i < 20; ++i)
    client.send(with_secrets(quiet.url(), std::chrono::seconds{2}), [&](const ClientResponse&) { failed += 1; });
  CHECK(fetch(client, get(served.url())).body == "ok");
  CHECK(failed == 0);
}

TEST_CASE("requests that wait for a host that does not answer hold up no other host's") {
  const RawServer quiet({});
  std::atomic<int> ended{0};
  std::atomic<int> answered{0};
  std::promise<Respond> first;
  std::atomic<int> asked{0};
  Served served([&](const HttpRequest&, const Respond& respond) {
    if (asked++ == 0) return first.set_value(respond);
    respond({});
  });
  HttpClient::Options options;
  options.max_connections_per_host = 1;
  HttpClient client(options);
  const auto send = [&](const std::string& url, std::atomic<int>& counter) {
    client.send(with_secrets(url, std::chrono::minutes{2}), [&](const ClientResponse&) { counter += 1; });
  };
  // One is with each host and the others wait: of both, in turns.
  for (int i = 0; i < 4; ++i) {
    send(quiet.url(), ended);
    send(served.url(), answered);
  }
  first.get_future().get()({});
  CHECK(eventually([&] { return answered == 4; }));
  CHECK(ended == 0);
}

TEST_CASE("who waited too long is told for whom") {
  const RawServer quiet({});
  HttpClient::Options options;
  options.max_connections_per_host = 1;
  HttpClient client(options);
  client.send(get(quiet.url()), [](const ClientResponse&) {});
  const ClientResponse waited = fetch(client, with_secrets(quiet.url(), Duration{80}));
  REQUIRE(waited.failure);
  CHECK(waited.failure->message == "the request's time was over before its turn came; requests to 127.0.0.1:" +
                                       std::to_string(quiet.port()) + " that have no answer yet: 1");
}

TEST_CASE("destroying the client ends what is in flight and what waits, as skipped") {
  const RawServer quiet({});
  std::vector<ClientResponse> ended;
  {
    HttpClient::Options options;
    options.max_in_flight = 2;
    HttpClient client(options);
    for (int i = 0; i < 5; ++i)
      client.send(get(quiet.url()), [&](ClientResponse response) { ended.push_back(std::move(response)); });
    REQUIRE(eventually([&] { return quiet.accepted() == 2; }));
  }
  REQUIRE(ended.size() == 5);
  for (const ClientResponse& response : ended) check_failure(response, Stage::request, Reason::skipped);
}

TEST_CASE("a callback may send the next request, and one that throws harms nobody") {
  Served served(answering("ok"));
  std::promise<std::string> second;
  HttpClient client;
  client.send(get(served.url()), [&](const ClientResponse&) {
    client.send(get(served.url()), [&](const ClientResponse& response) { second.set_value(response.body); });
    throw std::runtime_error("a test's callback");
  });
  CHECK(second.get_future().get() == "ok");
}
