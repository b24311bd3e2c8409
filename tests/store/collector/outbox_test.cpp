// Cases 74, 77, 78, 79 and 80 of the health-states specification's table, as far as they are the store's.

#include <catch2/catch.hpp>

#include "tests/store/collector/outbox_support.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;
using Table = std::vector<std::string>;

TEST_CASE("a message comes back whole") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  OutboxRow row = message("opened", 1);
  row.body = std::string("{\"状\":\0}", 9);
  row.not_before = at(90);
  enqueue(database, row).value();
  CHECK(lease(database, "oncall", at(89), at(99), 10).value().empty());
  const auto leased = lease(database, "oncall", at(90), at(99), 10).value();
  REQUIRE(leased.size() == 1);
  const OutboxRow& out = leased[0];
  CHECK(out.id == row.id);
  CHECK(out.receiver == row.receiver);
  CHECK(out.dedup_key == row.dedup_key);
  CHECK(out.seq == 1);
  CHECK(out.event == row.event);
  CHECK(out.level == 2);
  CHECK(out.body == row.body);
  CHECK(out.created == row.created);
  CHECK(out.not_before == row.not_before);
  CHECK(out.status == DeliveryStatus::inflight);
  CHECK(out.lease_until == at(99));
  CHECK(out.attempts == 0);
}

TEST_CASE("case 74: 500, 500, 200 is one row with one id and three attempts") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  std::string id;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    auto leased = lease(database, "oncall", at(100 * attempt), at(100 * attempt + 30), 10).value();
    REQUIRE(leased.size() == 1);
    OutboxRow row = leased[0];
    CHECK((id.empty() || id == row.id));
    CHECK(row.attempts == attempt - 1);
    id = row.id;
    row.attempts = attempt;
    row.last_code = attempt == 3 ? 200 : 500;
    row.last_error = attempt == 3 ? "" : "server error";
    row.status = attempt == 3 ? DeliveryStatus::delivered : DeliveryStatus::pending;
    row.not_before = at(100 * attempt + 50);
    settle(database, row).value();
    CHECK(lease(database, "oncall", at(100 * attempt + 49), at(999), 10).value().empty());
  }
  CHECK(lease(database, "oncall", at(9999), at(99999), 10).value().empty());
  const auto delivered = list_outbox(database, DeliveryStatus::delivered, 10).value();
  REQUIRE(delivered.size() == 1);
  CHECK(delivered[0].attempts == 3);
  CHECK(delivered[0].last_code == 200);
}

TEST_CASE("case 77: killed between the answer and the commit, the row is sent again with its id") {
  const TempDir dir;
  std::string id;
  {
    Database database = open_collector(dir.path()).value();
    enqueue(database, message("opened", 1)).value();
    id = lease(database, "oncall", at(10), at(40), 10).value().at(0).id;
  }
  Database database = open_collector(dir.path()).value();
  CHECK(lease(database, "oncall", at(11), at(41), 10).value().empty());
  recover_outbox(database).value();
  // It may have arrived, so the resolved must follow it.
  enqueue(database, message("resolved", 2)).value();
  CHECK(table(database) == Table{"1 opened pending", "2 resolved pending"});
  const auto again = lease(database, "oncall", at(11), at(41), 10).value();
  REQUIRE(again.size() == 1);
  CHECK(again[0].id == id);
  CHECK(again[0].attempts == 1);
}

TEST_CASE("case 78: after an attempt with an unknown outcome the resolved is never dropped") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::pending);
  enqueue(database, message("escalated", 2)).value();
  enqueue(database, message("resolved", 3)).value();
  CHECK(table(database) == Table{"1 opened pending", "2 escalated superseded", "3 resolved pending"});
  CHECK(send_all(database, at(50), DeliveryStatus::delivered) == Table{"oncall:crm/acme:1"});
  CHECK(send_all(database, at(50), DeliveryStatus::delivered) == Table{"oncall:crm/acme:3"});
}

TEST_CASE("a message that is being sent is never merged away") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  REQUIRE(lease(database, "oncall", at(5), at(35), 10).value().size() == 1);
  enqueue(database, message("resolved", 2)).value();
  CHECK(table(database) == Table{"1 opened inflight", "2 resolved pending"});
}

TEST_CASE("case 79: opened that was never tried and its resolved vanish together") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  enqueue(database, message("escalated", 2)).value();
  enqueue(database, message("reminder", 3)).value();
  enqueue(database, message("resolved", 4)).value();
  CHECK(table(database) ==
        Table{"1 opened superseded", "2 escalated superseded", "3 reminder superseded", "4 resolved superseded"});
  CHECK(lease(database, "oncall", at(999), at(9999), 10).value().empty());
  CHECK(count_outbox(database).value().pending == 0);
}

TEST_CASE("only the newest incident vanishes, the resolved of the one before still goes out") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("resolved", 2)).value();
  enqueue(database, message("opened", 3)).value();
  enqueue(database, message("resolved", 4)).value();
  CHECK(table(database) ==
        Table{"1 opened delivered", "2 resolved pending", "3 opened superseded", "4 resolved superseded"});
}

TEST_CASE("a dead opened may have arrived: its resolved goes out") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::dead);
  enqueue(database, message("resolved", 2)).value();
  CHECK(table(database) == Table{"1 opened dead", "2 resolved pending"});
  CHECK(send_all(database, at(6), DeliveryStatus::delivered).size() == 1);
}

TEST_CASE("an unsent flapping vanishes with its resolved only when the receiver knows of nothing") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("flapping", 1)).value();
  enqueue(database, message("resolved", 2)).value();
  enqueue(database, message("opened", 1, "crm/beta")).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("flapping", 2, "crm/beta")).value();
  enqueue(database, message("resolved", 3, "crm/beta")).value();
  CHECK(table(database) == Table{"1 flapping superseded", "2 resolved superseded", "1 opened delivered",
                                 "2 flapping superseded", "3 resolved pending"});
}

TEST_CASE("newer changes, reminders and heartbeats take the place of unsent ones") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  std::int64_t seq = 0;
  for (const char* event : {"opened", "escalated", "improved", "reminder", "reminder", "escalated"})
    enqueue(database, message(event, ++seq)).value();
  enqueue(database, message("heartbeat", 1, "heartbeat")).value();
  enqueue(database, message("heartbeat", 2, "heartbeat")).value();
  CHECK(table(database) == Table{"1 opened pending", "2 escalated superseded", "3 improved superseded",
                                 "4 reminder superseded", "5 reminder pending", "6 escalated pending",
                                 "1 heartbeat superseded", "2 heartbeat pending"});
}

TEST_CASE("the same (receiver, key, seq) again changes nothing") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  OutboxRow other = message("resolved", 1);
  other.id = "another";
  enqueue(database, other).value();
  CHECK(table(database) == Table{"1 opened pending"});
  enqueue(database, message("escalated", 2)).value();
  other = message("escalated", 2);
  other.id = "a third";
  enqueue(database, other).value();
  CHECK(table(database) == Table{"1 opened pending", "2 escalated pending"});
}

TEST_CASE("a queue is first in, first out, other keys do not wait for it") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  enqueue(database, message("escalated", 2)).value();
  enqueue(database, message("opened", 3, "crm/beta")).value();
  auto leased = lease(database, "oncall", at(10), at(1000), 10).value();
  REQUIRE(leased.size() == 2);
  CHECK(leased[0].seq == 1);
  CHECK(leased[1].dedup_key == "crm/beta");
  CHECK(lease(database, "oncall", at(10), at(1000), 10).value().empty());
  leased[0].status = DeliveryStatus::pending;  // it failed and waits
  leased[0].attempts = 1;
  leased[0].not_before = at(70);
  settle(database, leased[0]).value();
  CHECK(lease(database, "oncall", at(60), at(90), 10).value().empty());
  CHECK(send_all(database, at(70), DeliveryStatus::dead).size() == 1);
  CHECK(lease(database, "oncall", at(71), at(90), 10).value().at(0).seq == 2);
}

TEST_CASE("lease takes the oldest first, up to its limit") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (int i = 5; i >= 1; --i) enqueue(database, message("opened", i, "crm/" + std::to_string(i))).value();
  const auto leased = lease(database, "oncall", at(100), at(130), 3).value();
  REQUIRE(leased.size() == 3);
  CHECK(leased[0].seq == 1);
  CHECK(leased[2].seq == 3);
}

TEST_CASE("case 80: a dead receiver does not touch another's queue") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1, "crm/acme", "a")).value();
  enqueue(database, message("opened", 1, "crm/acme", "b")).value();
  enqueue(database, message("escalated", 2, "crm/acme", "a")).value();
  enqueue(database, message("escalated", 2, "crm/acme", "b")).value();
  send_all(database, at(10), DeliveryStatus::pending, "a");
  CHECK(send_all(database, at(10), DeliveryStatus::delivered, "b").size() == 1);
  CHECK(send_all(database, at(10), DeliveryStatus::delivered, "b").size() == 1);
  enqueue(database, message("resolved", 3, "crm/acme", "b")).value();
  CHECK(send_all(database, at(10), DeliveryStatus::delivered, "b").size() == 1);
  CHECK(send_all(database, at(10), DeliveryStatus::pending, "a") == Table{"a:crm/acme:1"});
}

TEST_CASE("a lease that ran out is due again and counts as an attempt") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  REQUIRE(lease(database, "oncall", at(10), at(40), 10).value().size() == 1);
  CHECK(lease(database, "oncall", at(39), at(70), 10).value().empty());
  const auto again = lease(database, "oncall", at(40), at(70), 10).value();
  REQUIRE(again.size() == 1);
  CHECK(again[0].attempts == 1);
  CHECK(again[0].lease_until == at(70));
}

TEST_CASE("settling a delivery that is not there is an error") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  CHECK_FALSE(settle(database, message("opened", 1)).has_value());
}

TEST_CASE("counts and lists say what waits and what is dead") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  CHECK_FALSE(count_outbox(database).value().oldest_pending.has_value());
  for (int i = 1; i <= 4; ++i) enqueue(database, message("opened", i, "crm/" + std::to_string(i))).value();
  auto leased = lease(database, "oncall", at(10), at(40), 2).value();
  leased.at(0).status = DeliveryStatus::dead;
  settle(database, leased[0]).value();
  const OutboxCounts counts = count_outbox(database).value();
  CHECK(counts.pending == 3);  // one of them inflight
  CHECK(counts.dead == 1);
  CHECK(counts.oldest_pending == at(2));
  CHECK(list_outbox(database, {}, 10).value().size() == 4);
  CHECK(list_outbox(database, {}, 10).value()[0].seq == 4);
  CHECK(list_outbox(database, {}, 3).value().size() == 3);
  CHECK(list_outbox(database, DeliveryStatus::dead, 10).value().at(0).seq == 1);
}

TEST_CASE("what follows an opening waits for an older digest, a new opening does not") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  OutboxRow digest = message("opened", 5, "digest/oncall");
  digest.event = Event::digest;
  enqueue(database, message("resolved", 3, "crm/old")).value();
  enqueue(database, digest).value();
  enqueue(database, message("resolved", 6, "crm/beta")).value();
  enqueue(database, message("opened", 7, "crm/gamma")).value();
  enqueue(database, message("resolved", 8, "crm/delta", "other")).value();
  const auto due = [&](TimePoint now) {
    std::vector<std::string> ids;
    for (const OutboxRow& row : lease(database, "oncall", now, now + std::chrono::seconds{30}, 10).value())
      ids.push_back(row.dedup_key);
    return ids;
  };
  CHECK(due(at(10)) == std::vector<std::string>{"crm/old", "digest/oncall", "crm/gamma"});
  CHECK(due(at(11)).empty());  // the digest is under way: nobody knows whether it arrived
  CHECK(lease(database, "other", at(11), at(40), 10).value().size() == 1);
  digest.attempts = 1;
  digest.status = DeliveryStatus::delivered;
  settle(database, digest).value();
  CHECK(due(at(12)) == std::vector<std::string>{"crm/beta"});
}

TEST_CASE("a flapping whose incident a digest opened does not vanish with its resolved") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  // seq 1 went out in the digest
  enqueue(database, message("flapping", 2)).value();
  enqueue(database, message("resolved", 3)).value();
  CHECK(table(database) == Table{"2 flapping superseded", "3 resolved pending"});
}
