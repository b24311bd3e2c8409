// Silences, timelines, change markers and the outbox as people look at it.

#include <catch2/catch.hpp>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

TimePoint at(int second) {
  return from_unix_millis(1'000'000 + second * 1000);
}

StoredSuppression suppression(const std::string& id, std::optional<TimePoint> ends,
                              SuppressionKind kind = SuppressionKind::silence) {
  return {id, kind, at(1), at(2), ends, "{}"};
}

std::string ids(const std::vector<StoredSuppression>& all) {
  std::string text;
  for (const StoredSuppression& one : all) text += one.id;
  return text;
}

OutboxRow row(const std::string& id, const std::string& receiver, int seq) {
  OutboxRow out;
  out.id = id;
  out.receiver = receiver;
  out.dedup_key = "crm/" + id;
  out.seq = seq;
  out.event = Event::opened;
  out.body = "body";
  out.created = at(seq);
  out.not_before = at(seq);
  return out;
}

std::string ids(const std::vector<OutboxRow>& rows) {
  std::string text;
  for (const OutboxRow& one : rows) text += one.id;
  return text;
}

}  // namespace

TEST_CASE("a silence comes back as it was stored, and ends once") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  save_suppression(database, suppression("a", at(100))).value();
  save_suppression(database, suppression("b", {}, SuppressionKind::maintenance)).value();
  CHECK(ids(list_suppressions(database, {}, at(0), 10).value()) == "ba");
  CHECK(ids(list_suppressions(database, SuppressionKind::silence, at(0), 10).value()) == "a");
  CHECK(ids(list_suppressions(database, {}, at(101), 10).value()) == "b");
  const StoredSuppression stored = list_suppressions(database, SuppressionKind::silence, at(0), 10).value().at(0);
  CHECK(stored.starts == at(2));
  CHECK(stored.ends == at(100));

  CHECK_FALSE(end_suppression(database, SuppressionKind::maintenance, "a", at(50)).value());
  CHECK(end_suppression(database, SuppressionKind::silence, "a", at(50)).value());
  CHECK_FALSE(end_suppression(database, SuppressionKind::silence, "a", at(60)).value());
  CHECK(end_suppression(database, SuppressionKind::maintenance, "b", at(60)).value());
  CHECK_FALSE(end_suppression(database, SuppressionKind::silence, "c", at(60)).value());
  prune_suppressions(database, at(55)).value();
  CHECK(ids(list_suppressions(database, {}, at(0), 10).value()) == "b");
}

TEST_CASE("a timeline is in time order, and a line added again is there once") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  for (int round = 0; round < 2; ++round) {
    add_event(database, {"i", at(5), 3, "c"}).value();
    add_event(database, {"i", at(5), 2, "b"}).value();
    add_event(database, {"i", at(1), 9, "a"}).value();
    add_event(database, {"other", at(1), 1, "x"}).value();
  }
  std::string text;
  for (const IncidentEvent& event : list_events(database, "i", 10).value()) text += event.body;
  CHECK(text == "abc");
  CHECK(list_events(database, "i", 2).value().size() == 2);
}

TEST_CASE("old incidents go with their timelines, open ones stay and are counted") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  save_incident(database, {"old", "acme", "tryton", 1, at(1), at(2), "{}"}).value();
  save_incident(database, {"late", "acme", "tryton", 1, at(3), at(9), "{}"}).value();
  save_incident(database, {"open", "acme", "tryton", 1, at(4), {}, "{}"}).value();
  for (const char* id : {"old", "late", "open"}) add_event(database, {id, at(1), 1, "x"}).value();
  add_event(database, {"open", at(2), 2, "y"}).value();
  const auto counts = count_open_events(database).value();
  REQUIRE(counts.size() == 1);
  CHECK(counts[0].first == "open");
  CHECK(counts[0].second == 2);
  prune_incidents(database, at(9), 10).value();
  CHECK(list_incidents(database, {}).value().size() == 2);
  CHECK(list_events(database, "old", 10).value().empty());
  CHECK(list_events(database, "late", 10).value().size() == 1);
}

TEST_CASE("incidents are paged from any of them on, by kind too") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  for (int i = 1; i <= 5; ++i)
    save_incident(database, {std::to_string(i), "acme", i % 2 == 0 ? "odoo" : "tryton", 1, at(i / 2), {}, "{}"})
        .value();
  IncidentFilter filter;
  filter.limit = 2;
  filter.before = "4";
  const auto page = list_incidents(database, filter).value();
  REQUIRE(page.size() == 2);
  CHECK(page[0].id == "3");
  CHECK(page[1].id == "2");
  filter.crm = "acme";
  filter.kind = "odoo";
  CHECK(list_incidents(database, filter).value().at(0).id == "2");
}

TEST_CASE("a change marker is stored once, and the newest of its kind is never forgotten") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  for (int round = 0; round < 2; ++round) {
    save_change(database, {"acme", at(1), "version", "", "branch-1", {}, "6.0"}).value();
    save_change(database, {"acme", at(5), "version", "", "branch-1", "6.0", "6.2"}).value();
  }
  auto changes = load_changes(database).value();
  REQUIRE(changes.size() == 2);
  CHECK_FALSE(changes[0].was.has_value());
  CHECK(changes[1].was == "6.0");
  CHECK(changes[1].is == "6.2");
  prune_changes(database, at(100)).value();
  changes = load_changes(database).value();
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].is == "6.2");
}

TEST_CASE("deliveries are listed by receiver, CRM and status, page by page") {
  const TempDir directory;
  Database database = open_collector(directory.path()).value();
  for (int i = 1; i <= 5; ++i) enqueue(database, row(std::to_string(i), i % 2 == 0 ? "even" : "odd", i)).value();
  CHECK(ids(list_deliveries(database, {}).value()) == "54321");
  DeliveryFilter filter;
  filter.receiver = "odd";
  filter.limit = 2;
  CHECK(ids(list_deliveries(database, filter).value()) == "53");
  filter.before = "3";
  CHECK(ids(list_deliveries(database, filter).value()) == "1");
  filter.status = DeliveryStatus::pending;
  CHECK(ids(list_deliveries(database, filter).value()) == "1");
  filter.status = DeliveryStatus::dead;
  CHECK(list_deliveries(database, filter).value().empty());
  DeliveryFilter about;
  about.about = "crm/4";
  CHECK(ids(list_deliveries(database, about).value()) == "4");
  CHECK(find_delivery(database, "4").value()->receiver == "even");
  CHECK_FALSE(find_delivery(database, "9").value().has_value());
}
