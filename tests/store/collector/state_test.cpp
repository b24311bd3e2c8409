#include <catch2/catch.hpp>
#include <fstream>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

TEST_CASE("states are saved, replaced, listed and deleted by CRM") {
  const TempDir dir;
  {
    Database database = open_collector(dir.path()).value();
    save_state(database, {"b", 4, std::string("\0\x01", 2)}).value();
    save_state(database, {"a", 5, ""}).value();
    save_state(database, {"b", 6, "new"}).value();
    save_state(database, {"c", 1, "x"}).value();
    delete_state(database, "c").value();
    delete_state(database, "absent").value();
  }
  Database database = open_collector(dir.path()).value();
  const auto states = load_states(database).value();
  REQUIRE(states.size() == 2);
  CHECK(states[0].crm == "a");
  CHECK(states[0].blob.empty());
  CHECK(states[1].crm == "b");
  CHECK(states[1].folded_seq == 6);
  CHECK(states[1].blob == "new");
}

TEST_CASE("named values are absent until set") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  CHECK_FALSE(get_meta(database, "last_tick").value().has_value());
  set_meta(database, "last_tick", "1").value();
  set_meta(database, "last_tick", "").value();
  CHECK(get_meta(database, "last_tick").value() == "");
}

TEST_CASE("a collector file of a newer program is refused") {
  const TempDir dir;
  {
    Database database = open_collector(dir.path()).value();
    database.execute("PRAGMA user_version=99").value();
  }
  const auto opened = open_collector(dir.path());
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message, Catch::Contains("newer program"));
}
