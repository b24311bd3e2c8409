#include "sandbox/host/sample_crm.h"
#include "tests/support/temp_dir.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

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

TEST_CASE("every fault changes what a reader sees, and repair undoes it") {
  const test::TempDir folder;
  auto made = SampleCrm::create(folder.path(), "acme", schema(), kNow);
  REQUIRE(made.has_value());
  SampleCrm& crm = made.value();
  const std::string file = folder.path() + "/acme.db";

  REQUIRE(crm.set_fault(Fault::dirty, kNow).has_value());
  CHECK(ask(file, "SELECT count(*) FROM contact WHERE email IS NULL") == 200);

  REQUIRE(crm.set_fault(Fault::down, kNow).has_value());
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(crm.live(kNow).has_value());

  REQUIRE(crm.set_fault(Fault::slow, kNow).has_value());
  CHECK(std::filesystem::exists(file));
  CHECK(ask(file, "SELECT count(*) FROM sqlite_master WHERE type = 'view'") == 2);
  CHECK(ask(file, "SELECT count(*) FROM deal") == 160);
  CHECK(crm.live(kNow + std::chrono::seconds{1}).has_value());

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
