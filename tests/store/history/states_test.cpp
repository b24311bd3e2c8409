// The timeline of states as it is stored.

#include "store/history/states.h"

#include <catch2/catch.hpp>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

TimePoint at(int second) {
  return from_unix_millis(1'795'000'000'000 + std::int64_t{second} * 1000);
}

StateChange change(const std::string& crm, int second, Level state) {
  return {at(second), crm, state, DataStatus::fresh, 87.5, false};
}

std::vector<std::string> read(Database& database, const std::string& crm, int from, int to) {
  std::vector<std::string> found;
  read_state_changes(database, crm, at(from), at(to), [&](const StateChange& one) {
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(one.at - at(0)).count();
    found.push_back(std::to_string(second) + " " + std::string{to_string(one.state)} + " " +
                    std::string{to_string(one.data_status)} + (one.maintenance ? " maintenance" : ""));
  }).value();
  return found;
}
using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a span of the timeline of states begins with what held before it") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  save_state_change(database, change("acme", 10, Level::poor)).value();
  save_state_change(database, change("acme", 20, Level::healthy)).value();
  save_state_change(database, change("acme", 30, Level::sub_healthy)).value();
  save_state_change(database, change("beta", 15, Level::poor)).value();
  CHECK(read(database, "acme", 25, 100) == Lines{"20 healthy fresh", "30 sub_healthy fresh"});
  CHECK(read(database, "acme", 20, 29) == Lines{"20 healthy fresh"});
  CHECK(read(database, "acme", 0, 15) == Lines{"10 poor fresh"});
  CHECK(read(database, "acme", 0, 5).empty());
  CHECK(crms_with_states(database).value() == Lines{"acme", "beta"});
}

TEST_CASE("a change of state that is stored again is the same row") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (int round = 0; round < 2; ++round) save_state_change(database, change("acme", 10, Level::poor)).value();
  StateChange later = change("acme", 10, Level::healthy);
  later.score.reset();
  later.maintenance = true;
  save_state_change(database, later).value();
  CHECK(read(database, "acme", 0, 100) == Lines{"10 healthy fresh maintenance"});
}

TEST_CASE("old changes of state go, but what holds at the end of the retention stays") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (const int second : {10, 20, 30}) save_state_change(database, change("acme", second, Level::poor)).value();
  save_state_change(database, change("beta", 5, Level::healthy)).value();
  CHECK(prune_states(database, at(25), 100).value() == 1);
  CHECK(read(database, "acme", 0, 100) == Lines{"20 poor fresh", "30 poor fresh"});
  CHECK(read(database, "beta", 50, 100) == Lines{"5 healthy fresh"});
  CHECK(prune_states(database, at(90), 100).value() == 1);
  CHECK(read(database, "acme", 0, 100) == Lines{"30 poor fresh"});
}

TEST_CASE("changes of state that a clock of the future wrote can be dropped") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (const int second : {10, 20, 30}) save_state_change(database, change("acme", second, Level::poor)).value();
  drop_states_after(database, at(20)).value();
  CHECK(read(database, "acme", 0, 100) == Lines{"10 poor fresh", "20 poor fresh"});
}

TEST_CASE("a store without a timeline of states begins it with what its incidents tell") {
  const TempDir dir;
  {
    Database database = open_collector(dir.path()).value();
    const StoredIncident over{"I1", "acme", "tryton", 2, at(10), at(60), "{}"};
    save_incident(database, over).value();
    const auto line = [&](int second, std::int64_t number, const std::string& body) {
      add_event(database, {"I1", at(second), number, body}).value();
    };
    line(10, 1, R"({"type":"state","state":"sub_healthy","data_status":"fresh"})");
    line(20, 2, R"({"type":"message","state":"poor"})");
    line(30, 3, R"({"type":"state","state":"poor","data_status":"stale"})");
    line(60, 4, R"({"type":"state","state":"resolved"})");
    const StoredIncident digest{"I2", "", "", 2, at(70), {}, "{}"};
    save_incident(database, digest).value();
    database.execute("DROP TABLE crm_state; DROP TABLE rollup; DROP TABLE rolled; PRAGMA user_version=5").value();
  }
  Database database = open_collector(dir.path()).value();
  CHECK(read(database, "acme", 0, 100) == Lines{"10 sub_healthy fresh", "30 poor stale", "60 healthy fresh"});
  CHECK(crms_with_states(database).value() == Lines{"acme"});
}
