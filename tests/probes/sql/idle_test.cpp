// Firewalls and NATs forget connections that are idle. Our own dead connection is never the CRM's failure.
#include <catch2/catch.hpp>

#include "core/time/clock.h"
#include "probes/sql/run_sql.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"
#include "tests/support/relay.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

Postgres& postgres() {
  static Prepared<Postgres> instance{"CREATE TABLE beat (run_id text PRIMARY KEY, at timestamptz)"};
  return instance;
}

Mariadb& mariadb() {
  static Prepared<Mariadb> instance{
      "CREATE TABLE beat (run_id varchar(32) PRIMARY KEY, at datetime);"
      "CREATE USER monitor@'127.0.0.1'; GRANT ALL ON crm.* TO monitor@'127.0.0.1'"};
  return instance;
}

struct Database {
  std::string dialect;
  unsigned short port;
  std::string before;  ///< of the URL, up to the port
  std::string behind;
};

std::vector<Database> databases() {
  return {{"postgresql", postgres().port(), "postgresql://postgres@127.0.0.1:", "/postgres"},
          {"mysql", mariadb().port(), "mysql://monitor@127.0.0.1:", "/crm"}};
}

std::unique_ptr<probes::Target> monitor(probes::Runtime& runtime, const Database& database, const Relay& relay,
                                        Duration timeout) {
  return make_target(
      runtime, recipe_head(database.dialect) + kWriteTest,
      "url: " + database.before + std::to_string(relay.port()) + database.behind + "\nheartbeat_table: beat", timeout);
}

/// A target's own runner, with a clock of the test's.
struct Clocked {
  explicit Clocked(const std::string& dialect, const std::string& query, const std::string& url)
      : recipe(
            std::make_shared<const probes::Recipe>(recipe_from(recipe_head(dialect) + "  - {id: who, query: " + query +
                                                               ", samples: [{metric: crm_records, value: n}]}\n"))),
        spec{"acme", recipe, arguments_from(*recipe, "url: '" + url + "'"), {{"crm", "acme"}, {"agent", "a1"}}},
        runner{spec, std::make_shared<probes::sql::KeptConnections>(100), [this] { return now; }} {}
  double ask() {
    const auto& measurement = recipe->measurements.back();
    const probes::Found found =
        runner.run(measurement, {std::chrono::steady_clock::now() + 10s, 10s, nullptr, std::nullopt});
    if (found.failure) FAIL(found.failure->message);
    REQUIRE(found.samples.size() == 1);
    return found.samples[0].value;
  }
  std::shared_ptr<const probes::Recipe> recipe;
  probes::TargetSpec spec;
  probes::sql::SteadyTime now = std::chrono::steady_clock::now();
  probes::SqlRunner runner;
};

}  // namespace

TEST_CASE("a kept connection that a firewall forgot costs no failure") {
  for (const Database& database : databases()) {
    INFO(database.dialect);
    Relay relay{database.port};
    probes::Runtime runtime;
    const auto target = monitor(runtime, database, relay, 6s);
    check_succeeded(run(*target, "liveness"));
    check_succeeded(run(*target, "heartbeat"));
    for (int round = 0; round < 2; ++round) {
      relay.forget();
      const int before = relay.connections();
      check_succeeded(run(*target, "liveness"));
      CHECK(relay.connections() == before + 1);
      check_succeeded(run(*target, "heartbeat"));
      CHECK(relay.connections() == before + 2);
    }
  }
}

TEST_CASE("a kept connection that is reset at the next byte costs no failure") {
  for (const Database& database : databases()) {
    INFO(database.dialect);
    Relay relay{database.port};
    probes::Runtime runtime;
    const auto target = monitor(runtime, database, relay, 10s);
    for (int round = 0; round < 3; ++round) {
      check_succeeded(run(*target, "liveness"));
      check_succeeded(run(*target, "heartbeat"));
      relay.reset_at_next_byte();
    }
  }
}

TEST_CASE("a server that hangs is still a failure, with the statement that was not answered") {
  for (const Database& database : databases()) {
    INFO(database.dialect);
    Relay relay{database.port};
    probes::Runtime runtime;
    const auto target = monitor(runtime, database, relay, 3s);
    check_succeeded(run(*target, "liveness"));
    relay.forget();
    relay.forget_new(true);
    check_failed(run(*target, "liveness"), "request/timeout");
    relay.forget_new(false);
    check_succeeded(run(*target, "liveness"));
  }
}

TEST_CASE("a connection that was idle for long is not used again, one that was not is") {
  mariadb();
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"postgresql", "SELECT pg_backend_pid() AS n", postgres().url()},
      {"mysql", "SELECT CONNECTION_ID() AS n", mariadb().url("monitor")}};
  for (const auto& [dialect, query, url] : cases) {
    INFO(dialect);
    Clocked clocked{dialect, query, url};
    const double first = clocked.ask();
    clocked.now += 60s;
    CHECK(clocked.ask() == first);
    clocked.now += probes::kMaxIdle;
    const double second = clocked.ask();
    CHECK(second != first);
    clocked.now += 30s;
    CHECK(clocked.ask() == second);
  }
}
