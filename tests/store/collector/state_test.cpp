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

namespace {

/// Stores the row as an earlier version would, or as a disk that has changed it leaves it.
void overwrite(Database& database, const StoredState& state) {
  auto row = database.prepare("UPDATE engine_state SET crm = ?, folded_seq = ?, blob = ?").value();
  row.bind(1, std::string_view{state.crm});
  row.bind(2, state.folded_seq);
  row.bind_blob(3, state.blob);
  row.run().value();
}

StoredState load_one(Database& database) {
  return load_states(database).value().at(0);
}

}  // namespace

TEST_CASE("a state of which any bit has changed is not intact") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  const StoredState whole{"acme", 4711, "nineteen bytes long"};
  save_state(database, whole).value();
  CHECK(load_one(database).intact);
  for (std::size_t bit = 0; bit < 8 * whole.blob.size(); ++bit) {
    StoredState changed = whole;
    changed.blob[bit / 8] = static_cast<char>(changed.blob[bit / 8] ^ (1 << bit % 8));
    overwrite(database, changed);
    REQUIRE_FALSE(load_one(database).intact);
  }
  overwrite(database, {"acne", 4711, whole.blob});
  CHECK_FALSE(load_one(database).intact);
  overwrite(database, {"acme", 4712, whole.blob});
  CHECK_FALSE(load_one(database).intact);
  overwrite(database, {"acme", 4711, whole.blob.substr(1)});
  CHECK_FALSE(load_one(database).intact);
  overwrite(database, whole);
  CHECK(load_one(database).intact);
}

TEST_CASE("a named value that has changed is not intact, and what an earlier version stored is believed") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  set_meta(database, "folded_seq", "17").value();
  CHECK(is_meta_intact(database, "folded_seq").value());
  CHECK(is_meta_intact(database, "absent").value());
  database.execute("UPDATE meta SET value = '97' WHERE name = 'folded_seq'").value();
  CHECK_FALSE(is_meta_intact(database, "folded_seq").value());
  database.execute("UPDATE meta SET checksum = NULL").value();
  CHECK(is_meta_intact(database, "folded_seq").value());
  save_state(database, {"acme", 1, "x"}).value();
  database.execute("UPDATE engine_state SET blob = X'79', checksum = NULL").value();
  CHECK(load_one(database).intact);
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
