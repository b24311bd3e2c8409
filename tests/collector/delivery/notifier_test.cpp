// The way of messages from the outbox to receivers, on a clock of our own.

#include <catch2/catch.hpp>

#include <set>

#include "tests/collector/delivery/delivery_bench.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using collector::Budget;
using store::DeliveryStatus;
using Ids = std::vector<std::string>;

namespace {

std::size_t messages_in(const Sink& sink) {
  std::set<std::string> ids;
  std::size_t count = 0;
  for (const Ids& one : carried(sink)) {
    count += one.size();
    ids.insert(one.begin(), one.end());
  }
  CHECK(ids.size() == count);
  return count;
}

}  // namespace

TEST_CASE("case 81: 25 messages in a minute to a robot that takes 15: 15 requests, the rest gathered in the last") {
  Sink sink;
  const auto robot = plain(sink);
  robot->most = Budget{15, 60s};
  DeliveryBench bench{{DeliveryBench::named("robot", robot)}};
  bench.pass(61s);
  for (int i = 0; i < 25; ++i) {
    bench.tell({bench.row("robot", "crm/" + std::to_string(i), 1)});
    bench.pass(2s);
  }
  CHECK(sink.requests().size() == 15);
  bench.pass_slowly(15s);
  CHECK(bench.count(DeliveryStatus::delivered) == 25);
  CHECK(messages_in(sink) == 25);
  CHECK(sink.requests().size() == 16);
  CHECK(carried(sink).back().size() == 10);
}

TEST_CASE("a storm within one second to a robot: no more than its budget, and nothing waits for the next minute") {
  Sink sink;
  const auto robot = plain(sink);
  robot->most = Budget{15, 60s};
  DeliveryBench bench{{DeliveryBench::named("robot", robot)}};
  bench.pass(61s);
  std::vector<store::OutboxRow> storm;
  for (int i = 0; i < 25; ++i) storm.push_back(bench.row("robot", "crm/" + std::to_string(i), 1));
  bench.tell(storm);
  bench.pass(1s);
  bench.pass(1s);
  CHECK(bench.count(DeliveryStatus::delivered) == 25);
  CHECK(sink.requests().size() <= 15);
  CHECK(messages_in(sink) == 25);
}

TEST_CASE("right after a start a third of the budget is used: what went before is not known") {
  Sink sink;
  const auto robot = plain(sink);
  robot->most = Budget{15, 60s};
  DeliveryBench bench{{DeliveryBench::named("robot", robot)}};
  for (int i = 0; i < 8; ++i) {
    bench.tell({bench.row("robot", "crm/" + std::to_string(i), 1)});
    bench.pass(1s);
  }
  CHECK(sink.requests().size() == 5);
  bench.pass_slowly(60s);
  CHECK(messages_in(sink) == 8);
}

TEST_CASE("two messages about one CRM never go out of order, in company neither") {
  Sink sink;
  const auto robot = plain(sink);
  robot->list = 10;
  DeliveryBench bench{{DeliveryBench::named("robot", robot)}};
  bench.tell({bench.row("robot", "crm/a", 1), bench.row("robot", "crm/b", 1),
              bench.row("robot", "crm/a", 2, "incident.escalated")});
  bench.pass(1s);
  bench.pass(1s);
  CHECK(carried(sink) == std::vector<Ids>{{"robot-crm/a-1", "robot-crm/b-1"}, {"robot-crm/a-2"}});
}

TEST_CASE("of a list that is refused only what is wrong dies, each by itself") {
  Sink sink{{reply(400), reply(200), reply(400), reply(200)}};
  const auto list = plain(sink);
  list->list = 10;
  DeliveryBench bench{{DeliveryBench::named("list", list)}};
  bench.tell({bench.row("list", "crm/a", 1), bench.row("list", "crm/b", 1), bench.row("list", "crm/c", 1)});
  bench.quiet();
  bench.pass(1s);
  bench.pass(1s);
  CHECK(bench.count(DeliveryStatus::delivered) == 2);
  CHECK(bench.count(DeliveryStatus::dead) == 1);
  REQUIRE(carried(sink).size() == 4);
  CHECK(carried(sink)[0].size() == 3);
  CHECK(carried(sink)[1].size() == 1);
}

TEST_CASE("case 75: the next attempt after Retry-After 7 comes no sooner") {
  Sink sink{{reply(429, {{"Retry-After", "7"}})}};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  bench.tell({bench.row("oncall", "crm/a", 1)});
  bench.quiet();
  CHECK(sink.requests().size() == 1);
  bench.pass(6999ms);
  CHECK(sink.requests().size() == 1);
  bench.pass(1ms);
  CHECK(sink.requests().size() == 2);
  CHECK(bench.count(DeliveryStatus::delivered) == 1);
}

TEST_CASE("case 77: killed between the answer and the commit, a message goes again with the same id") {
  Sink sink;
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  const store::OutboxRow row = bench.row("oncall", "crm/a", 1);
  // As the notifier does it, up to where the process was killed: leased, sent, answered, not settled.
  bench.writer()
      .run([&](store::Database& database) -> Result<void> {
        if (auto done = store::enqueue(database, row); !done) return done;
        const auto leased = store::lease(database, "oncall", row.created, row.created + 10min, 1);
        return leased && leased->size() == 1 ? Result<void>{} : Error{"nothing leased"};
      })
      .value();
  CHECK(send({"POST", sink.url(), {}, row.id + "\n"}).status == 200);
  CHECK(bench.count(DeliveryStatus::inflight) == 1);
  bench.restart_after_kill();
  bench.pass(1s);
  CHECK(carried(sink) == std::vector<Ids>{{row.id}, {row.id}});
  REQUIRE(bench.count(DeliveryStatus::delivered) == 1);
  CHECK(bench.rows(DeliveryStatus::delivered)[0].attempts == 2);
}

TEST_CASE("case 78: an opened whose fate nobody knows is sent again, and its resolved follows") {
  Sink sink{{reply(500)}};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  bench.tell({bench.row("oncall", "crm/a", 1)});
  bench.quiet();
  CHECK(sink.requests().size() == 1);
  bench.tell({bench.row("oncall", "crm/a", 2, "incident.resolved")});
  bench.pass(2s);
  bench.pass(1s);
  CHECK(carried(sink) == std::vector<Ids>{{"oncall-crm/a-1"}, {"oncall-crm/a-1"}, {"oncall-crm/a-2"}});
  CHECK(bench.count(DeliveryStatus::delivered) == 2);
}

TEST_CASE("case 79: an opened that was never tried vanishes with its resolved") {
  Sink sink{{reply(503, {{"Retry-After", "60"}})}};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  bench.tell({bench.row("oncall", "crm/other", 1)});
  bench.quiet();
  bench.tell({bench.row("oncall", "crm/a", 1)});
  bench.pass(1s);
  bench.tell({bench.row("oncall", "crm/a", 2, "incident.resolved")});
  bench.pass(61s);
  CHECK(carried(sink) == std::vector<Ids>{{"oncall-crm/other-1"}, {"oncall-crm/other-1"}});
  CHECK(bench.count(DeliveryStatus::superseded) == 2);
}

TEST_CASE("case 80: what a dead receiver does not take, another has at once") {
  Sink sink;
  DeliveryBench bench{{DeliveryBench::named("a", std::make_shared<PlainReceiver>("http://127.0.0.1:1/")),
                       DeliveryBench::named("b", plain(sink))}};
  for (int i = 0; i < 20; ++i) {
    const std::string key = "crm/" + std::to_string(i);
    bench.tell({bench.row("a", key, 1), bench.row("b", key, 1)});
  }
  bench.pass(1s);
  bench.pass(1s);
  CHECK(messages_in(sink) == 20);
}

TEST_CASE("case 82: what a message is stamped with is the time of each attempt, however long it waited") {
  Sink sink{{reply(503, {{"Retry-After", "3600"}}), reply(503, {{"Retry-After", "600"}})}};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  const TimePoint start = bench.now();
  bench.tell({bench.row("oncall", "crm/a", 1)});
  bench.quiet();
  bench.pass(60min);
  bench.pass(10min);
  REQUIRE(sink.requests().size() == 3);
  CHECK(sink.requests()[0].header("sent-at") == format_time(start));
  CHECK(sink.requests()[2].header("sent-at") == format_time(start + 70min));
}

TEST_CASE("an ingress that answers for a receiver for some minutes loses no page") {
  const int status = GENERATE(301, 302, 401, 403, 404, 405, 407, 503);
  INFO(status);
  Sink sink{std::vector<net::HttpResponse>(8, reply(status))};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  bench.tell({bench.row("oncall", "crm/a", 1)});
  for (int i = 0; i < 200 && bench.count(DeliveryStatus::delivered) == 0; ++i) bench.pass(30s);
  CHECK(bench.count(DeliveryStatus::delivered) == 1);
  CHECK(bench.count(DeliveryStatus::dead) == 0);
  CHECK(sink.requests().size() == 9);
}

TEST_CASE("a refusal that lasts is given up after a day, and another receiver hears of it") {
  Sink refusing{std::vector<net::HttpResponse>(500, reply(403))};
  Sink other;
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(refusing)), DeliveryBench::named("other", plain(other))}};
  bench.tell({bench.row("oncall", "crm/a", 1)});
  for (int i = 0; i < 110; ++i) bench.pass(15min);
  CHECK(bench.count(DeliveryStatus::dead) == 1);
  CHECK(other.requests().size() == 1);
  CHECK(refusing.requests().size() > 90);
}

TEST_CASE("case 84: after 410 nothing is sent, another receiver hears of it, and by hand it is tried once more") {
  Sink gone{{reply(410)}};
  Sink other;
  DeliveryBench bench{{DeliveryBench::named("gone", plain(gone)), DeliveryBench::named("other", plain(other))}};
  bench.tell({bench.row("gone", "crm/a", 1)});
  bench.quiet();
  bench.tell({bench.row("gone", "crm/b", 1)});
  bench.quiet();
  CHECK(gone.requests().size() == 1);
  CHECK(bench.count(DeliveryStatus::dead) == 2);
  CHECK(other.requests().size() == 2);
  // As the API does it.
  for (store::OutboxRow row : bench.rows(DeliveryStatus::dead)) {
    row.status = DeliveryStatus::pending;
    bench.writer().run([&](store::Database& database) { return store::settle(database, row); }).value();
  }
  bench.pass(5s);
  CHECK(gone.requests().size() == 3);
  CHECK(bench.count(DeliveryStatus::dead) == 0);
}

TEST_CASE("an answer that only says accepted is followed up until it is known what became of it") {
  Sink sink{{reply(202), reply(404), reply(404), reply(200)}};
  const auto asking = plain(sink);
  asking->asks = true;
  DeliveryBench bench{{DeliveryBench::named("jsm", asking)}};
  bench.tell({bench.row("jsm", "crm/a", 1)});
  REQUIRE(eventually([&] { return sink.requests().size() == 2; }));
  CHECK(bench.count(DeliveryStatus::delivered) == 0);
  REQUIRE(eventually([&] {
    bench.advance(1s);
    return bench.count(DeliveryStatus::delivered) == 1;
  }));
  CHECK(sink.requests().size() == 4);
  CHECK(sink.requests()[3].method == "GET");
}

TEST_CASE("accepted, then refused: it is dead, and somebody else hears of it") {
  Sink sink{{reply(202), reply(400)}};
  Sink other;
  const auto asking = plain(sink);
  asking->asks = true;
  DeliveryBench bench{{DeliveryBench::named("jsm", asking), DeliveryBench::named("other", plain(other))}};
  bench.tell({bench.row("jsm", "crm/a", 1)});
  REQUIRE(eventually([&] { return bench.count(DeliveryStatus::dead) == 1; }));
  CHECK(eventually([&] { return other.requests().size() == 1; }));
}

TEST_CASE("accepted, and nobody ever says more: the message is sent again") {
  std::vector<net::HttpResponse> script{reply(202)};
  for (int i = 0; i < 6; ++i) script.push_back(reply(404));
  script.push_back(reply(202));
  Sink sink{script};
  const auto asking = plain(sink);
  asking->asks = true;
  DeliveryBench bench{{DeliveryBench::named("jsm", asking)}};
  bench.tell({bench.row("jsm", "crm/a", 1)});
  REQUIRE(eventually([&] {
    bench.advance(1s);
    return bench.count(DeliveryStatus::delivered) == 1;
  }));
  CHECK(sink.requests()[7].method == "POST");
}

TEST_CASE("while the disk refuses, messages go out all the same, in order, and not again when it takes them") {
  Sink sink{{reply(503)}};
  DeliveryBench bench{{DeliveryBench::named("oncall", plain(sink))}};
  const std::vector<store::OutboxRow> rows{bench.row("oncall", "crm/a", 1),
                                           bench.row("oncall", "crm/a", 2, "incident.escalated")};
  const auto refused = [&] {
    bench.thread().run([&] { bench.notifier().send_unstored(rows); });
    bench.quiet();
  };
  refused();
  CHECK(carried(sink) == std::vector<Ids>{{rows[0].id}});
  bench.pass(31s);
  refused();
  refused();
  CHECK(carried(sink) == std::vector<Ids>{{rows[0].id}, {rows[0].id}, {rows[1].id}});
  bench.tell(rows);
  bench.pass(1s);
  bench.pass(1s);
  CHECK(bench.count(DeliveryStatus::delivered) == 2);
  CHECK(sink.requests().size() == 3);
}

TEST_CASE("case 110: what waits for a receiver that is taken out of the configuration is abandoned and counted") {
  Sink up;
  Sink down;
  down.behave([](const net::HttpRequest&) { return reply(503); });
  DeliveryBench bench{{DeliveryBench::named("chat", plain(up)), DeliveryBench::named("old", plain(down))}};
  bench.tell({bench.row("old", "crm/acme", 1), bench.row("old", "crm/beta", 1), bench.row("chat", "crm/acme", 1)});
  bench.pass(1s);
  CHECK(bench.count(DeliveryStatus::pending) == 2);
  bench.reconfigure({DeliveryBench::named("chat", plain(up))});
  REQUIRE(eventually([&] { return bench.abandoned("old") == 2; }));
  CHECK(bench.count(DeliveryStatus::abandoned) == 2);
  bench.pass(20s);
  CHECK(eventually([&] { return bench.waiting() == 0; }));
  // Put back it hears what is told from then on, and no end of what it never heard of.
  const std::size_t asked = down.requests().size();
  down.behave(nullptr);
  bench.reconfigure({DeliveryBench::named("chat", plain(up)), DeliveryBench::named("old", plain(down))});
  bench.pass(1min);
  CHECK(down.requests().size() == asked);
  bench.tell({bench.row("old", "crm/acme", 5)});
  bench.pass(1s);
  CHECK(down.requests().size() == asked + 1);
  CHECK(bench.count(DeliveryStatus::abandoned) == 2);
}

TEST_CASE("an incident that opens and ends unsent vanishes, though something was abandoned before") {
  Sink down;
  down.behave([](const net::HttpRequest&) { return reply(503); });
  DeliveryBench bench{{DeliveryBench::named("old", plain(down))}};
  bench.tell({bench.row("old", "crm/acme", 1)});
  bench.pass(1s);
  bench.reconfigure({});
  REQUIRE(eventually([&] { return bench.abandoned("old") == 1; }));
  bench.tell({bench.row("old", "crm/acme", 2), bench.row("old", "crm/acme", 3, "incident.resolved")});
  CHECK(bench.count(DeliveryStatus::superseded) == 2);
  CHECK(bench.count(DeliveryStatus::pending) == 0);
}

TEST_CASE("what waits for a receiver that was taken out while the collector was stopped is abandoned at its start") {
  Sink down;
  down.behave([](const net::HttpRequest&) { return reply(503); });
  DeliveryBench bench{{DeliveryBench::named("old", plain(down))}};
  bench.tell({bench.row("old", "crm/acme", 1)});
  bench.pass(1s);
  bench.stop();
  bench.set_receivers({});
  bench.start();
  bench.pass(1s);
  CHECK(eventually([&] { return bench.abandoned("old") == 1; }));
  CHECK(bench.count(DeliveryStatus::pending) == 0);
}
