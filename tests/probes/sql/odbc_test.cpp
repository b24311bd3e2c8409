#include <catch2/catch.hpp>

#include "probes/sql/drivers/odbc_text.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace sql = probes::sql;

const std::string kHead = recipe_head("odbc");

Postgres& server() {
  static Prepared<Postgres> instance{
      "CREATE ROLE monitor LOGIN PASSWORD 'ri}ght;';"
      "CREATE TABLE deal (id int PRIMARY KEY, stage text, amount numeric(12,2), open boolean, modified timestamp);"
      "INSERT INTO deal VALUES (1, '成交', 10.50, false, '2026-11-21 09:00:00.25'), (2, 'lost', NULL, true, "
      "'2026-11-20');"
      "CREATE TABLE secret_table (name text); CREATE TABLE person (name text); INSERT INTO person VALUES ('Jane "
      "Roe');"
      "CREATE TABLE beat (run_id text PRIMARY KEY, at timestamptz);"
      "GRANT SELECT ON deal, person TO monitor; GRANT SELECT, INSERT, DELETE ON beat TO monitor;"};
  return instance;
}

std::string url(const std::string& user = "monitor", const std::string& database = "postgres") {
  return "odbc:Driver={" + odbc_driver("psqlodbcw.so") + "};Server=127.0.0.1;Port=" + std::to_string(server().port()) +
         ";Database=" + database + ";UID=" + user;
}

std::unique_ptr<probes::Target> monitor(probes::Runtime& runtime, const std::string& measurements,
                                        const std::string& with = "", Duration timeout = 10s,
                                        const std::string& password = "ri}ght;") {
  const PasswordFile file{password};
  return make_target(runtime, kHead + measurements, "url: '" + url() + "'\npassword_file: " + file.path() + "\n" + with,
                     timeout);
}

}  // namespace

TEST_CASE("beyond this machine ODBC drivers are asked for TLS, unless the connection string speaks of it") {
  using probes::sql::with_tls;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"Driver={PostgreSQL Unicode};Server=db.example.com;UID=m", ";SSLmode=require"},
      {"DRIVER=/usr/lib/odbc/psqlodbcw.so;SERVER=10.0.0.7;", ";SSLmode=require"},
      {"Driver={MariaDB Unicode};Server={db.example.com}", ";FORCETLS=1"},
      {"Driver={MySQL ODBC 8.0 Unicode Driver};Server=db", ";SSLMODE=REQUIRED"},
      {"Driver=FreeTDS;Server=10.0.0.7,1433", ";Encryption=require"},
      {"Driver={PostgreSQL Unicode};Server=db.example.com;sslmode=disable", ""},
      {"Driver={MariaDB Unicode};Server=db;SSLCA=/etc/ssl/ca.pem", ""},
      {"Driver={PostgreSQL Unicode};Server=127.0.0.1", ""},
      {"Driver={PostgreSQL Unicode};Server=LOCALHOST", ""},
      {"Driver={MariaDB Unicode};Server=::1", ""},
      {"Driver=FreeTDS;Server=127.0.0.1\\SQLEXPRESS", ""},
      {"DSN=crm", ""},
      {"Driver=/usr/lib/odbc/libsqlite3odbc.so;Database=/crm.db", ""},
      {"Driver={Some other};Server=db", ""},
  };
  for (const auto& [text, added] : cases) {
    INFO(text);
    std::string bare = text;
    while (!added.empty() && bare.ends_with(';')) bare.pop_back();
    CHECK(with_tls(text) == bare + added);
  }
}

TEST_CASE("what an ODBC string asks MySQL's drivers for is known") {
  using probes::sql::wants_tls_of_mysql;
  for (const char* text : {"Driver=x;FORCETLS=1", "Driver=x;ForceTls={yes}", "Driver=x;SSLMODE=REQUIRED",
                           "Driver=x;ssl-mode=verify_identity", "Driver=x;SSLVERIFY=1"})
    CHECK(wants_tls_of_mysql(text));
  for (const char* text : {"Driver=x", "Driver=x;FORCETLS=0", "Driver=x;SSLMODE=PREFERRED", "Driver=x;SSLCA=/ca.pem"})
    CHECK_FALSE(wants_tls_of_mysql(text));
}

TEST_CASE("of a name's addresses a driver is given one, as it can take it") {
  using namespace probes::sql;
  const std::string kept = "tcp_user_timeout=3000 keepalives_idle=30 keepalives_interval=10";
  const std::string postgres = "Driver={PostgreSQL Unicode};Server=db.test;";
  CHECK(with_address(postgres, "", 5) == "Driver={PostgreSQL Unicode};Server=db.test;pqopt={" + kept + "}");
  CHECK(with_address(postgres, "::1", 5) ==
        "Driver={PostgreSQL Unicode};Server=db.test;pqopt={" + kept + " hostaddr=::1 connect_timeout=5}");
  const std::string own = "Driver=psqlodbcw.so;Server=db.test;pqopt={tcp_user_timeout=9000}";
  CHECK(with_address(own, "10.0.0.7", 5) == own);
  CHECK_FALSE(takes_address(own));
  CHECK(with_address("Driver={MariaDB Unicode}; Server={db.test};UID=m", "10.0.0.7", 5) ==
        "Driver={MariaDB Unicode};server=10.0.0.7;UID=m;CONN_TIMEOUT=5;");
  CHECK(with_address("Driver={MariaDB Unicode};Server=db.test", "", 5) == "Driver={MariaDB Unicode};Server=db.test");
  CHECK_FALSE(takes_address("Driver={MariaDB Unicode};Server=db.test;SSLVERIFY=1"));
  CHECK_FALSE(takes_address("Driver={MySQL ODBC 8.0};Server=db.test;SSLMODE=VERIFY_IDENTITY"));
  CHECK(takes_address("Driver={MariaDB Unicode};Server=db.test;FORCETLS=1"));
  CHECK(server_name_in("Driver={MariaDB Unicode};Server=db.test") == "db.test");
  for (const char* text :
       {"Driver={MariaDB Unicode};Server=10.0.0.7", "Driver={PostgreSQL Unicode};Server=/run/postgresql",
        "Driver=FreeTDS;Server=db\\SQLEXPRESS", "Driver={Some other};Server=db.test", "DSN=crm"})
    CHECK_FALSE(server_name_in(text));
}

TEST_CASE("texts for an ODBC driver are valid UTF-16, and come back as they were") {
  const std::string text = "a\u00e9状😀";
  const std::u16string wide = sql::to_utf16(text);
  CHECK(wide == u"a\u00e9状😀");
  std::string back;
  sql::append_utf8(back, wide);
  CHECK(back == text);
  CHECK(sql::to_utf16("a\xed\xa0\x80z") == u"a\ufffd\ufffd\ufffdz");  // a surrogate in bytes
  CHECK(sql::to_utf16("\xc1\xbf") == u"\ufffd\ufffd");
  CHECK(sql::to_utf16("cut \xf0\x9f") == u"cut \ufffd\ufffd");
  back.clear();
  sql::append_utf8(back, std::u16string{u'a', char16_t{0xd800}, u'z'});
  CHECK(back == "a\ufffdz");
}

TEST_CASE("PostgreSQL through ODBC gives numbers, times and labels in any script") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - id: values
    query: SELECT stage, amount, CASE WHEN open THEN 1 ELSE 0 END AS open, modified FROM deal WHERE stage <> '没有' ORDER BY id
    samples:
      - {metric: crm_sales_amount, value: amount, by: [stage], "null": skip}
      - {metric: crm_records, value: open, by: [stage]}
      - {metric: crm_last_modified_timestamp_seconds, value: modified, by: [stage]}
  - id: text
    query: SELECT 1 AS n WHERE ${text} = 'O''Hara'
    samples: [{metric: crm_records, value: n, reduce: count}]
)yaml",
                              "text: O'Hara");
  const auto reading = run(*target, "values");
  check_succeeded(reading);
  const auto samples = samples_of(reading);
  CHECK(samples.at(R"(crm_sales_amount{stage="成交"})") == 10.5);
  CHECK(samples.count(R"(crm_sales_amount{stage="lost"})") == 0);
  CHECK(samples.at(R"(crm_records{stage="lost"})") == 1);
  CHECK(samples.at(R"(crm_last_modified_timestamp_seconds{stage="成交"})") == 1795251600.25);
  CHECK(samples_of(run(*target, "text")).at("crm_records") == 1);
}

TEST_CASE("each way an ODBC query can fail has its stage and reason") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, R"yaml(
  - {id: bad_sql, query: SELEC 1}
  - {id: missing_table, query: SELECT 1 FROM nothing_here}
  - {id: permission, query: SELECT * FROM secret_table}
  - {id: no_rows, query: SET work_mem = '1MB'}
  - {id: write, query: "INSERT INTO beat VALUES ('x', now()) RETURNING 1 AS one"}
  - {id: record_text, query: "SELECT CAST(name AS int) AS n FROM person"}
  - {id: is_null, query: SELECT NULL AS n, samples: [{metric: crm_records, value: n}]}
  - {id: is_text, query: SELECT name AS n FROM person, samples: [{metric: crm_records, value: n}]}
  - {id: slow, timeout: 2s, query: SELECT pg_sleep(20)}
)yaml");
  check_failed(run(*target, "bad_sql"), "request/bad_content");
  check_failed(run(*target, "missing_table"), "request/missing");
  check_failed(run(*target, "permission"), "request/permission");
  check_failed(run(*target, "no_rows"), "content/bad_content");
  check_failed(run(*target, "write"), "request/permission");
  const auto record_text = run(*target, "record_text");
  check_failed(record_text, "request/bad_content");
  CHECK(record_text.failure->message.find("Jane") == std::string::npos);
  check_failed(run(*target, "is_null"), "content/missing");
  check_failed(run(*target, "is_text"), "content/bad_content");
  check_failed(run(*target, "slow"), "request/timeout");
  CHECK(eventually([&] { return !run(*target, "liveness").failure; }));
}

TEST_CASE("ODBC connections fail by reason and come back") {
  probes::Runtime runtime;
  check_failed(run(*monitor(runtime, "", "", 10s, "wrong"), "liveness"), "auth/credentials");
  check_failed(run(*make_target(runtime, kHead, "url: '" + url("postgres", "nowhere") + "'"), "liveness"),
               "connect/missing");
  check_failed(run(*make_target(runtime, kHead, "url: 'odbc:Driver=/no/such/driver.so'"), "liveness"),
               "connect/missing");
  const auto target = monitor(runtime, "");
  check_succeeded(run(*target, "liveness"));
  server().stop();
  check_failed(run(*target, "liveness"), "connect/refused");
  server().start();
  check_succeeded(run(*target, "liveness"));
}

TEST_CASE("a hung server behind an ODBC driver is answered at the deadline, and holds one thread at most") {
  const auto runtime = std::make_unique<probes::Runtime>();
  const auto target = monitor(*runtime, "", "", 700ms);
  check_succeeded(run(*target, "liveness"));
  server().hang();
  const auto first = run(*target, "liveness");
  const auto second = run(*target, "liveness");
  server().resume();
  check_failed(first, "request/timeout");
  check_failed(second, "request/timeout");
  CHECK(eventually([&] { return !run(*target, "liveness").failure; }));
}

TEST_CASE("a write test through ODBC leaves nothing behind") {
  probes::Runtime runtime;
  const auto target = monitor(runtime, kWriteTest, "heartbeat_table: beat");
  check_succeeded(run(*target, "heartbeat"));
  server().execute("DO $$ BEGIN IF EXISTS (SELECT 1 FROM beat) THEN RAISE EXCEPTION 'left behind'; END IF; END $$");
}

TEST_CASE("SQLite through ODBC works with the same recipe") {
  const TempDir directory;
  probes::Runtime runtime;
  const auto target = make_target(
      runtime, kHead + "  - {id: n, query: SELECT 41 + 1 AS n, samples: [{metric: crm_records, value: n}]}\n",
      "url: 'odbc:Driver=" + odbc_driver("libsqlite3odbc.so") + ";Database=" + directory.path() + "/crm.db'");
  const auto reading = run(*target, "n");
  check_succeeded(reading);
  CHECK(samples_of(reading).at("crm_records") == 42);
}

namespace {

std::string mariadb_url(const Mariadb& server) {
  return "odbc:Driver={" + odbc_driver("libmaodbc.so") + "};Server=127.0.0.1;Port=" + std::to_string(server.port()) +
         ";Database=crm;UID=monitor";
}

}  // namespace

TEST_CASE("MariaDB through its own ODBC driver: any query, any limit of its own, no write") {
  const Mariadb mariadb;
  mariadb.execute(
      "SET GLOBAL time_zone = '+08:00';"
      "CREATE TABLE deal (id int PRIMARY KEY, changed timestamp); SET time_zone = '+00:00';"
      "INSERT INTO deal VALUES (1, '2026-11-21 09:00:00'), (2, '2026-11-20');"
      "CREATE TABLE beat (run_id varchar(32) PRIMARY KEY, at datetime);"
      "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right'; GRANT ALL ON crm.* TO monitor@'127.0.0.1';");
  probes::Runtime runtime;
  const PasswordFile file{"right"};
  const auto target =
      make_target(runtime, kHead + R"yaml(
  - {id: text, query: "SELECT count(*) AS n FROM deal WHERE '\\' = CHAR(92)", samples: [{metric: crm_records, value: n}]}
  - {id: limit, query: SELECT id AS n FROM deal ORDER BY id LIMIT 1, samples: [{metric: crm_records, value: n}]}
  - {id: show, query: "SHOW TABLES LIKE 'deal'", samples: [{metric: crm_records, reduce: count}]}
  - {id: comment, query: "SELECT 3 AS n -- three", samples: [{metric: crm_records, value: n}]}
  - {id: changed, query: SELECT max(changed) AS at FROM deal, samples: [{metric: crm_last_modified_timestamp_seconds, value: at}]}
  - {id: many, rows: 10, query: SELECT seq AS n FROM seq_1_to_300000, samples: [{metric: crm_records, value: n, reduce: max}]}
  - {id: write, query: "INSERT INTO beat VALUES ('x', now()) RETURNING 1 AS one"}
  - {id: missing, query: SELECT nothing FROM deal}
  - {id: slow, timeout: 1s, query: "SELECT count(*) AS n FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"}
)yaml" + kWriteTest,
                  "url: '" + mariadb_url(mariadb) + "'\npassword_file: " + file.path() + "\nheartbeat_table: beat\n");
  check_succeeded(run(*target, "liveness"));
  const auto n = [&](const char* id) {
    const auto reading = run(*target, id);
    check_succeeded(reading);
    return samples_of(reading).at("crm_records");
  };
  CHECK(n("text") == 2);
  CHECK(n("limit") == 1);
  CHECK(n("show") == 1);
  CHECK(n("comment") == 3);
  CHECK(n("many") == 10);
  CHECK(samples_of(run(*target, "changed")).at("crm_last_modified_timestamp_seconds") == 1795251600);
  check_failed(run(*target, "write"), "request/permission");
  check_failed(run(*target, "missing"), "request/missing");
  check_failed(run(*target, "slow"), "request/timeout");
  check_succeeded(run(*target, "heartbeat"));
  mariadb.execute("SELECT 1 / (SELECT count(*) = 0 FROM beat) AS nothing_is_left");
  const PasswordFile wrong{"wrong"};
  check_failed(run(*make_target(runtime, kHead, "url: '" + mariadb_url(mariadb) + "'\npassword_file: " + wrong.path()),
                   "liveness"),
               "auth/credentials");
  const std::string nobody = "url: 'odbc:Driver=" + odbc_driver("libmaodbc.so") + ";Server=no-such-host.invalid;UID=m'";
  const auto unknown = run(*make_target(runtime, kHead, nobody), "liveness");
  check_failed(unknown, "resolve/missing");
  CHECK(unknown.failure->message.find("'no-such-host.invalid'") != std::string::npos);
}

TEST_CASE(
    "MariaDB's ODBC driver goes on without TLS where the server has none, and nothing is measured on that connection") {
  Mariadb mariadb;
  mariadb.execute(
      "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right'; GRANT SELECT ON crm.* TO monitor@'127.0.0.1';");
  probes::Runtime runtime;
  const PasswordFile file{"right"};
  const auto liveness = [&](const std::string& more) {
    return run(
        *make_target(runtime, kHead, "url: '" + mariadb_url(mariadb) + more + "'\npassword_file: " + file.path()),
        "liveness");
  };
  check_succeeded(liveness(";FORCETLS=1"));
  mariadb.stop();
  mariadb.start(false);
  check_succeeded(liveness(""));
  for (const char* wish : {";FORCETLS=1", ";ForceTls=yes", ";SSLVERIFY=1"}) {
    INFO(wish);
    const auto refused = liveness(wish);
    REQUIRE(refused.failure);
    CHECK(to_string(refused.failure->stage) == to_string(Stage::tls));
  }
  check_failed(liveness(";FORCETLS=1"), "tls/refused");
}

TEST_CASE("a MariaDB behind its ODBC driver that is not there is said in whole words") {
  probes::Runtime runtime;
  const std::string with = "url: 'odbc:Driver=" + odbc_driver("libmaodbc.so") +
                           ";Server=127.0.0.1;Port=" + std::to_string(free_port()) + ";UID=m'";
  const auto reading = run(*make_target(runtime, kHead, with), "liveness");
  REQUIRE(reading.failure);
  CHECK(reading.failure->stage == Stage::connect);
  CHECK(reading.failure->message.find("Can't connect to server on '127.0.0.1'") != std::string::npos);
}

TEST_CASE("FreeTDS: no server, no such host, not a SQL Server") {
  probes::Runtime runtime;
  const auto failed = [&](const std::string& server) {
    const std::string with =
        "url: 'odbc:Driver=" + odbc_driver("libtdsodbc.so") + ";TDS_Version=7.4;UID=sa;Server=" + server + "'";
    const auto reading = run(*make_target(runtime, kHead, with), "liveness");
    REQUIRE(reading.failure);
    CHECK_FALSE(reading.failure->message.empty());
    return failure_text(reading);
  };
  CHECK(failed("127.0.0.1;Port=" + std::to_string(free_port())) == "connect/unreachable");
  CHECK(failed("no-such-host.invalid;Port=1433") == "resolve/missing");
}

TEST_CASE("SQLite through ODBC tells a missing table and a missing file by their codes") {
  const TempDir directory;
  probes::Runtime runtime;
  const std::string url = "odbc:Driver=" + odbc_driver("libsqlite3odbc.so") + ";Database=";
  const auto target = make_target(runtime, kHead + "  - {id: none, query: SELECT 1 FROM nothing_here}\n",
                                  "url: '" + url + directory.path() + "/crm.db'");
  check_failed(run(*target, "none"), "request/missing");
  check_failed(run(*make_target(runtime, kHead, "url: '" + url + directory.path() + "/no/such.db'"), "liveness"),
               "connect/missing");
}

TEST_CASE("PostgreSQL's times come through ODBC in UTC, whatever the server's zone") {
  probes::Runtime runtime;
  server().execute("ALTER ROLE monitor SET timezone = 'Asia/Shanghai'");
  const auto target = monitor(runtime, R"yaml(
  - {id: at, query: "SELECT timestamptz '2026-11-21 09:00:00+00' AS at", samples: [{metric: crm_last_modified_timestamp_seconds, value: at}]}
)yaml");
  CHECK(samples_of(run(*target, "at")).at("crm_last_modified_timestamp_seconds") == 1795251600);
  server().execute("ALTER ROLE monitor RESET timezone");
}
