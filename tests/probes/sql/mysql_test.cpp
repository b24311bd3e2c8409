#include <catch2/catch.hpp>

#include "core/log.h"
#include "probes/sql/driver/connection.h"
#include "probes/sql/open.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/captured_log.h"
#include "tests/support/mariadb.h"
#include "tests/support/prepared.h"
#include "tests/support/relay.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

const std::string kHead = recipe_head("mysql");

/// A server with a small CRM in it: user `monitor` may read `deal`, `person` and `huge`, not `secret_table`.
Mariadb& server() {
  static Prepared<Mariadb> instance{
      "CREATE TABLE deal (id int PRIMARY KEY, stage varchar(20), amount decimal(12,2), open bit(1), modified "
      "datetime(2), day date, never datetime);"
      "SET sql_mode = '';"
      "INSERT INTO deal VALUES (1, 'won', 10.50, b'0', '2026-11-21 09:00:00.25', '2026-11-21', '0000-00-00 "
      "00:00:00'),"
      "(2, 'lost', NULL, b'1', '2026-11-20', '2026-11-20', '2026-11-20');"
      "CREATE TABLE secret_table (name text); CREATE TABLE person (name text); INSERT INTO person VALUES ('Jane "
      "Roe');"
      "CREATE TABLE huge (body longtext); INSERT INTO huge VALUES (repeat('x', 10000000));"
      "CREATE TABLE beat (run_id varchar(32) PRIMARY KEY, at datetime);"
      "CREATE TABLE beat_no_delete (run_id varchar(32) PRIMARY KEY, at datetime);"
      "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right';"
      "GRANT SELECT ON crm.deal TO monitor@'127.0.0.1'; GRANT SELECT ON crm.person TO monitor@'127.0.0.1';"
      "GRANT SELECT ON crm.huge TO monitor@'127.0.0.1'; GRANT SELECT, INSERT, DELETE ON crm.beat TO "
      "monitor@'127.0.0.1';"
      "GRANT SELECT, INSERT ON crm.beat_no_delete TO monitor@'127.0.0.1';"};
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

TEST_CASE("MariaDB values of every type become numbers, and zero dates are not dates") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: values
    query: SELECT stage, amount, open, modified, day, never FROM deal ORDER BY id
    samples:
      - {metric: crm_sales_amount, value: amount, by: [stage], "null": skip}
      - {metric: crm_records, value: open, by: [stage]}
      - {metric: crm_last_modified_timestamp_seconds, value: modified, by: [stage]}
      - {metric: my_day, value: day, by: [stage]}
      - {metric: my_never, value: never, by: [stage], "null": skip}
  - id: text
    query: SELECT CASE WHEN ${text} = 'O\'Hara \\' THEN 1 ELSE 0 END AS n
    samples: [{metric: crm_records, value: n}]
)yaml",
                              "text: \"O'Hara \\\\\"");
  const auto reading = run(*target, "values");
  check_succeeded(reading);
  const auto samples = samples_of(reading);
  CHECK(samples.at(R"(crm_sales_amount{stage="won"})") == 10.5);
  CHECK(samples.count(R"(crm_sales_amount{stage="lost"})") == 0);
  CHECK(samples.at(R"(crm_records{stage="won"})") == 0);
  CHECK(samples.at(R"(crm_records{stage="lost"})") == 1);
  CHECK(samples.at(R"(crm_last_modified_timestamp_seconds{stage="won"})") == 1795251600.25);
  CHECK(samples.at(R"(my_day{stage="won"})") == 1795219200);
  CHECK(samples.count(R"(my_never{stage="won"})") == 0);
  CHECK(samples.count(R"(my_never{stage="lost"})") == 1);
  CHECK(samples_of(run(*target, "text")).at("crm_records") == 1);
}

TEST_CASE("each way a MariaDB query can fail has its stage and reason, and the connection stays good") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - {id: bad_sql, query: SELEC 1}
  - {id: missing_table, query: SELECT 1 FROM beat_gone}
  - {id: missing_column, query: SELECT nothing_here FROM deal}
  - {id: permission, query: SELECT * FROM secret_table}
  - {id: two, query: SELECT 1; SELECT 2}
  - {id: no_rows, query: SET @a = 1}
  - {id: write, query: "INSERT INTO beat VALUES ('x', now()) RETURNING 1 AS one"}
  - {id: is_null, query: SELECT NULL AS n, samples: [{metric: crm_records, value: n}]}
  - {id: is_text, query: SELECT name AS n FROM person, samples: [{metric: crm_records, value: n}]}
  - {id: no_column, query: SELECT 1 AS m, samples: [{metric: crm_records, value: n}]}
  - {id: slow, timeout: 400ms, query: "SELECT count(*) AS n FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"}
rights: [GRANT SELECT ON deal TO monitor]
)yaml");
  check_succeeded(run(*target, "liveness"));  // on a connection of its own
  check_failed(run(*target, "bad_sql"), "request/bad_content");
  check_failed(run(*target, "missing_table"),
               "request/permission");  // MariaDB does not tell a stranger what is missing
  check_failed(run(*target, "missing_column"), "request/missing");
  const auto permission = run(*target, "permission");
  check_failed(permission, "request/permission");
  CHECK(permission.failure->message.find("; `crmpulse-agent recipes shop` (for") != std::string::npos);
  check_failed(run(*target, "two"), "request/bad_content");
  check_failed(run(*target, "no_rows"), "content/bad_content");
  const auto write = run(*target, "write");
  check_failed(write, "request/permission");
  CHECK(write.failure->message.find("READ ONLY") != std::string::npos);
  CHECK(write.failure->message.find("recipes shop") == std::string::npos);
  check_failed(run(*target, "is_null"), "content/missing");
  const auto is_text = run(*target, "is_text");
  check_failed(is_text, "content/bad_content");
  CHECK(is_text.failure->message.find("Jane") == std::string::npos);
  check_failed(run(*target, "no_column"), "content/bad_content");
  const auto slow = run(*target, "slow");
  check_failed(slow, "request/timeout");
  CHECK(slow.failure->message.find("1969") != std::string::npos);
  const auto liveness = run(*target, "liveness");
  check_succeeded(liveness);
  CHECK(liveness.phases.front().first == "first_byte");
}

TEST_CASE("MariaDB refuses the login: wrong password, no such database, TLS that is not there") {
  probes::Runtime runtime;
  const auto wrong = run(*monitor(runtime, "", "", 10s, "wrong"), "liveness");
  check_failed(wrong, "auth/credentials");
  CHECK(samples_of(wrong).at("crm_up") == 0);
  check_failed(run(*make_target(runtime, kHead, "url: " + server().url("nobody")), "liveness"), "auth/credentials");
  const PasswordFile file{"right"};
  const auto with = [&](const std::string& url) { return "url: '" + url + "'\npassword_file: " + file.path(); };
  check_failed(run(*make_target(runtime, kHead, with(server().url("monitor", "nowhere"))), "liveness"),
               "auth/permission");
  check_failed(run(*make_target(runtime, kHead, "url: mysql://monitor@no-such-host.invalid/crm"), "liveness"),
               "resolve/missing");
  check_succeeded(
      run(*make_target(runtime, kHead, "url: 'mysql://root@/mysql?socket=" + server().socket() + "'"), "liveness"));
}

TEST_CASE("MariaDB over TLS: required, verified, and not there") {
  probes::Runtime runtime;
  const PasswordFile file{"right"};
  const auto failure = [&](const std::string& options) {
    const auto target = make_target(
        runtime, kHead, "url: '" + server().url("monitor") + "?" + options + "'\npassword_file: " + file.path());
    return failure_text(run(*target, "liveness"));
  };
  CHECK(failure("ssl-mode=REQUIRED") == "none");
  CHECK(failure("sslmode=verify_identity&ssl-ca=" + server().certificate()) == "none");
  CHECK(failure("ssl-mode=verify_ca") == "tls/certificate");
  CHECK(failure("ssl-mode=disabled") == "none");
  server().execute("ALTER USER monitor@'127.0.0.1' REQUIRE SSL");
  CHECK(failure("ssl-mode=disabled") == "auth/credentials");
  CHECK(failure("ssl-mode=preferred") == "none");
  server().execute("ALTER USER monitor@'127.0.0.1' REQUIRE NONE");
  server().stop();
  server().start(false);
  CHECK(failure("ssl-mode=required") == "tls/refused");
  CHECK(failure("ssl-ca=" + server().certificate()) == "tls/refused");
  CHECK(failure("ssl-mode=preferred") == "none");
  server().stop();
  server().start();
}

TEST_CASE("a stopped MariaDB is refused, a restarted one is used again by the same target") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, "");
  check_succeeded(run(*target, "liveness"));
  server().stop();
  check_failed(run(*target, "liveness"), "connect/refused");
  server().start();
  check_succeeded(run(*target, "liveness"));
  server().stop();
  server().start();
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a hung MariaDB is a timeout, at the deadline, before and after the connection is there") {
  probes::Runtime runtime;
  const auto connected = monitor(runtime, "", "", 1500ms);
  const auto fresh = monitor(runtime, "", "", 1500ms);
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

TEST_CASE("a table lock that is not given up ends the MariaDB statement, not the agent") {
  probes::Runtime runtime;
  const auto target = monitor(runtime,
                              "  - {id: warm, query: SELECT 1}\n"
                              "  - {id: deals, timeout: 500ms, query: SELECT count(*) AS n FROM deal}\n");
  check_succeeded(run(*target, "warm"));  // connecting may take longer than the bound of what is tried
  check_succeeded(run(*target, "deals"));
  Process locker{{"mariadb", "--no-defaults", "--socket=" + server().socket(), "-u", "root", "crm", "-e",
                  "LOCK TABLES deal WRITE; SELECT SLEEP(60)"}};
  REQUIRE(eventually([&] { return run(*target, "deals").failure.has_value(); }));
  check_failed(run(*target, "deals"), "request/timeout");
  locker.stop(9);
  server().execute(
      "SELECT concat('KILL ', id) INTO @k FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)%' AND id <> "
      "connection_id(); EXECUTE IMMEDIATE @k");
  CHECK(eventually([&] { return !run(*target, "deals").failure; }));
}

TEST_CASE("MariaDB rows past the limit and long texts are cut") {
  probes::Runtime runtime;
  const auto target = make_target(runtime, kHead + R"yaml(
  - id: few
    rows: 10
    query: SELECT seq AS id FROM seq_1_to_25
    samples: [{metric: crm_records, value: id, reduce: max}]
  - id: endless
    rows: 10
    query: SELECT seq AS id FROM seq_1_to_2000000000
    samples: [{metric: crm_records, value: id, reduce: max}]
  - id: huge
    query: SELECT body AS object, 1 AS n FROM huge
    samples: [{metric: crm_records, value: n, by: [object]}]
)yaml",
                                  "url: " + server().url());
  const auto few = run(*target, "few");
  check_succeeded(few);
  CHECK(few.rows_truncated == 15);
  const auto endless = run(*target, "endless");
  check_succeeded(endless);
  CHECK(endless.rows_truncated == 10000);
  CHECK(samples_of(endless).at("crm_records") == 10);
  check_succeeded(run(*target, "huge"));
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a write test on MariaDB times its steps and leaves nothing behind") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, kWriteTest, "heartbeat_table: beat");
  for (int i = 0; i < 2; ++i) {
    const auto reading = run(*target, "heartbeat");
    check_succeeded(reading);
    CHECK(samples_of(reading).at(R"(crm_transaction_success{transaction="heartbeat"})") == 1);
    CHECK(samples_of(reading).count(R"(crm_transaction_duration_seconds{step="delete",transaction="heartbeat"})") == 1);
  }
  const auto stuck = run(*monitor(runtime, kWriteTest, "heartbeat_table: beat_no_delete"), "heartbeat");
  check_failed(stuck, "cleanup/permission");
}

TEST_CASE("MySQL sessions run in UTC, whatever the server's own zone") {
  server().execute(
      "SET GLOBAL time_zone = '+08:00'; CREATE TABLE IF NOT EXISTS changed (at timestamp); SET time_zone = '+00:00';"
      "INSERT INTO changed VALUES ('2026-11-21 09:00:00'); GRANT SELECT ON crm.changed TO monitor@'127.0.0.1'");
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - {id: changed, query: SELECT max(at) AS at FROM changed, samples: [{metric: crm_last_modified_timestamp_seconds, value: at}]}
  - {id: now, query: "SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS off", samples: [{metric: crm_records, value: "off"}]}
)yaml");
  CHECK(samples_of(run(*target, "changed")).at("crm_last_modified_timestamp_seconds") == 1795251600);
  CHECK(samples_of(run(*target, "now")).at("crm_records") == 0);
  server().execute("SET GLOBAL time_zone = SYSTEM");
}

namespace {

const std::string kSlow = R"yaml(
  - {id: warm, query: SELECT 1}
  - {id: slow, timeout: 400ms, query: "SELECT count(*) AS n FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"}
)yaml";

/// What MySQL before 5.7.8 and a proxy before it look like: neither of the two variables is there.
struct WithoutLimit {
  WithoutLimit() { relay.replace("'max_statement_time'", "'nax_statement_time'"); }
  [[nodiscard]] std::string url() const {
    return "mysql://monitor@127.0.0.1:" + std::to_string(relay.port()) + "/crm?ssl-mode=disabled";
  }
  Relay relay{server().port()};
};

}  // namespace

TEST_CASE("a server without a time limit for statements is measured by our deadline alone") {
  const WithoutLimit old;
  probes::Runtime runtime;
  const PasswordFile file{"right"};
  const auto target =
      make_target(runtime, kHead + kSlow, "url: '" + old.url() + "'\npassword_file: " + file.path() + "\n");
  check_succeeded(run(*target, "warm"));
  const auto slow = run(*target, "slow");
  check_failed(slow, "request/timeout");
  CHECK(slow.failure->message.find("400ms") != std::string::npos);
  check_succeeded(run(*target, "warm"));
}

TEST_CASE("a MariaDB that passes for MySQL ends statements by itself, over a Unix socket, with TLS and without") {
  // A proxy greets with a version of its own.
  Mariadb other{{"--version=8.0.30-proxy"}};
  probes::Runtime runtime;
  for (const std::string options : {"", "&ssl-mode=required"}) {
    INFO(options);
    const auto target = make_target(runtime, kHead + kSlow, "url: '" + other.socket_url() + options + "'", 2s);
    check_succeeded(run(*target, "warm"));
    const auto slow = run(*target, "slow");
    check_failed(slow, "request/timeout");
    CHECK(slow.failure->message.find("1969") != std::string::npos);
    // Over TLS on a Unix socket the library would wait for ever.
    other.hang();
    const auto hung = run(*target, "warm");
    other.resume();
    check_failed(hung, "request/timeout");
    check_succeeded(run(*target, "warm"));
  }
  other.stop();
  other.start(false);
  const auto target = make_target(runtime, kHead, "url: '" + other.socket_url() + "&ssl-mode=required'");
  check_failed(run(*target, "liveness"), "tls/refused");
}

TEST_CASE("what a MySQL server lacks is in the notes of a connection, in the same words each time") {
  const WithoutLimit old;
  const Secret password{"right"};
  const auto notes = [&](Duration timeout) {
    const probes::sql::Limits limits{std::chrono::steady_clock::now() + timeout, timeout, nullptr};
    return probes::sql::open({probes::Dialect::mysql, old.url(), password, true}, limits).notes;
  };
  const auto first = notes(10s);
  REQUIRE(first.size() == 1);
  CHECK(first[0].find("only this program's own deadline") != std::string::npos);
  CHECK(first[0].find("'max_execution_time'") != std::string::npos);
  CHECK(notes(7s) == first);
}

TEST_CASE("what a MySQL server lacks is said once in the log, however often its CRM is connected to") {
  log::configure(log::Level::info, log::Format::text);
  const CapturedLog captured;
  WithoutLimit old;
  probes::Runtime runtime;
  const PasswordFile file{"right"};
  const auto target =
      make_target(runtime, kHead + kSlow + "  - {id: login, connection: fresh, query: SELECT 1}\n" + kWriteTest,
                  "url: '" + old.url() + "'\nheartbeat_table: beat\npassword_file: " + file.path());
  // Liveness, the rest and write tests have connections of their own, and each is made anew.
  for (int round = 0; round < 3; ++round) {
    for (const char* id : {"liveness", "warm", "login", "heartbeat"}) check_succeeded(run(*target, id));
    old.relay.reset_at_next_byte();
  }
  CHECK(old.relay.connections() > 6);
  INFO(captured.text());
  CHECK(captured.lines("only this program's own deadline does") == 1);
}

TEST_CASE("a MariaDB value of any size ends its measurement before it is in memory") {
  server().execute("SET GLOBAL max_allowed_packet = 1073741824");
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: body
    query: SELECT repeat('x', 200000000) AS object, 1 AS n
    samples: [{metric: crm_records, value: n, by: [object]}]
)yaml");
  const auto body = run(*target, "body");
  check_failed(body, "content/bad_content");
  CHECK(body.failure->message.find("32 MiB") != std::string::npos);
  check_succeeded(run(*target, "liveness"));
  server().execute("SET GLOBAL max_allowed_packet = DEFAULT");
}
