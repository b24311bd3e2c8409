#include <catch2/catch.hpp>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

TimePoint at(int seconds) {
  return from_unix_millis(1'795'000'000'000) + std::chrono::seconds{seconds};
}

std::string ids(const std::vector<StoredIncident>& incidents) {
  std::string out;
  for (const StoredIncident& incident : incidents) out += incident.id;
  return out;
}

}  // namespace

TEST_CASE("incidents are listed newest first, by CRM, by being open, up to a limit") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  save_incident(database, {"1", "acme", "tryton", 2, at(1), at(9), "{}"}).value();
  save_incident(database, {"2", "beta", "odoo", 1, at(2), {}, R"({"why":"慢"})"}).value();
  save_incident(database, {"3", "acme", "tryton", 1, at(3), {}, "{}"}).value();

  CHECK(ids(list_incidents(database, {}).value()) == "321");
  CHECK(ids(list_incidents(database, {.crm = "", .open = {}, .limit = 2}).value()) == "32");
  CHECK(ids(list_incidents(database, {.crm = "acme", .open = {}, .limit = 9}).value()) == "31");
  CHECK(ids(list_incidents(database, {.crm = "acme", .open = true, .limit = 9}).value()) == "3");
  CHECK(ids(list_incidents(database, {.crm = "", .open = true, .limit = 9}).value()) == "32");
  CHECK(ids(list_incidents(database, {.crm = "", .open = false, .limit = 9}).value()) == "1");
  CHECK(list_incidents(database, {.crm = "x' OR 1=1", .open = {}, .limit = 9}).value().empty());
}

TEST_CASE("saving an incident again replaces it") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  save_incident(database, {"1", "acme", "tryton", 1, at(1), {}, "{}"}).value();
  save_incident(database, {"1", "acme", "tryton", 2, at(1), at(5), R"({"why":"慢"})"}).value();
  const auto incident = get_incident(database, "1").value();
  REQUIRE(incident.has_value());
  CHECK(incident->level == 2);
  CHECK(incident->opened == at(1));
  CHECK(incident->resolved == at(5));
  CHECK(incident->detail == R"({"why":"慢"})");
  CHECK_FALSE(get_incident(database, "2").value().has_value());
}
