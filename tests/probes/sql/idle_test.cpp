// Firewalls and NATs forget connections that are idle. Our own dead connection is never the CRM's failure.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

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

/// The same PostgreSQL through its ODBC driver, whose sockets are the driver's own.
Database through_odbc() {
  return {
      "odbc", postgres().port(),
      "odbc:Driver={" + odbc_driver("psqlodbcw.so") + "};Server=127.0.0.1;Database=postgres;UID=postgres;Port=", ""};
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
        runner{spec, std::make_shared<probes::sql::KeptConnections>(100),
               std::make_shared<probes::sql::LoginGate>(wall_now), std::make_shared<probes::ToldOnce>(),
               [this] { return now; }} {}
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

/// The kernel's sockets of this machine that are connected to this port: whether their keepalive timer runs, and how
/// soon it will ask the other side, in hundredths of a second.
struct KeepAlive {
  bool runs;
  long due;
};
std::vector<KeepAlive> sockets_to(unsigned short port) {
  std::ifstream table{"/proc/net/tcp"};
  std::vector<KeepAlive> out;
  for (std::string line; std::getline(table, line);) {
    unsigned remote = 0;
    unsigned state = 0;
    unsigned timer = 0;
    unsigned long due = 0;
    if (std::sscanf(line.c_str(), "%*d: %*8x:%*4x %*8x:%4x %2x %*8x:%*8x %2x:%8lx", &remote, &state, &timer, &due) != 4)
      continue;
    constexpr unsigned kEstablished = 1;
    constexpr unsigned kKeepAliveTimer = 2;
    if (remote == port && state == kEstablished) out.push_back({timer == kKeepAliveTimer, static_cast<long>(due)});
  }
  return out;
}

}  // namespace

TEST_CASE("a kept connection to a database asks after half a minute whether the other side is still there") {
  for (const Database& database : databases()) {
    INFO(database.dialect);
    Relay relay{database.port};
    probes::Runtime runtime;
    const auto target = monitor(runtime, database, relay, 10s);
    check_succeeded(run(*target, "liveness"));
    check_succeeded(run(*target, "heartbeat"));
    // What was sent is acknowledged first: until then another timer runs.
    std::vector<KeepAlive> sockets;
    CHECK(eventually([&] {
      sockets = sockets_to(relay.port());
      return std::all_of(sockets.begin(), sockets.end(), [](const KeepAlive& each) { return each.runs; });
    }));
    CHECK(sockets.size() == 2);  // one for liveness, one for write tests
    constexpr long kHalfMinute = 30 * 100;
    for (const KeepAlive& each : sockets) CHECK(each.due <= kHalfMinute);
  }
}

TEST_CASE("a write whose answer was lost is not sent again, and what it wrote is taken away") {
  for (Database database : databases()) {
    INFO(database.dialect);
    database.behind +=
        database.dialect == "mysql" ? "?ssl-mode=disabled" : "?sslmode=disable";  // the relay reads along
    Relay relay{database.port};
    probes::Runtime runtime;
    const auto target = monitor(runtime, database, relay, 10s);
    check_succeeded(run(*target, "heartbeat"));
    relay.lose_answer_to("INSERT INTO");
    const auto lost = run(*target, "heartbeat");
    REQUIRE(lost.failure);
    INFO(lost.failure->message);
    CHECK(lost.failure->message.find("step create") != std::string::npos);
    CHECK(relay.answers_lost() == 1);
    relay.lose_answer_to({});
    // The statement was carried out, once; the clean-up of the same run found it.
    const auto left = make_target(runtime, recipe_head(database.dialect) + R"yaml(
  - {id: left, query: SELECT count(*) AS n FROM beat, samples: [{metric: crm_records, value: n}]}
)yaml",
                                  "url: " + database.before + std::to_string(database.port) + database.behind);
    CHECK(samples_of(run(*left, "left")).at("crm_records") == 0);
    check_succeeded(run(*target, "heartbeat"));
  }
}

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

TEST_CASE("a kept connection of an ODBC driver that is reset at the next byte costs no failure either") {
  const Database database = through_odbc();
  Relay relay{database.port};
  probes::Runtime runtime;
  const auto target = monitor(runtime, database, relay, 10s);
  for (int round = 0; round < 3; ++round) {
    check_succeeded(run(*target, "liveness"));
    check_succeeded(run(*target, "heartbeat"));
    relay.reset_at_next_byte();
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
