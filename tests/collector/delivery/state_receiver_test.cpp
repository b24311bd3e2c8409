// What a receiver that keeps states hears, and hears again, on a clock of our own.

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/collector/delivery/delivery_bench.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using store::DeliveryStatus;
using Ids = std::vector<std::string>;

namespace {

/// Says in its requests which level the other end knows of each subject: `crm/a 1 after 2`.
class StateReceiver final : public PlainReceiver {
 public:
  using PlainReceiver::PlainReceiver;
  collector::Outgoing prepare(collector::Batch batch, TimePoint wall) const override {
    auto request = std::get<net::ClientRequest>(PlainReceiver::prepare(batch, wall));
    request.body.clear();
    for (const store::OutboxRow& row : batch)
      request.body += fmt::format("{} {} after {}\n", row.dedup_key, row.level, row.taken_before);
    return request;
  }
};

store::OutboxRow at_level(DeliveryBench& bench, const std::string& key, std::int64_t seq, const char* event,
                          int level) {
  store::OutboxRow row = bench.row("am", key, seq, event);
  row.level = level;
  return row;
}

std::string last_body(const Sink& sink) {
  return sink.requests().back().body;
}

}  // namespace

TEST_CASE("a receiver that keeps states hears only the newest of each subject") {
  Sink sink{{reply(503, {{"Retry-After", "30"}})}};
  const auto states = plain(sink);
  states->again = 60s;
  DeliveryBench bench{{DeliveryBench::named("am", states)}};
  bench.tell({bench.row("am", "crm/a", 1)});
  bench.quiet();
  bench.tell({bench.row("am", "crm/a", 2, "incident.escalated"), bench.row("am", "crm/a", 3, "incident.improved")});
  bench.pass(31s);
  bench.pass(1s);
  for (const Ids& ids : carried(sink)) {
    for (const std::string& id : ids) CHECK(id != "am-crm/a-2");
  }
  CHECK(carried(sink).back() == Ids{"am-crm/a-3"});
  CHECK(bench.count(DeliveryStatus::pending) == 0);
}

TEST_CASE("states are said again each minute, an end for a quarter of an hour, after a restart too") {
  Sink sink;
  const auto states = plain(sink);
  states->again = 60s;
  states->list = 100;
  DeliveryBench bench{{DeliveryBench::named("am", states)}};
  bench.tell({bench.row("am", "crm/a", 1), bench.row("am", "crm/b", 1)});
  bench.quiet();
  bench.pass(1s);
  const std::size_t told = sink.requests().size();
  bench.pass(61s);
  CHECK(sink.requests().size() == told + 1);
  CHECK(carried(sink).back() == Ids{"am-crm/a-1", "am-crm/b-1"});

  bench.tell({bench.row("am", "crm/a", 2, "incident.resolved")});
  bench.quiet();
  bench.pass(60s);
  CHECK(carried(sink).back() == Ids{"am-crm/a-2", "am-crm/b-1"});
  bench.stop();
  bench.start();
  bench.quiet();
  const std::size_t before = sink.requests().size();
  bench.pass(60s);
  CHECK(sink.requests().size() == before + 1);
  CHECK(carried(sink).back() == Ids{"am-crm/a-2", "am-crm/b-1"});
  bench.pass(16min);
  CHECK(carried(sink).back() == Ids{"am-crm/b-1"});
}

TEST_CASE("what was said again need not be delivered once more when the receiver is back") {
  Sink sink{{reply(503, {{"Retry-After", "3600"}})}};
  const auto states = plain(sink);
  states->again = 60s;
  DeliveryBench bench{{DeliveryBench::named("am", states)}};
  bench.pass(1s);
  bench.tell({bench.row("am", "crm/a", 1)});
  bench.quiet();
  CHECK(bench.count(DeliveryStatus::pending) == 1);
  bench.pass(61s);
  REQUIRE(eventually([&] { return bench.count(DeliveryStatus::delivered) == 1; }));
  CHECK(sink.requests().size() == 2);
}

TEST_CASE("what was under way when the other end's clock became known is sent again") {
  Sink sink;
  const auto states = plain(sink);
  std::atomic<bool> learns{true};
  sink.behave([&](const net::HttpRequest&) {
    if (learns.exchange(false)) ++states->written_by;
    return reply(200);
  });

  SECTION("a message") {
    DeliveryBench bench{{DeliveryBench::named("am", states)}};
    bench.tell({bench.row("am", "crm/a", 1)});
    bench.quiet();
    CHECK(bench.count(DeliveryStatus::pending) == 1);
    bench.pass(1s);
    CHECK(bench.count(DeliveryStatus::delivered) == 1);
    CHECK(carried(sink) == std::vector<Ids>{{"am-crm/a-1"}, {"am-crm/a-1"}});
  }
  SECTION("what is said again each minute") {
    learns = false;
    states->again = 60s;
    DeliveryBench bench{{DeliveryBench::named("am", states)}};
    bench.tell({bench.row("am", "crm/a", 1)});
    bench.quiet();
    bench.pass(1s);
    const std::size_t told = sink.requests().size();
    learns = true;
    bench.pass(61s);
    CHECK(sink.requests().size() == told + 1);
    bench.pass(1s);
    CHECK(sink.requests().size() == told + 2);
    bench.pass(1s);
    CHECK(sink.requests().size() == told + 2);
  }
}

TEST_CASE("a receiver of states is told what ends by what it took, also after a restart") {
  Sink sink;
  const auto states = std::make_shared<StateReceiver>(sink.url());
  states->again = 60s;
  states->list = 100;
  DeliveryBench bench{{DeliveryBench::named("am", states)}};
  bench.quiet();
  bench.tell({at_level(bench, "crm/never-poor", 1, "incident.opened", 1)});
  bench.quiet();
  CHECK(last_body(sink) == "crm/never-poor 1 after 0\n");
  bench.tell({at_level(bench, "crm/poor", 1, "incident.opened", 2)});
  bench.quiet();
  CHECK(last_body(sink) == "crm/poor 2 after 0\n");
  bench.stop();
  bench.start();
  bench.quiet();
  bench.tell({at_level(bench, "crm/never-poor", 2, "incident.resolved", 0)});
  bench.quiet();
  CHECK(last_body(sink) == "crm/never-poor 0 after 1\n");
  bench.tell({at_level(bench, "crm/poor", 2, "incident.improved", 1)});
  bench.quiet();
  CHECK(last_body(sink) == "crm/poor 1 after 2\n");
  // Repeated the end is said again: it may have been away.
  bench.stop();
  bench.start();
  bench.quiet();
  bench.pass(61s);
  CHECK(last_body(sink) == "crm/never-poor 0 after 1\ncrm/poor 1 after 2\n");
  bench.tell({at_level(bench, "crm/poor", 3, "incident.reminder", 1)});
  bench.quiet();
  CHECK(last_body(sink) == "crm/poor 1 after 1\n");
}

TEST_CASE("what a receiver of states never took has no end there") {
  Sink sink{{reply(503), reply(503)}};
  const auto states = std::make_shared<StateReceiver>(sink.url());
  states->again = 600s;
  DeliveryBench bench{{DeliveryBench::named("am", states)}};
  bench.quiet();
  bench.tell({at_level(bench, "crm/a", 1, "incident.opened", 2)});
  bench.quiet();
  bench.tell({at_level(bench, "crm/a", 2, "incident.improved", 1)});
  bench.pass_slowly(10s);
  CHECK(last_body(sink) == "crm/a 1 after 0\n");
  CHECK(bench.count(DeliveryStatus::delivered) == 1);
}
