// Behind a pooler the server's session is lent to others between two statements: nothing of ours may stay in it.
#include <catch2/catch.hpp>
#include <filesystem>

#include "probes/sql/driver/connection.h"
#include "tests/probes/database_fixture.h"
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

TEST_CASE("through ODBC nothing outlives a statement in PgBouncer's pool either") {
  const Pgbouncer pooler{server(), options("transaction")};
  probes::Runtime runtime;
  const PasswordFile file{"monitor"};
  const auto target = make_target(
      runtime, recipe_head("odbc") + kMeasurements,
      "url: 'odbc:Driver={" + odbc_driver("psqlodbcw.so") + "};Server=127.0.0.1;Port=" + std::to_string(pooler.port()) +
          ";Database=crm;UID=monitor'\nheartbeat_table: beat\npassword_file: " + file.path());
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
