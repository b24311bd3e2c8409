#include <catch2/catch.hpp>

#include "tests/probes/database_fixture.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const std::string kHead = recipe_head("postgresql");

/// A server with a small CRM in it: role `monitor` may read `deal` and `huge`, not `secret_table`.
Postgres& server() {
  static Prepared<Postgres> instance{
      "CREATE ROLE monitor LOGIN PASSWORD 'right';"
      "CREATE TABLE deal (id int PRIMARY KEY, stage text, amount numeric(12,2), open boolean, modified timestamp, "
      "seen timestamptz, day date);"
      "INSERT INTO deal VALUES (1, 'won', 10.50, false, '2026-11-21 09:00:00.25', '2026-11-21 09:00:00+02', "
      "'2026-11-21'),"
      "(2, 'lost', NULL, true, '2026-11-20', '2026-11-20 00:00:00+00', '2026-11-20');"
      "CREATE TABLE secret_table (name text); CREATE TABLE person (name text); INSERT INTO person VALUES ('Jane "
      "Roe');"
      "CREATE TABLE huge (body text); INSERT INTO huge SELECT repeat('x', 20000000);"
      "CREATE TABLE beat (run_id text PRIMARY KEY, at timestamptz);"
      "CREATE TABLE beat_no_read (run_id text PRIMARY KEY, at timestamptz);"
      "GRANT SELECT ON deal, person, huge TO monitor; GRANT SELECT, INSERT, DELETE ON beat TO monitor; GRANT INSERT "
      "ON beat_no_read TO monitor;"};
  return instance;
}

std::unique_ptr<probes::Target> monitor(probes::Runtime& runtime, const std::string& measurements,
                                        const std::string& with = "", Duration timeout = 10s,
                                        const std::string& password = "right") {
  const PasswordFile file{password};
  return make_target(runtime, kHead + measurements,
                     "url: " + server().url("monitor") + "\npassword_file: " + file.path() + "\n" + with, timeout);
}

}  // namespace

TEST_CASE("PostgreSQL values of every type become numbers") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: values
    query: SELECT stage, amount, open, modified, seen, day, id FROM deal ORDER BY id
    samples:
      - {metric: crm_sales_amount, value: amount, by: [stage], "null": skip}
      - {metric: crm_records, value: open, by: [stage]}
      - {metric: crm_last_modified_timestamp_seconds, value: modified, by: [stage], labels: {object: deal}}
      - {metric: my_seen, value: seen, by: [stage]}
      - {metric: my_day, value: day, by: [stage], scale: 0.5}
      - {metric: crm_info, constant: 1, by: [ID]}
)yaml");
  const auto reading = run(*target, "values");
  check_succeeded(reading);
  const auto samples = samples_of(reading);
  CHECK(samples.at(R"(crm_sales_amount{stage="won"})") == 10.5);
  CHECK(samples.count(R"(crm_sales_amount{stage="lost"})") == 0);
  CHECK(samples.at(R"(crm_records{stage="won"})") == 0);
  CHECK(samples.at(R"(crm_records{stage="lost"})") == 1);
  CHECK(samples.at(R"(crm_last_modified_timestamp_seconds{object="deal",stage="won"})") == 1795251600.25);
  CHECK(samples.at(R"(my_seen{stage="won"})") == 1795244400);
  CHECK(samples.at(R"(my_day{stage="won"})") == 1795219200 / 2.0);
  CHECK(samples.at(R"(crm_info{ID="2"})") == 1);
}

TEST_CASE("each way a PostgreSQL query can fail has its stage and reason, and the connection stays good") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - {id: bad_sql, query: SELEC 1}
  - {id: missing_table, query: SELECT 1 FROM nothing_here}
  - {id: missing_column, query: SELECT nothing_here FROM deal}
  - {id: permission, query: SELECT * FROM secret_table}
  - {id: two, query: SELECT 1; SELECT 2}
  - {id: no_rows, query: SET work_mem = '1MB'}
  - {id: write, query: "INSERT INTO beat VALUES ('x', now()) RETURNING 1 AS one"}
  - {id: record_text, query: SELECT name::int AS n FROM person}
  - {id: is_null, query: SELECT NULL AS n, samples: [{metric: crm_records, value: n}]}
  - {id: is_text, query: SELECT name AS n FROM person, samples: [{metric: crm_records, value: n}]}
  - {id: is_nan, query: "SELECT 'NaN'::float8 AS n", samples: [{metric: crm_records, value: n}]}
  - {id: no_column, query: SELECT 1 AS m, samples: [{metric: crm_records, value: n}]}
  - {id: twice, query: SELECT 1 AS n FROM deal, samples: [{metric: crm_records, value: n}]}
  - {id: slow, timeout: 400ms, query: SELECT pg_sleep(20)}
  - {id: copy, query: COPY deal TO STDOUT}
rights: [GRANT SELECT ON deal TO monitor]
)yaml");
  check_succeeded(run(*target, "liveness"));  // on a connection of its own
  check_failed(run(*target, "bad_sql"), "request/bad_content");
  check_failed(run(*target, "missing_table"), "request/missing");
  check_failed(run(*target, "missing_column"), "request/missing");
  const auto permission = run(*target, "permission");
  check_failed(permission, "request/permission");
  CHECK(
      permission.failure->message ==
      "permission denied for table secret_table (SQLSTATE 42501); `crmpulse-agent recipes shop` (for a recipe of your "
      "own: with its file) prints what to grant");
  check_failed(run(*target, "two"), "request/bad_content");
  check_failed(run(*target, "no_rows"), "content/bad_content");
  const auto write = run(*target, "write");
  check_failed(write, "request/permission");
  CHECK(write.failure->message.find("read-only") != std::string::npos);
  CHECK(write.failure->message.find("recipes shop") == std::string::npos);
  const auto record_text = run(*target, "record_text");
  check_failed(record_text, "request/bad_content");
  CHECK(record_text.failure->message.find("Jane") == std::string::npos);
  CHECK(record_text.failure->message.find("invalid input syntax") != std::string::npos);
  check_failed(run(*target, "is_null"), "content/missing");
  const auto is_text = run(*target, "is_text");
  check_failed(is_text, "content/bad_content");
  CHECK(is_text.failure->message.find("Jane") == std::string::npos);
  check_failed(run(*target, "is_nan"), "content/bad_content");
  check_failed(run(*target, "no_column"), "content/bad_content");
  check_failed(run(*target, "twice"), "content/bad_content");
  const auto slow = run(*target, "slow");
  check_failed(slow, "request/timeout");
  CHECK(slow.failure->message.find("57014") != std::string::npos);

  // One connection served all of it, and liveness still has its own.
  const auto liveness = run(*target, "liveness");
  check_succeeded(liveness);
  CHECK(liveness.phases.front().first == "first_byte");
  check_failed(run(*target, "copy"), "content/bad_content");
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a failure is closed once, by the run that succeeds after it") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: deals
    operation: query
    object: deal
    query: SELECT count(*) AS n FROM deals_of_tomorrow
)yaml");
  server().execute("DROP TABLE IF EXISTS deals_of_tomorrow");
  const std::string series = R"(crm_failure{object="deal",operation="query",reason="missing",stage="request"})";
  check_failed(run(*target, "deals"), "request/missing");
  CHECK(samples_of(run(*target, "deals")).at(series) == 1);
  server().execute("CREATE TABLE deals_of_tomorrow (id int)");
  const std::string denied = R"(crm_failure{object="deal",operation="query",reason="permission",stage="request"})";
  const auto other = samples_of(run(*target, "deals"));
  CHECK(other.at(series) == 0);
  CHECK(other.at(denied) == 1);
  server().execute("GRANT SELECT ON deals_of_tomorrow TO monitor");
  const auto recovered = run(*target, "deals");
  check_succeeded(recovered);
  CHECK(samples_of(recovered).at(denied) == 0);
  CHECK(samples_of(recovered).count(series) == 0);
  CHECK(samples_of(run(*target, "deals")).count(denied) == 0);
}

TEST_CASE("PostgreSQL refuses the login: wrong password, no password, no such database, no such role") {
  probes::Runtime runtime;
  const auto wrong = monitor(runtime, "", "", 10s, "wrong");
  const auto reading = run(*wrong, "liveness");
  check_failed(reading, "auth/credentials");
  CHECK(samples_of(reading).at("crm_up") == 0);
  CHECK(reading.failure->message.find("wrong") == std::string::npos);
  check_failed(run(*make_target(runtime, kHead, "url: " + server().url("monitor")), "liveness"), "auth/credentials");
  check_failed(run(*make_target(runtime, kHead, "url: " + server().url("postgres", "nowhere")), "liveness"),
               "connect/missing");
  check_failed(run(*make_target(runtime, kHead, "url: " + server().url("nobody")), "liveness"), "auth/credentials");
  check_failed(run(*make_target(runtime, kHead, "url: postgresql://monitor@no-such-host.invalid/crm"), "liveness"),
               "resolve/missing");
  const auto over_tls = [&](const std::string& options) {
    return failure_text(run(*make_target(runtime, kHead, "url: '" + server().url() + "?" + options + "'"), "liveness"));
  };
  CHECK(over_tls("sslmode=require") == "none");
  CHECK(over_tls("sslmode=verify-full&sslrootcert=" + server().certificate()) == "none");
  CHECK(over_tls("sslmode=verify-full&sslrootcert=/nowhere.crt") == "tls/certificate");
}

TEST_CASE("a login measurement connects anew each time and counts it") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, "  - {id: login, connection: fresh, query: SELECT 1}\n");
  for (int i = 0; i < 2; ++i) {
    const auto reading = run(*target, "login");
    check_succeeded(reading);
    REQUIRE(reading.phases.size() == 3);
    CHECK(reading.phases[0].first == "connect");
    CHECK(reading.phases[0].second > 0);
    CHECK(reading.duration_seconds >= reading.phases[0].second);
  }
}

TEST_CASE("a stopped PostgreSQL is refused, a restarted one is used again by the same target") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, "");
  check_succeeded(run(*target, "liveness"));
  server().stop();
  check_failed(run(*target, "liveness"), "connect/refused");
  server().start();
  const auto back = run(*target, "liveness");
  check_succeeded(back);
  CHECK(samples_of(back).at("crm_up") == 1);
  // A connection that died between two runs costs no failure: it is opened anew.
  server().stop();
  server().start();
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a hung PostgreSQL is a timeout, at the deadline, before and after the connection is there") {
  probes::Runtime runtime;
  const auto connected = monitor(runtime, "", "", 700ms);
  const auto fresh = monitor(runtime, "", "", 700ms);
  check_succeeded(run(*connected, "liveness"));
  server().hang();
  const auto while_asking = run(*connected, "liveness");
  const auto while_connecting = run(*fresh, "liveness");
  server().resume();
  check_failed(while_asking, "request/timeout");
  check_failed(while_connecting, "connect/timeout");
  check_succeeded(run(*connected, "liveness"));
  check_succeeded(run(*fresh, "liveness"));
}

TEST_CASE("a lock that is not given up ends the statement, not the agent") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, "  - {id: deals, timeout: 500ms, query: SELECT count(*) AS n FROM deal}\n");
  Process locker{{"/usr/lib/postgresql/15/bin/psql", "-X", "-q", "-h", "127.0.0.1", "-p",
                  std::to_string(server().port()), "-U", "postgres", "-d", "postgres", "-c",
                  "BEGIN; LOCK TABLE deal IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)"}};
  REQUIRE(eventually([&] { return run(*target, "deals").failure.has_value(); }));
  check_failed(run(*target, "deals"), "request/timeout");
  server().execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE%'");
  CHECK(eventually([&] { return !run(*target, "deals").failure; }));
}

TEST_CASE("rows past the limit and texts without end are cut and cost no memory for long") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: few
    rows: 10
    query: SELECT g AS id, 'o' || g AS object FROM generate_series(1, 25) g
    samples: [{metric: crm_records, value: id, by: [object]}]
  - id: endless
    rows: 10
    query: SELECT generate_series(1, 2000000000) AS id
    samples: [{metric: crm_records, value: id, reduce: max}]
  - id: huge
    query: SELECT body AS object, 1 AS n FROM huge
    samples: [{metric: crm_records, value: n, by: [object]}]
)yaml");
  const auto few = run(*target, "few");
  check_succeeded(few);
  CHECK(few.rows_truncated == 15);
  CHECK(samples_of(few).count(R"(crm_records{object="o10"})") == 1);
  CHECK(samples_of(few).count(R"(crm_records{object="o11"})") == 0);
  const auto endless = run(*target, "endless");
  check_succeeded(endless);
  CHECK(endless.rows_truncated == 10000);
  CHECK(samples_of(endless).at("crm_records") == 10);
  const auto huge = run(*target, "huge");
  check_succeeded(huge);
  for (const Sample& sample : huge.samples) CHECK(sample.labels.get("object").size() <= 128);
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a write test on PostgreSQL times its steps and leaves nothing behind") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, kWriteTest, "heartbeat_table: public.beat");
  for (int i = 0; i < 2; ++i) {
    const auto reading = run(*target, "heartbeat");
    check_succeeded(reading);
    const auto samples = samples_of(reading);
    CHECK(samples.at(R"(crm_transaction_success{transaction="heartbeat"})") == 1);
    for (const char* step : {"create", "read", "delete"}) {
      CHECK(samples.count(R"(crm_transaction_duration_seconds{step=")" + std::string{step} +
                          R"(",transaction="heartbeat"})") == 1);
    }
  }
  // Without a table there is no write test at all.
  CHECK(monitor(runtime, kWriteTest)->measurements().size() == 1);

  // A step fails in the middle: the record goes all the same.
  std::string wrong = kWriteTest;
  wrong.replace(wrong.find("equals: 1"), 9, "equals: 2");
  const auto failing = monitor(runtime, wrong, "heartbeat_table: beat");
  const auto reading = run(*failing, "heartbeat");
  check_failed(reading, "content/bad_content");
  CHECK(samples_of(reading).at(R"(crm_transaction_success{transaction="heartbeat"})") == 0);
  CHECK(samples_of(reading).count(R"(crm_transaction_duration_seconds{step="delete",transaction="heartbeat"})") == 1);
  server().execute("DO $$ BEGIN IF EXISTS (SELECT 1 FROM beat) THEN RAISE EXCEPTION 'left behind'; END IF; END $$");

  // Cleaning up fails too: that is the failure, and what came before it is told.
  const auto stuck = run(*monitor(runtime, kWriteTest, "heartbeat_table: beat_no_read"), "heartbeat");
  check_failed(stuck, "cleanup/permission");
  CHECK(stuck.failure->message.find("before it step read") != std::string::npos);
}

TEST_CASE("a PostgreSQL value of any size ends its measurement before it is in memory, over TCP and TLS") {
  probes::Runtime runtime;
  for (const std::string options : {"?sslmode=disable", "?sslmode=require"}) {
    INFO(options);
    const PasswordFile file{"right"};
    const auto target = make_target(runtime, kHead + R"yaml(
  - id: body
    query: SELECT repeat('x', 200000000) AS object, 1 AS n
    samples: [{metric: crm_records, value: n, by: [object]}]
  - id: many
    rows: 10
    query: SELECT repeat('x', 1000000) AS object, n FROM generate_series(1, 60) n
    samples: [{metric: crm_records, value: n, reduce: max}]
)yaml",
                                    "url: '" + server().url("monitor") + options + "'\npassword_file: " + file.path());
    const auto body = run(*target, "body");
    check_failed(body, "content/bad_content");
    CHECK(body.failure->message.find("32 MiB") != std::string::npos);
    // It is the single row that counts, not the answer.
    const auto many = run(*target, "many");
    check_succeeded(many);
    CHECK(many.rows_truncated == 50);
    check_succeeded(run(*target, "liveness"));
  }
}

TEST_CASE("notices and notifications without end cost a PostgreSQL measurement, not the agent's memory") {
  server().execute(
      "CREATE OR REPLACE FUNCTION shout(times int) RETURNS int AS $$ BEGIN FOR i IN 1..times LOOP "
      "RAISE NOTICE '%', repeat('n', 7000); END LOOP; RETURN times; END $$ LANGUAGE plpgsql;"
      "CREATE OR REPLACE FUNCTION listen_here() RETURNS int AS $$ BEGIN LISTEN news; RETURN 1; END $$ LANGUAGE "
      "plpgsql;");
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - {id: some, query: SELECT shout(100) AS n, samples: [{metric: crm_records, value: n}]}
  - {id: flood, query: SELECT shout(100000) AS n, samples: [{metric: crm_records, value: n}]}
  - {id: listen, query: SELECT listen_here() AS n, samples: [{metric: crm_records, value: n}]}
)yaml");
  check_succeeded(run(*target, "some"));
  check_failed(run(*target, "flood"), "content/bad_content");
  check_succeeded(run(*target, "listen"));
  // More than a client may keep for as long as it is connected.
  server().execute("SELECT count(pg_notify('news', g || repeat('x', 7000))) FROM generate_series(1, 1000) g");
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("connections are kept as long as there is room for those of all targets, and the rest connects anew") {
  probes::Runtime::Options options;
  options.max_connections = 2;
  probes::Runtime runtime{options};
  std::vector<std::unique_ptr<probes::Target>> targets;
  for (int i = 0; i < 5; ++i) targets.push_back(monitor(runtime, ""));
  for (int round = 0; round < 2; ++round) {
    for (const auto& target : targets) check_succeeded(run(*target, "liveness"));
  }
  const auto kept = [](int count) {
    return eventually([&] {
      try {
        server().execute("SELECT 1 / (CASE WHEN count(*) = " + std::to_string(count) +
                         " THEN 1 ELSE 0 END) FROM pg_stat_activity WHERE usename = 'monitor'");
        return true;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  };
  CHECK(kept(2));
  // What a target that goes leaves is there for the others.
  targets.erase(targets.begin(), targets.begin() + 2);
  CHECK(kept(0));
  for (const auto& target : targets) check_succeeded(run(*target, "liveness"));
  CHECK(kept(2));
}
