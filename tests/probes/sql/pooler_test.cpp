// Behind a pooler the server's session is lent to others between two statements: nothing of ours may stay in it.
#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/log.h"
#include "probes/sql/driver/connection.h"
#include "probes/sql/open.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/captured_log.h"
#include "tests/support/mariadb.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

/// A server whose application and monitor come through a pooler, all as `app`.
Postgres& server() {
  static Prepared<Postgres> instance{
      "CREATE ROLE app LOGIN PASSWORD 'app';"
      "CREATE TABLE deal (id serial PRIMARY KEY, name text, at timestamptz DEFAULT now());"
      "INSERT INTO deal (name) VALUES ('first');"
      "CREATE TABLE beat (run_id text PRIMARY KEY, at timestamptz);"
      "GRANT SELECT, INSERT, DELETE ON deal, beat TO app; GRANT USAGE ON SEQUENCE deal_id_seq TO app;"};
  return instance;
}

/// Everything a run may try; what fails must leave as little behind as what succeeds.
const std::string kMeasurements = kWriteTest + R"yaml(
  - {id: deals, query: SELECT count(*) AS n FROM deal, samples: [{metric: crm_records, value: n}]}
  - {id: login, connection: fresh, query: SELECT 1}
  - {id: bad_sql, query: SELEC 1}
  - {id: missing_table, query: SELECT 1 FROM nothing_here}
  - {id: two, query: SELECT 1; SELECT 2}
  - {id: sets, query: SET work_mem = '1MB'}
  - {id: begins, query: BEGIN}
  - {id: write, query: "INSERT INTO deal (name) VALUES ('x') RETURNING 1 AS one"}
  - {id: slow, timeout: 500ms, query: SELECT pg_sleep(20)}
  - {id: cut, rows: 10, query: "SELECT generate_series(1, 2000000000) AS id", samples: [{metric: crm_records, value: id, reduce: max}]}
)yaml";

/// What the application does beside us, and what it may rely on.
const std::string kApplication =
    "INSERT INTO deal (name) VALUES ('another');"
    "DO $$ BEGIN IF current_setting('statement_timeout') <> '0' OR current_setting('default_transaction_read_only') <> "
    "'off' OR current_setting('transaction_read_only') <> 'off' THEN RAISE EXCEPTION 'the session is not as it was'; "
    "END IF; END $$";

std::unique_ptr<probes::Target> monitor(probes::Runtime& runtime, const std::string& url,
                                        const std::string& password = "monitor") {
  const PasswordFile file{password};
  return make_target(runtime, recipe_head("postgresql") + kMeasurements,
                     "url: " + url + "\nheartbeat_table: beat\npassword_file: " + file.path());
}

/// A server process each in session mode; one for all otherwise.
Pgbouncer::Options options(const std::string& pool_mode) {
  return {pool_mode, pool_mode == "session" ? 5 : 1, {}};
}

std::string odbc_driver(const std::string& library) {
  for (const char* directory : {"/usr/lib/x86_64-linux-gnu/odbc/", "/usr/lib/aarch64-linux-gnu/odbc/"}) {
    if (std::filesystem::exists(directory + library)) return directory + library;
  }
  FAIL("no " << library);
  return {};
}

}  // namespace

TEST_CASE("an application behind PgBouncer writes on beside every measurement, in each of its pool modes") {
  for (const std::string mode : {"transaction", "statement", "session"}) {
    INFO(mode);
    const Pgbouncer pooler{server(), options(mode)};
    probes::Runtime runtime;
    const auto target = monitor(runtime, pooler.url());
    CHECK_NOTHROW(pooler.execute(kApplication));
    for (int round = 0; round < 2; ++round) {
      for (const char* good : {"liveness", "login", "deals", "heartbeat"}) {
        INFO(good);
        check_succeeded(run(*target, good));
        CHECK_NOTHROW(pooler.execute(kApplication));
      }
      for (const auto& [bad, reason] : {std::pair{"bad_sql", "request/bad_content"},
                                        {"missing_table", "request/missing"},
                                        {"two", "request/bad_content"},
                                        {"write", "request/permission"},
                                        {"slow", "request/timeout"}}) {
        INFO(bad);
        check_failed(run(*target, bad), reason);
        CHECK_NOTHROW(pooler.execute(kApplication));
      }
      for (const char* odd : {"begins", "sets"}) {
        INFO(odd);
        CHECK(run(*target, odd).failure);
        CHECK_NOTHROW(pooler.execute(kApplication));
      }
      CHECK(run(*target, "cut").rows_truncated > 0);
      CHECK_NOTHROW(pooler.execute(kApplication));
    }
    CHECK(target->pooler().find("PgBouncer") != std::string::npos);
  }
}

TEST_CASE("an application that writes at the same moment, from two threads, never meets what a measurement needs") {
  for (const std::string mode : {"transaction", "statement", "session"}) {
    INFO(mode);
    // Fewer of the server's sessions than there are clients: each goes from hand to hand.
    const Pgbouncer pooler{server(), {mode, mode == "session" ? 6 : 2, {}}};
    probes::Runtime runtime;
    const auto target = monitor(runtime, pooler.url());
    std::atomic<bool> measured{false};
    std::atomic<int> written{0};
    std::mutex mutex;
    std::vector<std::string> faults;
    const auto application = [&] {
      while (!measured) {
        try {
          pooler.execute(kApplication);
          ++written;
        } catch (const std::exception& error) {
          const std::lock_guard lock{mutex};
          faults.emplace_back(error.what());
        }
      }
    };
    std::thread first{application};
    std::thread second{application};
    std::vector<probes::Reading> readings;
    for (int round = 0; round < 3; ++round) {
      for (const char* id : {"liveness", "login", "deals", "heartbeat", "bad_sql", "write", "slow"})
        readings.push_back(run(*target, id));
    }
    const bool both = eventually([&] { return written >= 10; });
    measured = true;
    first.join();
    second.join();
    CHECK(both);
    for (const std::string& fault : faults) FAIL_CHECK(fault);
    for (const probes::Reading& reading : readings) {
      const bool good =
          reading.measurement != "bad_sql" && reading.measurement != "write" && reading.measurement != "slow";
      if (good)
        check_succeeded(reading);
      else
        CHECK(reading.failure);
    }
  }
}

TEST_CASE("a MySQL proxy is known by a session that is not the one that greeted") {
  // ProxySQL and MaxScale greet with a number of their own and lend sessions of the server, whose numbers are others.
  const Mariadb database{{"--init-connect=SET SESSION pseudo_thread_id = 4000000000 + CONNECTION_ID()"}};
  database.execute(
      "CREATE USER monitor@'127.0.0.1'; GRANT SELECT ON crm.* TO monitor@'127.0.0.1'; GRANT BINLOG REPLAY ON *.* TO "
      "monitor@'127.0.0.1'");
  probes::Runtime runtime;
  const auto target = make_target(runtime, recipe_head("mysql"), "url: " + database.url("monitor"));
  CHECK(target->pooler().empty());
  check_succeeded(run(*target, "liveness"));
  CHECK(target->pooler().find("ProxySQL") != std::string::npos);
  CHECK(target->pooler().find("MaxScale") != std::string::npos);
}

TEST_CASE("a pooler is said once in the log, whichever connection meets it") {
  log::configure(log::Level::info, log::Format::text);
  const CapturedLog captured;
  const Pgbouncer pooler{server(), options("transaction")};
  probes::Runtime runtime;
  const auto target = monitor(runtime, pooler.url());
  for (int round = 0; round < 2; ++round)
    for (const char* id : {"liveness", "deals", "login", "heartbeat"}) check_succeeded(run(*target, id));
  INFO(captured.text());
  CHECK(captured.lines("a pooler is in front of the database") == 1);
}

TEST_CASE("a URL that looks like a pooler's is known before anything is asked") {
  using probes::sql::pooler_guess;
  for (const char* url :
       {"postgresql://m@db:6432/crm", "postgresql://m@pgbouncer.example.com/crm", "mysql://m@db:6033/crm",
        "mysql://m@maxscale/crm", "postgresql://m@aws-0-eu.pooler.supabase.com/crm",
        "odbc:Driver={PostgreSQL Unicode};Server=db;Port=6432;UID=m"}) {
    INFO(url);
    CHECK_FALSE(pooler_guess(url).empty());
  }
  for (const char* url :
       {"postgresql://m@db:5432/crm", "mysql://m@db/crm", "sqlite:/pgbouncer.db", "https://h:6432/"}) {
    INFO(url);
    CHECK(pooler_guess(url).empty());
  }
  probes::Runtime runtime;
  const auto target = make_target(runtime, recipe_head("postgresql"), "url: postgresql://m@db:6432/crm");
  CHECK(target->pooler().find("6432") != std::string::npos);
}

TEST_CASE("without a pooler none is seen") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, server().url("app"), "app");
  check_succeeded(run(*target, "liveness"));
  CHECK(target->pooler().empty());
}

TEST_CASE("a role whose transactions are read-only by default still writes its heartbeat") {
  server().execute(
      "CREATE ROLE careful LOGIN PASSWORD 'app' IN ROLE app; ALTER ROLE careful SET "
      "default_transaction_read_only = on");
  probes::Runtime runtime;
  const auto target = monitor(runtime, server().url("careful"), "app");
  check_succeeded(run(*target, "heartbeat"));
  check_succeeded(run(*target, "liveness"));
  check_failed(run(*target, "write"), "request/permission");
}

TEST_CASE("the server's log is not filled with warnings of ours") {
  const std::size_t before = server().log().size();
  probes::Runtime runtime;
  const auto target = monitor(runtime, server().url("app"), "app");
  check_succeeded(run(*target, "liveness"));
  check_succeeded(run(*target, "heartbeat"));
  CHECK(server().log().find("WARNING", before) == std::string::npos);
}

namespace {

std::unique_ptr<probes::Target> odbc_monitor(probes::Runtime& runtime, const Pgbouncer& pooler) {
  const PasswordFile file{"monitor"};
  return make_target(runtime, recipe_head("odbc") + kMeasurements,
                     "url: 'odbc:Driver={" + odbc_driver("psqlodbcw.so") +
                         "};Server=127.0.0.1;Port=" + std::to_string(pooler.port()) +
                         ";Database=crm;UID=monitor'\nheartbeat_table: beat\npassword_file: " + file.path());
}

}  // namespace

TEST_CASE("through ODBC nothing outlives a statement in PgBouncer's pool either") {
  for (const std::string mode : {"transaction", "session"}) {
    INFO(mode);
    const Pgbouncer pooler{server(), options(mode)};
    probes::Runtime runtime;
    const auto target = odbc_monitor(runtime, pooler);
    for (int round = 0; round < 2; ++round) {
      for (const char* good : {"liveness", "login", "deals", "heartbeat"}) {
        INFO(good);
        check_succeeded(run(*target, good));
        CHECK_NOTHROW(pooler.execute(kApplication));
      }
      for (const char* bad : {"bad_sql", "missing_table", "write", "slow"}) {
        INFO(bad);
        CHECK(run(*target, bad).failure);
        CHECK_NOTHROW(pooler.execute(kApplication));
      }
    }
  }
}

TEST_CASE("through ODBC a pool in statement mode refuses, says what it refuses, and the application writes on") {
  const Pgbouncer pooler{server(), options("statement")};
  probes::Runtime runtime;
  const auto target = odbc_monitor(runtime, pooler);
  for (const char* id : {"liveness", "deals", "write"}) {
    const auto reading = run(*target, id);
    REQUIRE(reading.failure);
    INFO(reading.failure->message);
    CHECK(reading.failure->message.find("transaction") != std::string::npos);
    CHECK_NOTHROW(pooler.execute(kApplication));
  }
}

TEST_CASE("a MariaDB session is as it was after every measurement") {
  Mariadb database;
  database.execute(
      "CREATE TABLE deal (id int AUTO_INCREMENT PRIMARY KEY, name text); INSERT INTO deal (name) VALUES ('first');"
      "CREATE TABLE beat (run_id varchar(32) PRIMARY KEY, at datetime);"
      "CREATE TABLE seen (read_only text, statement_time text)");
  probes::Runtime runtime;
  // The write test's connection is not the readers': each looks at its own session, outside of what we send around it.
  const auto target = make_target(runtime, recipe_head("mysql") + kWriteTest + R"yaml(
  - {id: deals, query: SELECT count(*) AS n FROM deal, samples: [{metric: crm_records, value: n}]}
  - {id: bad_sql, query: SELEC 1}
  - {id: write, query: "INSERT INTO deal (name) VALUES ('x') RETURNING 1 AS one"}
  - {id: slow, timeout: 500ms, query: "SELECT count(*) AS n FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"}
)yaml",
                                  "url: " + database.url() + "\nheartbeat_table: beat");
  database.execute("SET GLOBAL general_log = 1; SET GLOBAL log_output = 'TABLE'", "mysql");
  for (const char* good : {"liveness", "deals", "heartbeat"}) check_succeeded(run(*target, good));
  for (const char* bad : {"bad_sql", "write", "slow"}) CHECK(run(*target, bad).failure);
  check_failed(run(*target, "write"), "request/permission");
  // Nothing was set in a session; every transaction that was begun has ended.
  database.execute(
      "SET GLOBAL general_log = 0;"
      "SELECT count(*) INTO @sets FROM mysql.general_log WHERE argument LIKE 'SET %TRANSACTION%' OR argument LIKE "
      "'SET SESSION max_%' OR argument LIKE 'SET max_%';"
      "SELECT count(*) INTO @begun FROM mysql.general_log WHERE argument LIKE 'START TRANSACTION%';"
      "SELECT count(*) INTO @ended FROM mysql.general_log WHERE argument LIKE 'ROLLBACK%';"
      "EXECUTE IMMEDIATE IF(@sets = 0 AND @begun > 5 AND @begun <= @ended + 1, 'DO 1', 'left something behind')",
      "mysql");
  CHECK(target->pooler().empty());
}
