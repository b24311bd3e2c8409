// Pieces to many clients, some at a time: without connections, the bodies are asked what waits in them.

#include "collector/stream/listeners.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/server/gzip.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

constexpr std::size_t kRoom = 1000;

struct Hall {
  net::Loop loop;
  Listeners listeners{loop};
  std::vector<std::shared_ptr<net::StreamedBody>> bodies;

  void enter(std::size_t clients, bool gzip = false) {
    for (std::size_t i = 0; i < clients; ++i) {
      bodies.push_back(std::make_shared<net::StreamedBody>(kRoom));
      listeners.add({bodies.back(), gzip, {}});
    }
  }
  /// Returns what was written to a client since it was asked last.
  std::string heard(std::size_t client) {
    std::string out;
    while (const auto piece = bodies.at(client)->take()) out += *piece;
    return out;
  }
  [[nodiscard]] std::size_t reached() const {
    return static_cast<std::size_t>(
        std::count_if(bodies.begin(), bodies.end(), [](const auto& body) { return body->waiting() > 0; }));
  }
  /// Lets the loop work until this holds, or a minute is over.
  void work(const std::function<bool()>& condition) {
    const auto look = loop.every(Duration{1}, [&] {
      if (condition()) loop.stop();
    });
    const auto deadline = loop.after(std::chrono::seconds{60}, [this] { loop.stop(); });
    loop.run();
  }
};

}  // namespace

TEST_CASE("a piece reaches some clients at once and the others between other work, in order") {
  Hall hall;
  hall.enter(3 * Listeners::kAtOnce + 1);
  hall.listeners.tell("a ");
  hall.listeners.tell("b ");
  CHECK(hall.reached() == Listeners::kAtOnce);
  hall.work([&] { return hall.reached() == hall.bodies.size(); });
  CHECK(hall.reached() == hall.bodies.size());
  hall.listeners.tell("c");
  hall.work([&] { return hall.bodies.back()->waiting() == 5; });
  for (std::size_t client = 0; client < hall.bodies.size(); ++client) CHECK(hall.heard(client) == "a b c");
}

TEST_CASE("whoever comes while a piece is under way hears the next one alone") {
  Hall hall;
  hall.enter(Listeners::kAtOnce + 1);
  hall.listeners.tell("old");
  hall.enter(1);
  hall.listeners.tell("new");
  hall.work([&] { return hall.bodies.back()->waiting() > 0; });
  CHECK(hall.heard(Listeners::kAtOnce + 1) == "new");
  CHECK(hall.heard(0) == "oldnew");
}

TEST_CASE("a client that reads too slowly, or is not admitted any more, leaves, and no other misses anything by it") {
  Hall hall;
  hall.enter(Listeners::kAtOnce);
  hall.listeners.tell(std::string(kRoom - 1, 'x'));
  for (std::size_t client = 1; client < hall.bodies.size(); ++client) CHECK(hall.heard(client).size() == kRoom - 1);
  hall.listeners.tell("yy");
  CHECK(hall.listeners.size() == Listeners::kAtOnce - 1);
  CHECK(hall.listeners.dropped() == 1);
  for (std::size_t client = 1; client < hall.bodies.size(); ++client) CHECK(hall.heard(client) == "yy");

  hall.listeners.tell("z", [calls = 0](const Caller&) mutable { return ++calls != 2; });
  CHECK(hall.listeners.size() == Listeners::kAtOnce - 2);
  CHECK(hall.heard(1) == "z");
  CHECK(hall.heard(2).empty());
  CHECK(hall.bodies[2]->done());
}

TEST_CASE("a loop that is late keeps few pieces: the oldest is written at once") {
  Hall hall;
  hall.enter(2 * Listeners::kAtOnce);
  for (std::size_t piece = 0; piece <= Listeners::kMostWaiting; ++piece) hall.listeners.tell("p");
  CHECK(hall.reached() == hall.bodies.size());
}

TEST_CASE("a piece is packed once, for those who want it packed") {
  Hall hall;
  hall.enter(1);
  hall.enter(2, true);
  hall.listeners.tell("event");
  CHECK(hall.heard(0) == "event");
  const auto one = hall.bodies[1]->take();
  const auto other = hall.bodies[2]->take();
  REQUIRE(one);
  CHECK(one == other);
  CHECK(*one == net::gzip_stream_piece("event"));
}

TEST_CASE("nothing is written after the end") {
  Hall hall;
  hall.enter(Listeners::kAtOnce + 1);
  hall.listeners.tell("a");
  hall.listeners.end();
  CHECK(hall.listeners.size() == 0);
  CHECK(hall.heard(0) == "a");
  CHECK(hall.heard(Listeners::kAtOnce).empty());
  CHECK(hall.bodies[Listeners::kAtOnce]->over());
}
