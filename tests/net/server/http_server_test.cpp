#include <fmt/format.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

std::string post_head(std::size_t length) {
  return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

Handler echoing() {
  return [](HttpRequest request, const Respond& respond) {
    HttpResponse response;
    response.body = std::move(request.body);
    respond(response);
  };
}

}  // namespace

TEST_CASE("a handler sees method, path, query, headers, body and who asks") {
  HttpRequest seen;
  Served served([&](HttpRequest request, const Respond& respond) {
    seen = std::move(request);
    respond({});
  });
  RawClient client(served.port());
  client.say("POST /a%20b/c?x=1&y=a+b%26c&x=2&flag HTTP/1.1\r\nHost: h\r\nX-Two: v w \r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200 OK\r\n"));
  CHECK(seen.method == "POST");
  CHECK(seen.path == "/a b/c");
  CHECK(seen.query == std::map<std::string, std::string, std::less<>>{{"x", "1"}, {"y", "a b&c"}, {"flag", ""}});
  CHECK(seen.header("x-TWO") == "v w");
  CHECK(seen.header("absent").empty());
  CHECK(seen.body == "abc");
  CHECK(seen.remote_address == "127.0.0.1");
}

TEST_CASE("a connection serves one request after the other, also when they come at once") {
  Served served(echoing());
  RawClient client(served.port());
  for (const char* body : {"one", "two"}) {
    client.say(post_head(3) + body);
    CHECK_THAT(client.hear_answer(), Contains("Content-Length: 3\r\n") && Catch::EndsWith(body));
  }
  client.say(post_head(1) + "a" + post_head(1) + "b");
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("\r\na"));
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("\r\nb"));
  CHECK(served.server().stats().accepted == 1);
  CHECK(served.server().stats().malformed == 0);
}

TEST_CASE("a chunked body arrives whole") {
  Served served(echoing());
  RawClient client(served.port());
  client.say(
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nTrailer: "
      "t\r\n\r\n");
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("\r\n\r\nabcde"));
}

TEST_CASE("HEAD is answered as GET without its body") {
  std::string method;
  Served served([&](const HttpRequest& request, const Respond& respond) {
    method = request.method;
    HttpResponse response;
    response.body = "hello";
    respond(response);
  });
  RawClient client(served.port());
  client.say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.hear_until("\r\n\r\n");
  CHECK_THAT(head, Contains("Content-Length: 5\r\n") && Catch::EndsWith("\r\n\r\n"));
  CHECK(method == "GET");
  client.say(kGet);
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200") && Catch::EndsWith("hello"));
}

TEST_CASE("an answer has a date, and a status without a body has none") {
  Served served([](const HttpRequest&, const Respond& respond) {
    HttpResponse response;
    response.status = 204;
    respond(response);
  });
  RawClient client(served.port());
  client.say(kGet);
  const std::string answer = client.hear_answer();
  CHECK_THAT(answer, StartsWith("HTTP/1.1 204 No Content\r\n") && Contains("\r\nDate: ") && Contains(" GMT\r\n"));
  CHECK_THAT(answer, !Contains("Content-Length"));
}

TEST_CASE("an answer may have the handler's date") {
  Served served([](const HttpRequest&, const Respond& respond) {
    respond({200, {{"date", http_date(from_unix_millis(784'111'777'000))}}, "x"});
  });
  RawClient client(served.port());
  client.say(kGet);
  const std::string answer = client.hear_answer();
  CHECK_THAT(answer, Contains("\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  CHECK_THAT(answer, !Contains("Date: "));
}

TEST_CASE("a connection can be broken off before the answer or in the middle of its body") {
  std::atomic<Delivery> delivery{Delivery::nothing};
  Served served([&](const HttpRequest&, const Respond& respond) { respond({200, {}, "abcdefgh", delivery.load()}); });
  CHECK(ask(served, kGet).empty());
  delivery = Delivery::half_of_body;
  const std::string half = ask(served, kGet);
  CHECK_THAT(half, Contains("Content-Length: 8\r\n") && Catch::EndsWith("\r\n\r\nabcd"));
  delivery = Delivery::whole;
  RawClient client(served.port());
  client.say(kGet);
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("abcdefgh"));
}

TEST_CASE("HTTP/1.0, Connection: close and a handler's wish end the connection after the answer") {
  Served served([](const HttpRequest& request, const Respond& respond) {
    HttpResponse response;
    if (request.path == "/bye") response.headers.emplace_back("Connection", "close");
    respond(response);
  });
  for (const char* text : {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                           "GET /bye HTTP/1.1\r\nHost: x\r\n\r\n"})
    CHECK_THAT(ask(served, text), StartsWith("HTTP/1.1 200") && Contains("Connection: close\r\n"));
}

TEST_CASE("what is not HTTP or not clear is refused before a handler sees it") {
  std::atomic<int> handled{0};
  Served served([&](const HttpRequest&, const Respond& respond) {
    handled += 1;
    respond({});
  });
  struct Case {
    std::string text;
    std::string status;
    std::string code;
  };
  const std::vector<Case> cases = {
      {"nonsense\r\n\r\n", "400", "bad_request"},
      {"GET / HTTP/1.1\r\n\r\n", "400", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "bad_request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n", "400", "bad_request"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_request"},
      {"GET /%0a HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_request"},
      {"GET /?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_request"},
      {"GET nopath HTTP/1.1\r\nHost: a\r\n\r\n", "400", "bad_request"},
      {"GET / HTTP/3.7\r\nHost: a\r\n\r\n", "400", "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "400", "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400", "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
       "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", "400",
       "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400", "bad_request"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "501", "not_implemented"},
      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\na", "417", "expectation_failed"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.text);
    const std::string answer = ask(served, one.text);
    CHECK_THAT(answer, StartsWith("HTTP/1.1 " + one.status) && Contains("Connection: close\r\n") &&
                           Contains("Content-Type: application/json\r\n"));
    CHECK(error_code_of(answer) == one.code);
  }
  CHECK(handled == 0);
  CHECK(served.server().stats().malformed == cases.size());
  CHECK_THAT(ask(served, "GET http://example.org/ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a body over the limit is answered 413 and the connection closed, announced or not") {
  ServerOptions options;
  options.max_body_bytes = 1000;
  Served served(echoing(), options);
  SECTION("announced: before a byte of it is sent") {
    RawClient client(served.port());
    client.say(post_head(1001));
    const std::string answer = client.hear_all();
    CHECK_THAT(answer, StartsWith("HTTP/1.1 413"));
    CHECK(error_code_of(answer) == "too_large");
  }
  SECTION("chunked: when it grows over it") {
    const std::string chunk = "190\r\n" + std::string(400, 'x') + "\r\n";
    CHECK_THAT(ask(served, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk),
               StartsWith("HTTP/1.1 413"));
  }
  SECTION("while the client is still sending far more") {
    RawClient client(served.port());
    client.say(post_head(4'000'000));
    client.say(std::string(300'000, 'x'));
    CHECK_THAT(client.hear_all(), StartsWith("HTTP/1.1 413"));
  }
  SECTION("a body of exactly the limit is fine") {
    RawClient client(served.port());
    client.say(post_head(1000) + std::string(1000, 'x'));
    CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200"));
  }
}

TEST_CASE("headers over the limit are answered 431") {
  ServerOptions options;
  options.max_header_bytes = 2000;
  Served served(echoing(), options);
  CHECK_THAT(ask(served, "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(3000, 'y') + "\r\n\r\n"),
             StartsWith("HTTP/1.1 431"));
  const std::string endless = ask(served, "GET /" + std::string(100'000, 'y'));
  CHECK_THAT(endless, StartsWith("HTTP/1.1 431"));
  CHECK(error_code_of(endless) == "headers_too_large");
}

TEST_CASE("many small headers are bounded like a large one") {
  ServerOptions options;
  options.max_header_bytes = 2000;
  Served served(answering(""), options);
  std::string many = "GET / HTTP/1.0\r\n";
  while (many.size() < 1900) many += "X: a\r\n";
  CHECK_THAT(ask(served, many + "\r\n"), StartsWith("HTTP/1.1 200"));
  while (many.size() < 5000) many += "X: a\r\n";
  CHECK_THAT(ask(served, many + "\r\n"), StartsWith("HTTP/1.1 431"));
  // In pieces that are each small enough.
  RawClient slow(served.port());
  for (std::size_t at = 0; at < many.size(); at += 400) slow.say(many.substr(at, 400));
  CHECK_THAT(slow.hear_all(), StartsWith("HTTP/1.1 431"));
}

TEST_CASE("a client that stops within its headers, or dribbles them for ever, is answered 408") {
  ServerOptions options;
  options.header_timeout = Duration{80};
  Served served(echoing(), options);
  RawClient client(served.port());
  client.say("GET / HTTP/1.1\r\nHo");
  SECTION("stops") {}
  SECTION("dribbles") {
    REQUIRE(eventually([&] {
      client.say("x");
      return client.hears_something();
    }));
  }
  const std::string answer = client.hear_all();
  CHECK_THAT(answer, StartsWith("HTTP/1.1 408"));
  CHECK(error_code_of(answer) == "timeout");
}

TEST_CASE("a body that stops half-way is answered 408, one that ends half-way 400") {
  ServerOptions options;
  options.body_timeout = Duration{80};
  Served served(echoing(), options);
  CHECK_THAT(ask(served, post_head(10) + "abc"), StartsWith("HTTP/1.1 408"));
  RawClient client(served.port());
  client.say(post_head(10) + "abc");
  client.end_writing();
  CHECK_THAT(client.hear_all(), StartsWith("HTTP/1.1 400"));
}

TEST_CASE("an idle connection is closed without a word") {
  ServerOptions options;
  options.idle_timeout = Duration{50};
  options.header_timeout = Duration{50};
  Served served(echoing(), options);
  RawClient silent(served.port());
  CHECK(silent.hear_all().empty());
  RawClient client(served.port());
  client.say(kGet);
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200"));
  CHECK(client.hear_all().empty());
  CHECK(served.server().stats().malformed == 0);
  CHECK(eventually([&] { return served.server().stats().open == 0; }));
}

TEST_CASE("100-continue is said before the body, and 413 instead of it") {
  ServerOptions options;
  options.max_body_bytes = 100;
  Served served(echoing(), options);
  RawClient client(served.port());
  client.say("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.hear_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.say("abc");
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200") && Catch::EndsWith("abc"));
  client.say("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  CHECK_THAT(client.hear_all(), StartsWith("HTTP/1.1 413"));
}

TEST_CASE("when every place is busy with a request more are answered 503, and there is room again afterwards") {
  ServerOptions options;
  options.max_connections = 2;
  std::vector<Respond> held;
  std::atomic<int> asked{0};
  bool hold = true;
  Served served(
      [&](HttpRequest, Respond respond) {
        if (!hold) return respond({});
        held.push_back(std::move(respond));
        ++asked;
      },
      options);
  {
    RawClient first(served.port());
    RawClient second(served.port());
    first.say(kGet);
    second.say(kGet);
    REQUIRE(eventually([&] { return asked == 2; }));
    const std::string answer = ask(served, kGet);
    CHECK_THAT(answer, StartsWith("HTTP/1.1 503") && Contains("Retry-After: "));
    CHECK(error_code_of(answer) == "overloaded");
    CHECK(served.server().stats().refused == 1);
    served.on_loop([&] {
      hold = false;
      for (const Respond& respond : held) respond({});
      held.clear();
    });
    CHECK_THAT(first.hear_answer(), StartsWith("HTTP/1.1 200"));
    CHECK_THAT(second.hear_answer(), StartsWith("HTTP/1.1 200"));
  }
  REQUIRE(eventually([&] { return served.server().stats().open == 0; }));
  CHECK_THAT(ask(served, "GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("when every place is taken, the one that has waited longest without a whole request goes") {
  ServerOptions options;
  options.max_connections = 3;
  Served served(echoing(), options);
  RawClient used(served.port());
  REQUIRE(eventually([&] { return served.server().stats().open == 1; }));
  RawClient silent(served.port());
  REQUIRE(eventually([&] { return served.server().stats().open == 2; }));
  RawClient slow(served.port());
  REQUIRE(eventually([&] { return served.server().stats().open == 3; }));
  slow.say("GET / HTTP/1.1\r\nHo");
  used.say(kGet);  // its wait begins anew
  CHECK_THAT(used.hear_answer(), StartsWith("HTTP/1.1 200"));

  CHECK_THAT(ask(served, "GET / HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  CHECK(silent.hear_all().empty());
  REQUIRE(eventually([&] { return served.server().stats().open == 2; }));
  slow.say("st: x\r\n\r\n");
  CHECK_THAT(slow.hear_answer(), StartsWith("HTTP/1.1 200"));
  used.say(kGet);
  CHECK_THAT(used.hear_answer(), StartsWith("HTTP/1.1 200"));
  CHECK(served.server().stats().displaced == 1);
  CHECK(served.server().stats().refused == 0);
}

TEST_CASE("a head check may name who answers a request, with what it found out about it") {
  std::atomic<int> checked = 0;
  ServerOptions options;
  options.check_head = [&](const HttpRequest& head) {
    HeadVerdict verdict;
    verdict.max_body_bytes = 100;
    ++checked;
    if (head.path != "/server") {
      verdict.handler = [path = head.path](const HttpRequest& request, const Respond& respond) {
        respond({200, {}, path + " " + request.body});
      };
    }
    return verdict;
  };
  Served served(answering("the server's"), options);
  const std::string rest = " HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  RawClient client(served.port());
  client.say("POST /one" + rest);
  CHECK_THAT(client.hear_answer(), Contains("/one body"));
  client.say("POST /two" + rest);
  CHECK_THAT(client.hear_answer(), Contains("/two body"));
  client.say("POST /server" + rest);
  CHECK_THAT(client.hear_answer(), Contains("the server's"));
  CHECK(checked == 3);
}

TEST_CASE("a head check answers before the body is read, and bounds the body of what it lets through") {
  int handled = 0;
  ServerOptions options;
  options.check_head = [](const HttpRequest& head) {
    HeadVerdict verdict;
    verdict.max_body_bytes = 4;
    if (head.path == "/closed") verdict.refusal = HttpResponse{403, {}, "no"};
    return verdict;
  };
  Served served(
      [&](HttpRequest, const Respond& respond) {
        ++handled;
        respond({});
      },
      options);
  const auto post = [](const std::string& path, const std::string& rest) {
    return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + rest;
  };
  CHECK_THAT(ask(served, post("/closed", "Content-Length: 1000000\r\n\r\nabc")),
             StartsWith("HTTP/1.1 403") && Contains("Connection: close"));
  CHECK_THAT(ask(served, post("/open", "Content-Length: 5\r\n\r\nabcde")), StartsWith("HTTP/1.1 413"));
  CHECK_THAT(ask(served, post("/open", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")),
             StartsWith("HTTP/1.1 413"));
  CHECK(handled == 0);
  RawClient client(served.port());
  client.say("GET /closed HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 403"));
  client.say(post("/open", "Content-Length: 4\r\n\r\nabcd"));
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200"));
  CHECK(handled == 1);
}

TEST_CASE("common headers are on every answer, unless it has them itself, also when it was not a request") {
  ServerOptions options;
  options.headers = {{"X-Common", "yes"}, {"Cache-Control", "no-store"}};
  Served served([](const HttpRequest&, const Respond& respond) { respond({200, {{"cache-control", "public"}}, ""}); },
                options);
  const std::string good = ask(served, "GET / HTTP/1.0\r\n\r\n");
  CHECK_THAT(good, Contains("X-Common: yes\r\n") && Contains("cache-control: public"));
  CHECK_THAT(good, !Contains("no-store"));
  CHECK_THAT(ask(served, "nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400") && Contains("X-Common: yes\r\n"));
}

TEST_CASE("one client has a bounded number of connections, those that are not counted have not") {
  ServerOptions options;
  options.max_connections_per_client = 2;
  Served served(answering("here"), options);
  const auto is_served = [&](RawClient& client) {
    client.say(kGet);
    return client.hear_answer().starts_with("HTTP/1.1 200");
  };
  RawClient first(served.port());
  CHECK(is_served(first));
  {
    RawClient second(served.port());
    CHECK(is_served(second));
    RawClient third(served.port());
    third.say(kGet);
    CHECK_THAT(third.hear_all(), StartsWith("HTTP/1.1 503") && Contains("Retry-After"));
    CHECK(served.server().stats().crowded == 1);
  }
  CHECK(eventually([&] {
    RawClient again(served.port());
    return is_served(again);
  }));
  served.on_loop([&] { served.server().limit_connections(1024, 1, Networks::loopback()); });
  RawClient one(served.port());
  RawClient two(served.port());
  CHECK(is_served(one));
  CHECK(is_served(two));
}

TEST_CASE("bodies that arrive at once share a bounded room, each by what has come of it") {
  ServerOptions options;
  options.max_body_bytes = 1'000'000;
  options.max_arriving_bytes = 1'500'000;
  Served served(echoing(), options);
  const auto post = [&](std::size_t bytes) {
    return ask(served, fmt::format("POST / HTTP/1.0\r\nContent-Length: {}\r\n\r\n", bytes) + std::string(bytes, 'x'));
  };
  std::vector<std::unique_ptr<RawClient>> announcers;
  for (int i = 0; i < 8; ++i) {
    announcers.push_back(std::make_unique<RawClient>(served.port()));
    announcers.back()->say(post_head(1'000'000) + "begun");
  }
  REQUIRE(eventually([&] { return served.server().stats().open == 8; }));
  CHECK_THAT(post(1'000'000), StartsWith("HTTP/1.1 200"));
  announcers.front()->say(std::string(1'000'000 - 5, 'y'));
  CHECK_THAT(announcers.front()->hear_answer(), StartsWith("HTTP/1.1 200"));
  CHECK(served.server().stats().too_slow == 0);
}

TEST_CASE("a body for which there is no room is answered 503, until the slowest of those that arrive has gone",
          "[slow]") {
  ServerOptions options;
  options.max_body_bytes = 1'000'000;
  options.max_arriving_bytes = 1'500'000;
  Served served(echoing(), options);
  const auto arrived = [&] { return served.server().stats().arriving_bytes; };
  RawClient slower(served.port());
  slower.say(post_head(1'000'000) + "x");
  REQUIRE(eventually([&] { return arrived() > 0; }));
  RawClient slow(served.port());
  slow.say(post_head(1'000'000) + std::string(900'000, 'x'));
  REQUIRE(eventually([&] { return arrived() > 900'000; }));
  std::string answer;
  CHECK(eventually([&] {
    answer = ask(served, "POST / HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
    return answer.starts_with("HTTP/1.1 200");
  }));
  CHECK(slower.hear_all().empty());
  CHECK(served.server().stats().too_slow == 2);
}
