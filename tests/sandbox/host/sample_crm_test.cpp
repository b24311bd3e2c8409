#include "sandbox/host/sample_crm.h"
#include "tests/support/temp_dir.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

std::string schema() {
  std::ifstream file{CRMPULSE_SOURCE_DIR "/config/demo/sample-crm.sql"};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::int64_t ask(const std::string& file, const char* sql) {
  auto database = store::Database::open(file, store::Database::Mode::reader);
  REQUIRE(database.has_value());
  auto statement = database.value().prepare(sql);
  REQUIRE(statement.has_value());
  REQUIRE(statement.value().step().value());
  return statement.value().integer(0);
}

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

}  // namespace

TEST_CASE("a sample CRM is seeded and lives") {
  const test::TempDir folder;
  auto crm = SampleCrm::create(folder.path(), "acme", schema(), kNow);
  REQUIRE(crm.has_value());
  const std::string file = folder.path() + "/acme.db";
  CHECK(ask(file, "SELECT count(*) FROM contact") == 400);
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 0);
  const TimePoint later = kNow + std::chrono::seconds{90};
  REQUIRE(crm.value().live(later).has_value());
  CHECK(ask(file, "SELECT max(modified_at) FROM deal") == unix_millis(later) / 1000);
}

TEST_CASE("every fault changes what a reader sees, faults add up, and repair undoes all of them") {
  const test::TempDir folder;
  auto made = SampleCrm::create(folder.path(), "acme", schema(), kNow);
  REQUIRE(made.has_value());
  SampleCrm& crm = made.value();
  const std::string file = folder.path() + "/acme.db";
  const auto views = [&] { return ask(file, "SELECT count(*) FROM sqlite_master WHERE type = 'view'"); };

  REQUIRE(crm.set_fault(Fault::dirty, kNow).has_value());
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 200);

  REQUIRE(crm.set_fault(Fault::down, kNow).has_value());
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(crm.live(kNow).has_value());

  // What is down can become slow and stale too; it stays down.
  REQUIRE(crm.set_fault(Fault::slow, kNow).has_value());
  REQUIRE(crm.set_fault(Fault::stale, kNow).has_value());
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(crm.faults() == std::set{Fault::slow, Fault::stale, Fault::down, Fault::dirty});
  REQUIRE(crm.set_fault(Fault::none, kNow).has_value());
  CHECK(crm.faults().empty());
  CHECK(views() == 0);
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 0);

  REQUIRE(crm.set_fault(Fault::slow, kNow).has_value());
  CHECK(views() == 2);
  CHECK(ask(file, "SELECT count(*) FROM deal") == 160);
  REQUIRE(crm.set_fault(Fault::dirty, kNow).has_value());
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 200);
  CHECK(crm.live(kNow + std::chrono::seconds{1}).has_value());
  // Of the two slow ones the later counts.
  REQUIRE(crm.set_fault(Fault::very_slow, kNow).has_value());
  CHECK(crm.faults() == std::set{Fault::very_slow, Fault::dirty});
  CHECK(views() == 2);

  REQUIRE(crm.set_fault(Fault::stale, kNow).has_value());
  const std::int64_t newest = ask(file, "SELECT max(modified_at) FROM deal");
  CHECK(newest <= unix_millis(kNow) / 1000 - 120);
  REQUIRE(crm.live(kNow + std::chrono::seconds{5}).has_value());
  CHECK(ask(file, "SELECT max(modified_at) FROM deal") == newest);

  REQUIRE(crm.set_fault(Fault::none, kNow).has_value());
  REQUIRE(crm.live(kNow).has_value());
  CHECK(ask(file, "SELECT max(modified_at) FROM deal") == unix_millis(kNow) / 1000);
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 0);
}
