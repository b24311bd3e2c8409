#include <catch2/catch.hpp>

#include "tests/store/collector/outbox_support.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;
using Table = std::vector<std::string>;

TEST_CASE("old delivered and superseded rows go, pending and dead stay") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("resolved", 2)).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("opened", 3, "crm/b")).value();
  enqueue(database, message("resolved", 4, "crm/b")).value();
  enqueue(database, message("opened", 5, "crm/c")).value();
  send_all(database, at(6), DeliveryStatus::dead);
  enqueue(database, message("opened", 6, "crm/d")).value();
  CHECK(prune_outbox(database, at(2), 1000).value() == 0);
  CHECK(table(database).size() == 5);
  CHECK(prune_outbox(database, at(100), 1000).value() == 0);
  CHECK(table(database) == Table{"5 opened dead", "6 opened pending"});
}

TEST_CASE("what tells that a receiver knows of an open incident outlives its age") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  enqueue(database, message("opened", 1)).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  enqueue(database, message("escalated", 2)).value();
  send_all(database, at(5), DeliveryStatus::delivered);
  prune_outbox(database, at(1000), 0).value();
  CHECK(table(database) == Table{"2 escalated delivered"});
  // A month later: flapping is not tried yet when the CRM recovers; the receiver must hear of it.
  enqueue(database, message("flapping", 3)).value();
  enqueue(database, message("resolved", 4)).value();
  send_all(database, at(2000), DeliveryStatus::delivered);
  CHECK(table(database).back() == "4 resolved delivered");
  prune_outbox(database, at(1000), 1000).value();
  CHECK(table(database).empty());
}

TEST_CASE("over the bound: finished, dead, reminders, improved, opened and resolved never") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  const auto add = [&](const char* event, int seq, const std::string& key) {
    enqueue(database, message(event, seq, key)).value();
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
  add("opened", 7, "crm/d");
  add("reminder", 8, "crm/d");

  CHECK(prune_outbox(database, at(0), 8).value() == 0);
  CHECK(table(database).size() == 8);
  CHECK(prune_outbox(database, at(0), 6).value() == 0);
  CHECK(table(database).front() == "3 opened dead");
  CHECK(prune_outbox(database, at(0), 5).value() == 0);
  CHECK(table(database) == Table{"4 opened pending", "5 reminder pending", "6 improved pending", "7 opened pending",
                                 "8 reminder pending"});
  CHECK(prune_outbox(database, at(0), 4).value() == 1);
  CHECK(table(database) == Table{"4 opened pending", "6 improved pending", "7 opened pending", "8 reminder pending"});
  CHECK(prune_outbox(database, at(0), 1).value() == 2);
  CHECK(table(database) == Table{"4 opened pending", "7 opened pending"});
}
