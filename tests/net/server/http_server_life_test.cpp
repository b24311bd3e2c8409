#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// Keeps what a handler gets, until the test answers.
struct Held {
  Handler handler() {
    return [this](const HttpRequest&, Respond given) {
      const std::lock_guard lock(mutex);
      responds.push_back(std::move(given));
    };
  }
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return responds.size();
  }
  Respond take() {
    const std::lock_guard lock(mutex);
    Respond respond = std::move(responds.back());
    responds.pop_back();
    return respond;
  }
  std::mutex mutex;
  std::vector<Respond> responds;
};

}  // namespace

TEST_CASE("a handler that throws, drops its answer or breaks a header is a 500, and the connection lives on") {
  Served served([](const HttpRequest& request, const Respond& respond) {
    if (request.path == "/throw") throw std::runtime_error("secret detail");
    if (request.path == "/drop") return;
    HttpResponse response;
    if (request.path == "/inject") response.headers.emplace_back("X", "a\r\nSet-Cookie: b");
    if (request.path == "/status") response.status = 99;
    respond(response);
  });
  RawClient client(served.port());
  for (const std::string path : {"/throw", "/drop", "/inject", "/status"}) {
    CAPTURE(path);
    client.say("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.hear_answer();
    CHECK_THAT(answer, StartsWith("HTTP/1.1 500 ") && !Contains("secret detail") && !Contains("Set-Cookie"));
    CHECK(error_code_of(answer) == "internal");
  }
  client.say(kGet);
  CHECK_THAT(client.hear_answer(), StartsWith("HTTP/1.1 200"));
}

TEST_CASE("an answer may come later, from a timer or another thread, and only the first counts") {
  Held held;
  Served served(held.handler());
  RawClient client(served.port());
  client.say(kGet);
  REQUIRE(eventually([&] { return held.count() == 1; }));
  const Respond respond = held.take();
  HttpResponse first;
  first.body = "first";
  respond(first);
  respond({});
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("first"));
  client.say(kGet);
  REQUIRE(eventually([&] { return held.count() == 1; }));
  respond({});  // of the request before: goes nowhere
  HttpResponse second;
  second.body = "second";
  held.take()(second);
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("second"));
}

TEST_CASE("a handler that answers later can ask whether its client is still there") {
  std::function<bool()> gone;
  Respond held;
  Served served{[&](const HttpRequest& request, Respond respond) {
    gone = request.gone;
    held = std::move(respond);
  }};
  auto client = std::make_unique<RawClient>(served.port());
  client->say("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto says = [&](bool wanted) {
    return eventually([&] {
      bool right = false;
      served.on_loop([&] { right = gone && gone() == wanted; });
      return right;
    });
  };
  CHECK(says(false));
  client.reset();
  CHECK(says(true));
  served.on_loop([&] { held = nullptr; });
}

TEST_CASE("an answer to a client that has gone is dropped") {
  Held held;
  Served served(held.handler());
  {
    RawClient client(served.port());
    client.say(kGet);
    REQUIRE(eventually([&] { return held.count() == 1; }));
  }
  served.on_loop([&] { held.take()({}); });
  CHECK(eventually([&] { return served.server().stats().open == 0; }));
}

TEST_CASE("a large answer reaches a client that reads late") {
  const std::string large(3'000'000, 'z');
  Served served(answering(large));
  RawClient client(served.port());
  client.say(kGet);
  CHECK(client.hear_answer().size() > large.size());
}

TEST_CASE("a client that does not read its answer is given up") {
  ServerOptions options;
  options.body_timeout = Duration{100};
  Served served(answering(std::string(40'000'000, 'z')), options);
  RawClient client(served.port());
  client.say(kGet);
  REQUIRE(eventually([&] { return served.server().stats().accepted == 1; }));
  CHECK(eventually([&] { return served.server().stats().open == 0; }));
}

TEST_CASE("answers that nobody takes have a bounded room, and the slowest reader makes place", "[slow]") {
  constexpr std::size_t kAnswer = 12'000'000;
  ServerOptions options;
  options.max_sending_bytes = 2 * kAnswer + kAnswer / 2;
  Served served(answering(std::string(kAnswer, 'z')), options);
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 6; ++i) {
    silent.push_back(std::make_unique<RawClient>(served.port()));
    silent.back()->say(kGet);
  }
  // Those that are too young to be called slow stay for a second.
  CHECK(eventually([&] {
    RawClient honest(served.port());
    honest.say("GET / HTTP/1.0\r\n\r\n");
    CHECK(honest.hear_all().size() > kAnswer);
    return served.server().stats().too_slow >= 4;
  }));
}

TEST_CASE("an answer that is shared takes its room once, however many read it") {
  constexpr std::size_t kAnswer = 12'000'000;
  const auto page = std::make_shared<const std::string>(kAnswer, 'z');
  ServerOptions options;
  options.max_sending_bytes = 2 * kAnswer;
  Served served(
      [&page](const HttpRequest&, const Respond& respond) {
        HttpResponse response;
        response.shared = page;
        respond(response);
      },
      options);
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 6; ++i) {
    silent.push_back(std::make_unique<RawClient>(served.port()));
    silent.back()->say(kGet);
  }
  REQUIRE(eventually([&] { return page.use_count() >= 7; }));
  RawClient honest(served.port());
  honest.say("GET / HTTP/1.0\r\n\r\n");
  const std::string heard = honest.hear_all();
  CHECK_THAT(heard, Contains(fmt::format("Content-Length: {}", kAnswer)));
  CHECK(heard.size() > kAnswer);
  CHECK(served.server().stats().too_slow == 0);
}

TEST_CASE("stop lets the current request finish, closes idle connections and takes no new ones") {
  Held held;
  Served served(held.handler());
  RawClient idle(served.port());
  RawClient busy(served.port());
  busy.say(kGet);
  REQUIRE(eventually([&] { return held.count() == 1 && served.server().stats().open == 2; }));
  std::atomic<bool> finished{false};
  served.on_loop([&] { served.server().stop(std::chrono::seconds{20}, [&] { finished = true; }); });
  CHECK(idle.hear_all().empty());
  CHECK_THROWS(RawClient(served.port()));
  CHECK_FALSE(finished);
  served.on_loop([&] { held.take()({}); });
  CHECK_THAT(busy.hear_all(), StartsWith("HTTP/1.1 200") && Contains("Connection: close\r\n"));
  CHECK(eventually([&] { return finished.load(); }));
  CHECK(served.server().stats().open == 0);
}

TEST_CASE("stop closes what does not finish within its grace") {
  Held held;
  Served served(held.handler());
  RawClient busy(served.port());
  busy.say(kGet);
  RawClient half(served.port());
  half.say("GET / HT");
  REQUIRE(eventually([&] { return held.count() == 1 && served.server().stats().open == 2; }));
  std::atomic<bool> finished{false};
  served.on_loop([&] { served.server().stop(Duration{30}, [&] { finished = true; }); });
  CHECK(busy.hear_all().empty());
  CHECK(half.hear_all().empty());
  CHECK(eventually([&] { return finished.load(); }));
  served.on_loop([&] { held.take()({}); });
}

TEST_CASE("a server may go while requests are being handled, and their answers later go nowhere") {
  Held held;
  Served served(held.handler());
  RawClient busy(served.port());
  busy.say(kGet);
  REQUIRE(eventually([&] { return held.count() == 1; }));
  served.destroy_server();
  CHECK(busy.hear_all().empty());
  served.on_loop([&] { held.take()({}); });
}

TEST_CASE("a handler may destroy its own server") {
  Loop loop;
  std::unique_ptr<HttpServer> server;
  const std::string kept = "kept";
  const auto handler = [&, kept](const HttpRequest&, const Respond& respond) {
    server.reset();
    respond({});
    CHECK(kept == "kept");
    loop.stop();
  };
  server = HttpServer::listen(loop, {}, handler).value();
  RawClient client(server->port());
  client.say(kGet);
  loop.run();
  CHECK(server == nullptr);
}

TEST_CASE("a server without file descriptors left goes on once there are some") {
  Served served(answering("back"));
  served.on_loop([] {});
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(next) + 1;  // one for the client, none for the server
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
  RawClient client(served.port());
  client.say(kGet);
  const bool heard = client.hears_something();
  const auto accepted = served.server().stats().accepted;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(heard);
  CHECK(accepted == 0);
  CHECK_THAT(client.hear_answer(), Catch::EndsWith("back"));
}

TEST_CASE("a loop may go with connections and unanswered requests in it") {
  Held held;
  {
    Served served(held.handler());
    RawClient busy(served.port());
    busy.say(kGet);
    REQUIRE(eventually([&] { return held.count() == 1; }));
  }
  held.take()({});
  CHECK(held.count() == 0);
}

TEST_CASE("a port in use, an address of nowhere and missing certificates are errors") {
  Loop loop;
  auto first = HttpServer::listen(loop, {}, answering(""));
  REQUIRE(first.has_value());
  ServerOptions options;
  options.port = (*first)->port();
  CHECK_THAT(HttpServer::listen(loop, options, answering("")).error().message, Contains("in use"));
  options.port = 0;
  options.address = "crm.example";
  CHECK_THAT(HttpServer::listen(loop, options, answering("")).error().message, Contains("crm.example"));
  options.address = "127.0.0.1";
  options.tls = TlsFiles{"/does/not/exist.pem", "/does/not/exist.key", ""};
  CHECK_THAT(HttpServer::listen(loop, options, answering("")).error().message, Contains("/does/not/exist.pem"));
}

TEST_CASE("all addresses are listened on with one port") {
  ServerOptions options;
  options.address = parse_endpoint(":0").value().address;
  Served served(answering("here"), options);
  CHECK_THAT(ask(served, "GET / HTTP/1.0\r\n\r\n"), Catch::EndsWith("here"));
}
