// What a Target promises whatever the database: order, deadlines, endings, threads.

#include <sqlite3.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/probes/database_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;
using namespace std::chrono_literals;

namespace {

const std::string kEndless =
    "\"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c\"";

const std::string kRecipe = recipe_head("sqlite") + "  - {id: heavy, timeout: 3s, query: " + kEndless + "}\n" +
                            "  - {id: quick, timeout: 300ms, query: SELECT 1}\n"
                            "  - {id: patient, query: SELECT 1}\n"
                            "  - {id: conditional, when: heartbeat_table, query: SELECT 1}\n";
enum Index : std::size_t { kLiveness, kHeavy, kQuick, kPatient };

class Database {
 public:
  Database() {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path().c_str(), &database) == SQLITE_OK);
    REQUIRE(sqlite3_exec(database, "CREATE TABLE t (x)", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }
  [[nodiscard]] std::string path() const { return directory_.path() + "/crm.db"; }
  [[nodiscard]] std::string with() const { return "url: sqlite://" + path(); }

 private:
  TempDir directory_;
};

std::map<std::string, Reading> by_measurement(std::vector<Reading> readings) {
  std::map<std::string, Reading> out;
  for (Reading& reading : readings) out.insert_or_assign(reading.measurement, std::move(reading));
  return out;
}

}  // namespace

TEST_CASE("a target plans what is on, in the recipe's order, with its calls and timeouts") {
  const Database database;
  Runtime runtime;
  const auto target = make_target(runtime, kRecipe + kWriteTest, database.with() + "\nheartbeat_table: t", 7s);
  const auto& planned = target->measurements();
  REQUIRE(planned.size() == 6);
  CHECK(planned[0].measurement->id == "liveness");
  CHECK(planned[0].timeout == 7s);
  CHECK(planned[1].timeout == 3s);
  CHECK(planned[4].measurement->id == "conditional");
  CHECK(planned[5].calls == 3);
  CHECK(make_target(runtime, kRecipe + kWriteTest, database.with())->measurements().size() == 4);
}

TEST_CASE("what cannot be written for the dialect is refused when the target is made") {
  Runtime runtime;
  const auto recipe =
      std::make_shared<const Recipe>(recipe_from(recipe_head("odbc") + "  - {id: m, query: \"SELECT ${text}\"}\n"));
  const Arguments arguments = arguments_from(*recipe, "{url: 'odbc:Driver=x', text: 'back\\slash'}");
  const auto target = Target::make(runtime, {"acme", recipe, arguments, {}, 1s});
  REQUIRE(target.has_error());
  const Problems problems = target.error();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].message == "${text}: a backslash cannot stand in a query through ODBC");
  CHECK(problems[0].line > 0);
}

TEST_CASE("runs of one target wait for each other inside their own timeouts") {
  const Database database;
  Runtime runtime;
  const auto target = make_target(runtime, kRecipe, database.with());
  const auto inbox = std::make_shared<Inbox>();
  const auto put = [inbox](Reading reading) { inbox->put(std::move(reading)); };
  target->start(kHeavy, kAt, put);
  const auto quick = run(*target, "quick");
  check_failed(quick, "request/skipped");
  // Nobody asked the CRM: nothing is said about it.
  CHECK(samples_of(quick).size() == 1);
  CHECK(quick.failure->message.find("'heavy'") != std::string::npos);

  target->start(kPatient, kAt, put);
  const auto in_order = inbox->take(2);
  CHECK(in_order[0].measurement == "heavy");
  CHECK(in_order[1].measurement == "patient");
  auto readings = by_measurement(in_order);
  check_failed(readings["heavy"], "request/timeout");
  check_succeeded(readings["patient"]);
}

TEST_CASE("liveness waits for no other measurement of its CRM") {
  const Database database;
  Runtime runtime;
  const auto target = make_target(runtime, kRecipe, database.with());
  const auto inbox = std::make_shared<Inbox>();
  const auto put = [inbox](Reading reading) { inbox->put(std::move(reading)); };
  target->start(kHeavy, kAt, put);
  target->start(kPatient, kAt, put);
  check_succeeded(run(*target, "liveness"));
  CHECK(inbox->size() == 0);
  (void)inbox->take(2);
}

TEST_CASE("liveness needs none of the threads that other targets' measurements hold") {
  const Database database;
  Runtime runtime{{1}};
  const auto hung = make_target(runtime, kRecipe, database.with());
  const auto target = make_target(runtime, kRecipe, database.with());
  const auto inbox = std::make_shared<Inbox>();
  hung->start(kHeavy, kAt, [inbox](Reading reading) { inbox->put(std::move(reading)); });
  check_succeeded(run(*target, "liveness"));
  CHECK(inbox->size() == 0);
  (void)inbox->take(1);
}

TEST_CASE("a liveness behind one that hangs is down, not silent") {
  const Database database;
  Runtime runtime;
  std::string endless = kRecipe;
  const std::string liveness = "SELECT 1 AS one";
  endless.replace(endless.find(liveness), liveness.size(), kEndless);
  const auto target = make_target(runtime, endless, database.with(), 300ms);
  const auto inbox = std::make_shared<Inbox>();
  const auto put = [inbox](Reading reading) { inbox->put(std::move(reading)); };
  target->start(kLiveness, kAt, put);
  target->start(kLiveness, kAt, put);
  for (const Reading& reading : inbox->take(2)) {
    check_failed(reading, "request/timeout");
    CHECK(samples_of(reading).at("crm_up") == 0);
  }
}

TEST_CASE("targets do not wait for each other while there are threads, and only then") {
  const Database database;
  Runtime runtime{{2}};
  // It holds its thread for as long as the test takes.
  std::string recipe = kRecipe;
  recipe.replace(recipe.find("timeout: 3s"), 11, "timeout: 10m");
  auto slow = make_target(runtime, recipe, database.with());
  const auto other = make_target(runtime, recipe, database.with());
  auto slow_too = make_target(runtime, recipe, database.with());
  const auto last = make_target(runtime, recipe, database.with());
  const auto inbox = std::make_shared<Inbox>();
  const auto put = [inbox](Reading reading) { inbox->put(std::move(reading)); };
  slow->start(kHeavy, kAt, put);
  check_succeeded(run(*other, "patient"));
  CHECK(inbox->size() == 0);
  // Of a target of its own: behind `patient`, whose thread may not have let go of it yet, it would come after `quick`.
  slow_too->start(kHeavy, kAt, put);
  const auto waited = run(*last, "quick");
  check_failed(waited, "request/skipped");
  CHECK(waited.failure->message.find("no worker was free") != std::string::npos);
  slow.reset();
  slow_too.reset();
  (void)inbox->take(2);
}

TEST_CASE("a target that goes ends its runs as skipped, each told once, before it is gone") {
  const Database database;
  Runtime runtime;
  auto target = make_target(runtime, kRecipe, database.with());
  const auto told = std::make_shared<std::atomic<int>>(0);
  const auto inbox = std::make_shared<Inbox>();
  const auto put = [inbox, told](Reading reading) {
    inbox->put(std::move(reading));
    ++*told;
  };
  target->start(kHeavy, kAt, put);
  target->start(kPatient, kAt, put);
  target->start(kLiveness, kAt, put);
  target.reset();
  CHECK(*told == 3);
  for (const Reading& reading : inbox->take(3)) check_failed(reading, "request/skipped");
}

TEST_CASE("a runtime that goes first takes its targets' runs with it") {
  const Database database;
  auto runtime = std::make_unique<Runtime>();
  const auto target = make_target(*runtime, kRecipe, database.with());
  const auto inbox = std::make_shared<Inbox>();
  target->start(kHeavy, kAt, [inbox](Reading reading) { inbox->put(std::move(reading)); });
  runtime.reset();
  CHECK(failure_text(inbox->take(1).front()) == "request/skipped");
}

TEST_CASE("many targets asked from many threads answer every run once") {
  const Database database;
  Runtime runtime{{4}};
  std::vector<std::unique_ptr<Target>> targets;
  for (int i = 0; i < 8; ++i) targets.push_back(make_target(runtime, kRecipe, database.with(), 20s));
  std::atomic<int> answers{0};
  std::atomic<int> failures{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 25; ++round) {
        for (const auto& target : targets) {
          target->start(round % 2 == 0 ? kLiveness : kPatient, kAt, [&](const Reading& reading) {
            if (reading.failure) ++failures;
            ++answers;
          });
        }
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(eventually([&] { return answers == 4 * 25 * 8; }));
  CHECK(failures == 0);
  targets.clear();
  CHECK(answers == 4 * 25 * 8);
}

TEST_CASE("a replaced SQLite file is opened anew, a missing one is told, a foreign one too") {
  const Database database;
  Runtime runtime;
  const auto target = make_target(runtime, recipe_head("sqlite") + "  - {id: n, query: SELECT count(*) AS n FROM u}\n",
                                  database.with());
  check_failed(run(*target, "n"), "request/missing");
  REQUIRE(std::rename(database.path().c_str(), (database.path() + ".old").c_str()) == 0);
  check_failed(run(*target, "n"), "connect/missing");
  std::FILE* file = std::fopen(database.path().c_str(), "w");
  std::fputs("this is not a database, and it is long enough to be looked at as one", file);
  std::fclose(file);
  check_failed(run(*target, "n"), "connect/bad_content");
  REQUIRE(std::remove(database.path().c_str()) == 0);
  sqlite3* fresh = nullptr;
  REQUIRE(sqlite3_open(database.path().c_str(), &fresh) == SQLITE_OK);
  REQUIRE(sqlite3_exec(fresh, "CREATE TABLE u (x)", nullptr, nullptr, nullptr) == SQLITE_OK);
  check_succeeded(run(*target, "n"));
  check_succeeded(run(*target, "liveness"));

  // Locked by a writer for as long as it likes.
  REQUIRE(sqlite3_exec(fresh, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto impatient =
      make_target(runtime, recipe_head("sqlite") + "  - {id: n, timeout: 300ms, query: SELECT count(*) AS n FROM u}\n",
                  database.with());
  check_failed(run(*impatient, "n"), "connect/timeout");
  const auto connected = run(*target, "liveness");  // touches no table: no lock is in its way
  check_succeeded(connected);
  REQUIRE(sqlite3_exec(fresh, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(fresh);
  check_succeeded(run(*impatient, "n"));
}
