#include "net/server/streamed_body.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

namespace {

constexpr std::size_t kRoom = 1024UL * 1024;

StreamedBody::Piece piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

/// Answers each request with a stream of its own.
struct Streams {
  explicit Streams(std::size_t room = kRoom) : room_(room) {}
  Handler handler() {
    return [this](const HttpRequest&, const Respond& respond) {
      HttpResponse response;
      response.headers.emplace_back("Content-Type", "text/event-stream");
      response.stream = std::make_shared<StreamedBody>(room_);
      all.push_back(response.stream);
      respond(std::move(response));
    };
  }
  std::vector<std::shared_ptr<StreamedBody>> all;  ///< the loop's

 private:
  std::size_t room_;
};

bool on(Served& served, const std::function<bool()>& question) {
  bool answer = false;
  served.on_loop([&] { answer = question(); });
  return answer;
}

}  // namespace

TEST_CASE("a streamed answer is sent piece by piece and ends with its connection") {
  Streams streams;
  Served served(streams.handler());
  RawClient client(served.port());
  client.say(kGet);
  const std::string head = client.hear_until("\r\n\r\n");
  CHECK_THAT(head, StartsWith("HTTP/1.1 200") && Contains("Connection: close") && !Contains("Content-Length"));
  REQUIRE(on(served, [&] { return streams.all.at(0)->send(piece("one ")); }));
  CHECK_THAT(client.hear_until("one "), EndsWith("one "));
  served.on_loop([&] {
    CHECK(streams.all[0]->send(piece("two ")));
    CHECK(streams.all[0]->send(piece("three")));
    streams.all[0]->end();
    CHECK_FALSE(streams.all[0]->send(piece("late")));
  });
  CHECK_THAT(client.hear_all(), EndsWith("two three"));
}

TEST_CASE("one piece is sent to many clients") {
  Streams streams;
  Served served(streams.handler());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<RawClient>(served.port()));
    clients.back()->say(kGet);
    CHECK_THAT(clients.back()->hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  const auto news = piece("news");
  served.on_loop([&] {
    for (const auto& stream : streams.all) CHECK(stream->send(news));
  });
  for (const auto& client : clients) CHECK_THAT(client->hear_until("news"), EndsWith("news"));
}

TEST_CASE("a client that does not read is dropped when more waits than there is room for") {
  Streams streams(256UL * 1024);
  Served served(streams.handler());
  RawClient client(served.port());
  client.say(kGet);
  CHECK_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  const auto large = piece(std::string(64UL * 1024, 'x'));
  // The sockets of both sides take some of it first.
  REQUIRE(eventually([&] { return on(served, [&] { return !streams.all[0]->send(large); }); }));
  CHECK(on(served, [&] { return streams.all[0]->over() && streams.all[0]->waiting() == 0; }));
}

TEST_CASE("a client that has gone ends its stream with the next pieces") {
  Streams streams;
  Served served(streams.handler());
  {
    RawClient client(served.port());
    client.say(kGet);
    CHECK_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  CHECK(eventually([&] { return on(served, [&] { return !streams.all[0]->send(piece("still there?")); }); }));
}

TEST_CASE("HEAD of a streamed answer gets its head alone") {
  Streams streams;
  Served served(streams.handler());
  RawClient client(served.port());
  client.say("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(client.hear_all(), StartsWith("HTTP/1.1 200") && EndsWith("\r\n\r\n"));
  CHECK(eventually([&] { return on(served, [&] { return streams.all[0]->over(); }); }));
}

TEST_CASE("a server that stops ends its streams after what waits") {
  Streams streams;
  Served served(streams.handler());
  RawClient client(served.port());
  client.say(kGet);
  CHECK_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  bool finished = false;
  served.on_loop([&] {
    CHECK(streams.all[0]->send(piece("last words")));
    served.server().stop(std::chrono::minutes{5}, [&] { finished = true; });
  });
  CHECK_THAT(client.hear_all(), EndsWith("last words"));
  CHECK(eventually([&] { return on(served, [&] { return finished; }); }));
}

TEST_CASE("a server that is destroyed closes its streams at once") {
  Streams streams;
  Served served(streams.handler());
  RawClient client(served.port());
  client.say(kGet);
  CHECK_THAT(client.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  served.destroy_server();
  CHECK_THAT(client.hear_all(), EndsWith(""));
  // The connection is closed first, and its coroutine ends with its next turn.
  CHECK(eventually([&] { return on(served, [&] { return streams.all[0]->over(); }); }));
  CHECK(on(served, [&] { return !streams.all[0]->send(piece("nobody")); }));
}
