// What the outbox knows about receivers that keep states, about messages nobody heard, and how many bytes it holds.

#include <catch2/catch.hpp>

#include "tests/store/collector/outbox_support.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;
using Table = std::vector<std::string>;

TEST_CASE("of a queue that waits only the newest stays, tried or not, what is in flight is left alone") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::pending);
  enqueue(database, message("escalated", 2)).value();
  enqueue(database, message("reminder", 3)).value();
  enqueue(database, message("opened", 4, "crm/b")).value();
  enqueue(database, message("opened", 5, "crm/acme", "other")).value();
  keep_newest(database, "oncall").value();
  CHECK(table(database) == Table{"1 opened superseded", "2 escalated superseded", "3 reminder pending",
                                 "4 opened pending", "5 opened pending"});
  CHECK(lease(database, "oncall", at(10), at(100), 10).value().size() == 2);
  enqueue(database, message("improved", 6)).value();
  keep_newest(database, "oncall").value();
  CHECK(table(database)[2] == "3 reminder inflight");
}

TEST_CASE("the newest message of each queue is what the receiver was told, or will be") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  enqueue(database, message("opened", 2, "crm/b")).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("escalated", 3)).value();
  enqueue(database, message("opened", 4, "crm/c")).value();
  enqueue(database, message("resolved", 5, "crm/c")).value();  // both vanish
  enqueue(database, message("opened", 6, "crm/acme", "other")).value();
  const auto newest = newest_messages(database, "oncall").value();
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].dedup_key == "crm/b");
  CHECK(newest[1].event == Event::escalated);
  CHECK(newest[1].body == "body of 3");
}

TEST_CASE("a message is unheard while it waits and no other receiver was told of its subject since") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  const std::vector<std::string> receivers{"oncall", "chat"};
  const auto unheard = [&](TimePoint before) { return waits_unheard(database, receivers, before).value(); };
  enqueue(database, message("opened", 1)).value();
  OutboxRow same = message("opened", 1, "crm/acme", "chat");
  enqueue(database, same).value();
  CHECK_FALSE(unheard(at(1)));
  CHECK(unheard(at(2)));
  send_all(database, at(5), DeliveryStatus::delivered, "chat");
  CHECK_FALSE(unheard(at(2)));
  // Later news of the same subject is not heard yet.
  enqueue(database, message("escalated", 2)).value();
  CHECK(unheard(at(3)));
  CHECK_FALSE(waits_unheard(database, {"chat"}, at(100)).value());
  send_all(database, at(5), DeliveryStatus::delivered);
  send_all(database, at(5), DeliveryStatus::delivered);
  CHECK_FALSE(unheard(at(100)));
}

TEST_CASE("what was told by other means is delivered, but for what is in flight") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  REQUIRE(lease(database, "oncall", at(10), at(100), 1).value().size() == 1);
  enqueue(database, message("opened", 2, "crm/b")).value();
  mark_delivered(database, {message("opened", 1).id, message("opened", 2, "crm/b").id, "unknown"}).value();
  CHECK(table(database) == Table{"1 opened inflight", "2 opened delivered"});
}

TEST_CASE("of finished heartbeats only the newest are kept") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (int i = 1; i <= 10; ++i) {
    enqueue(database, message("heartbeat", i, "heartbeat")).value();
    send_all(database, at(100), i == 9 ? DeliveryStatus::dead : DeliveryStatus::delivered);
  }
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(100), DeliveryStatus::delivered);
  forget_finished(database, "oncall", "heartbeat", 3).value();
  CHECK(table(database) ==
        Table{"1 opened delivered", "8 heartbeat delivered", "9 heartbeat dead", "10 heartbeat delivered"});
}

TEST_CASE("over its bytes the outbox drops in the same order: finished, dead, reminders, improved") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  const auto add = [&](const char* event, int seq, const std::string& key) {
    OutboxRow row = message(event, seq, key);
    row.body = std::string(10'000, 'x');
    enqueue(database, row).value();
  };
  add("opened", 1, "crm/a");
  send_all(database, at(1), DeliveryStatus::delivered);
  add("resolved", 2, "crm/a");
  send_all(database, at(2), DeliveryStatus::delivered);
  add("opened", 3, "crm/b");
  send_all(database, at(3), DeliveryStatus::dead);
  add("opened", 4, "crm/c");
  add("reminder", 5, "crm/c");
  add("improved", 6, "crm/c");
  CHECK(prune_outbox(database, at(0), 1000).value() == 0);
  CHECK(table(database).size() == 6);
  CHECK(prune_outbox(database, at(0), 1000, 45'000).value() == 0);
  CHECK(table(database).front() == "3 opened dead");
  CHECK(prune_outbox(database, at(0), 1000, 25'000).value() == 1);
  CHECK(table(database) == Table{"4 opened pending", "6 improved pending"});
  CHECK(prune_outbox(database, at(0), 1000, 100).value() == 1);
  CHECK(table(database) == Table{"4 opened pending"});
}
