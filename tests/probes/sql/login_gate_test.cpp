// A wrong password is tried once, not by every measurement: databases lock accounts too.
#include "probes/sql/login_gate.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <mutex>

#include "core/time/clock.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"
#include "tests/support/relay.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using probes::sql::LoginGate;
using probes::sql::LoginGates;

namespace {

const Failure kWrongPassword{Stage::auth, Reason::credentials, "wrong password"};

/// A gate with a clock of the test's.
struct ClockedGate {
  std::atomic<std::int64_t> millis{1'795'251'600'000};
  LoginGate gate{[this] { return from_unix_millis(millis); }};
  [[nodiscard]] std::optional<Failure> enter() {
    return gate.enter({std::chrono::steady_clock::now() + 20s, 20s, nullptr, std::nullopt});
  }
  void advance(Duration by) { millis += by.count(); }
};

struct Guarded {
  std::string dialect;
  unsigned short port;
  std::string before;  ///< of the URL, up to the port
  std::string behind;
};

std::vector<Guarded> guarded_databases() {
  static Prepared<Postgres> postgres{"CREATE ROLE monitor LOGIN PASSWORD 'right'"};
  static Prepared<Mariadb> mariadb{
      "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right'; GRANT ALL ON crm.* TO monitor@'127.0.0.1'"};
  Postgres& first = postgres;
  Mariadb& second = mariadb;
  return {{"postgresql", first.port(), "postgresql://monitor@127.0.0.1:", "/postgres"},
          {"mysql", second.port(), "mysql://monitor@127.0.0.1:", "/crm"}};
}

std::string many_measurements() {
  std::string out;
  for (int i = 0; i < 19; ++i) out += "  - {id: m" + std::to_string(i) + ", query: SELECT 1}\n";
  out += "  - {id: login, connection: fresh, query: SELECT 1}\n";
  return out;
}

}  // namespace

TEST_CASE("a refused login is not tried again for 30 s, and then for twice as long each time, up to an hour") {
  ClockedGate gate;
  REQUIRE_FALSE(gate.enter());
  gate.gate.leave(kWrongPassword);
  for (Duration wait = 30s; wait < 2h; wait *= 2) {
    const Duration awaited = std::min<Duration>(wait, 1h);
    gate.advance(awaited - 1s);
    const auto refused = gate.enter();
    REQUIRE(refused);
    CHECK(refused->reason == Reason::credentials);
    CHECK(refused->message.find("the next try is at") != std::string::npos);
    gate.advance(1s);
    REQUIRE_FALSE(gate.enter());
    gate.gate.leave(kWrongPassword);
  }
}

TEST_CASE("a login that works opens the gate, and what is not a refusal never closes it") {
  ClockedGate gate;
  for (const Failure& other :
       {Failure{Stage::connect, Reason::refused, "x"}, Failure{Stage::request, Reason::timeout, "x"},
        Failure{Stage::connect, Reason::missing, "x"}, Failure{Stage::auth, Reason::server_error, "x"}}) {
    REQUIRE_FALSE(gate.enter());
    gate.gate.leave(other);
  }
  REQUIRE_FALSE(gate.enter());
  gate.gate.leave(kWrongPassword);
  CHECK(gate.enter());
  gate.advance(31s);
  REQUIRE_FALSE(gate.enter());
  gate.gate.leave(std::nullopt);
  REQUIRE_FALSE(gate.enter());
  gate.gate.leave(kWrongPassword);
  gate.advance(29s);  // a new story: 30 s again
  CHECK(gate.enter());
  gate.advance(1s);
  CHECK_FALSE(gate.enter());
}

TEST_CASE("a clock that was set back does not keep the gate closed") {
  ClockedGate gate;
  REQUIRE_FALSE(gate.enter());
  gate.gate.leave(kWrongPassword);
  gate.advance(-24h);
  CHECK_FALSE(gate.enter());
}

TEST_CASE("until a login has worked, others wait for what becomes of the first") {
  ClockedGate gate;
  REQUIRE_FALSE(gate.enter());
  std::vector<std::future<bool>> others;
  std::atomic<int> started{0};
  for (int i = 0; i < 5; ++i)
    others.push_back(std::async(std::launch::async, [&] {
      ++started;
      return gate.enter().has_value();
    }));
  REQUIRE(eventually([&] { return started == 5; }));
  gate.gate.leave(kWrongPassword);
  for (auto& other : others) CHECK(other.get());
}

TEST_CASE("accounts share a gate by URL and password, as long as somebody uses it") {
  LoginGates gates{wall_now};
  const auto gate = gates.of("mysql://u@h/crm", Secret{"a"});
  CHECK(gates.of("mysql://u@h/crm", Secret{"a"}) == gate);
  CHECK(gates.of("mysql://u@h/crm", Secret{"b"}) != gate);
  CHECK(gates.of("mysql://v@h/crm", Secret{"a"}) != gate);
}

TEST_CASE("a wrong password is tried once by all measurements of all CRMs of one account, and told once by each CRM") {
  for (const Guarded& database : guarded_databases()) {
    CAPTURE(database.dialect);
    const Relay relay{database.port};
    const std::string url = database.before + std::to_string(relay.port()) + database.behind;
    probes::Runtime runtime;
    const PasswordFile wrong{"wrong"};
    const std::string with = "url: '" + url + "'\npassword_file: " + wrong.path() + "\nheartbeat_table: beat";
    const std::string recipe = recipe_head(database.dialect) + many_measurements() + kWriteTest;
    int once = 0;
    std::vector<std::unique_ptr<probes::Target>> crms;
    for (int crm = 0; crm < 3; ++crm) crms.push_back(make_target(runtime, recipe, with));
    for (const auto& target : crms) {
      check_failed(run(*target, "liveness"), "auth/credentials");
      if (once == 0) once = relay.connections();
      std::size_t told = 0;
      for (const auto& planned : target->measurements()) {
        const auto reading = run(*target, planned.measurement->id);
        CHECK(failure_text(reading) == "auth/credentials");
        CHECK(reading.login_failed);
        CHECK(reading.failure->message.find("the next try is at") != std::string::npos);
        told += reading.evidence.size();
      }
      CHECK(told == 0);
    }
    CHECK(once >= 1);
    CHECK(relay.connections() == once);
    // Another password is another story.
    const PasswordFile right{"right"};
    const auto good =
        make_target(runtime, recipe_head(database.dialect), "url: '" + url + "'\npassword_file: " + right.path());
    check_succeeded(run(*good, "liveness"));
  }
}

TEST_CASE("liveness and the other measurements that start together try a wrong password once") {
  for (const Guarded& database : guarded_databases()) {
    CAPTURE(database.dialect);
    const auto connections = [&](bool together) {
      const Relay relay{database.port};
      probes::Runtime runtime;
      const PasswordFile wrong{"wrong"};
      const auto target = make_target(runtime, recipe_head(database.dialect) + many_measurements(),
                                      "url: '" + database.before + std::to_string(relay.port()) + database.behind +
                                          "'\npassword_file: " + wrong.path());
      const auto inbox = std::make_shared<Inbox>();
      const std::size_t runs = together ? target->measurements().size() : 1;
      for (std::size_t i = 0; i < runs; ++i)
        target->start(i, kAt, [inbox](probes::Reading reading) { inbox->put(std::move(reading)); });
      for (const auto& reading : inbox->take(runs)) CHECK(failure_text(reading) == "auth/credentials");
      return relay.connections();
    };
    CHECK(connections(true) == connections(false));
  }
}
