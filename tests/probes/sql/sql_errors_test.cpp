// What drivers and servers say → stage, reason, and a text that is fit for a person and holds no record.
#include <signal.h>
#include <catch2/catch.hpp>

#include "probes/sql/driver/driver.h"
#include "probes/sql/drivers/mysql_errors.h"
#include "probes/sql/drivers/odbc_diagnosis.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/pgbouncer.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::probes::sql;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

std::string meaning(const SqlError& error) {
  return std::string{to_string(error.stage)} + "/" + std::string{to_string(error.reason)};
}

std::unique_ptr<probes::Target> through(probes::Runtime& runtime, const std::string& url, const std::string& password,
                                        Duration timeout = 10s) {
  const PasswordFile file{password};
  return make_target(runtime, recipe_head("postgresql"), "url: " + url + "\npassword_file: " + file.path(), timeout);
}

}  // namespace

TEST_CASE("what a client library says of itself is told whole") {
  const SqlError refused = mysql_error_of(2002, "HY000", "Can't connect to server on '127.0.0.1' (111)");
  CHECK(refused.message.find("Can't connect to server on '127.0.0.1' (111)") == 0);
  CHECK(meaning(refused) == "connect/refused");
  const SqlError host = mysql_error_of(2005, "HY000", "Unknown server host 'crm.example.com' (-2)");
  CHECK(host.message.find("'crm.example.com'") != std::string::npos);
  const SqlError plugin =
      mysql_error_of(1524, "HY000", "Plugin 'auth_socket' is not loaded");  // the server's, of names only
  CHECK(plugin.message.find("'auth_socket'") != std::string::npos);
}

TEST_CASE("names that an error quotes are told, values of records are not") {
  CHECK(mysql_error_of(1193, "HY000", "Unknown system variable 'max_execution_time'")
            .message.find("'max_execution_time'") != std::string::npos);
  CHECK(mysql_error_of(1298, "HY000", "Unknown or incorrect time zone: 'Mars/Base'").message.find("Mars/Base") !=
        std::string::npos);
  for (const auto& [number, text] :
       {std::pair{1366U, "Incorrect integer value: 'Jane Roe' for column `crm`.`person`.`age` at row 1"},
        {1292U, "Truncated incorrect DOUBLE value: 'Jane Roe'"},
        {1062U, "Duplicate entry 'Jane Roe' for key 'name'"}}) {
    CHECK(mysql_error_of(number, "HY000", text).message.find("Jane") == std::string::npos);
  }
}

TEST_CASE("an apostrophe is not a quotation mark, and a quotation hides all of its value") {
  const auto shown = [](std::string_view text) { return server_error("HY000", text).message; };
  CHECK(shown("Can't find record in 'Jane'") == "Can't find record in '…' (SQLSTATE HY000)");
  CHECK(shown("The server's copy of 'Jane' isn't there") == "The server's copy of '…' isn't there (SQLSTATE HY000)");
  CHECK(shown("value 'it isn't Jane's' is wrong") == "value '…' is wrong (SQLSTATE HY000)");
  CHECK(shown("value 'O'Hara' and 'Roe'") == "value '…' (SQLSTATE HY000)");
  CHECK(shown("cut off: 'Jane Ro") == "cut off: '… (SQLSTATE HY000)");
  CHECK(shown("invalid input: \"Jane\"") == "invalid input: \"…\" (SQLSTATE HY000)");
  CHECK(shown("near E'Jane'").find("Jane") == std::string::npos);
}

TEST_CASE("PgBouncer's one code is told apart by its words, and by nothing else") {
  const auto of = [](std::string_view text) { return meaning(server_error("08P01", text)); };
  CHECK(of("password authentication failed") == "auth/credentials");
  CHECK(of("SASL authentication failed") == "auth/credentials");
  CHECK(of("no such user: monitor") == "auth/credentials");
  CHECK(of("server login failed: FATAL password authentication failed for user \"postgres\"") == "auth/credentials");
  CHECK(of("no such database: crm") == "connect/missing");
  CHECK(of("no more connections allowed (max_client_conn)") == "connect/rate_limited");
  CHECK(of("query_wait_timeout") == "connect/timeout");
  CHECK(of("query_timeout") == "request/timeout");
  CHECK(of("pgbouncer cannot connect to server") == "connect/unreachable");
  CHECK(of("database is disabled") == "connect/maintenance");
  CHECK(of("SSL required") == "tls/refused");
  CHECK(of("unsupported startup parameter: extra_float_digits") == "connect/bad_content");
  // The same words with a code that says something.
  CHECK(meaning(server_error("42501", "password authentication failed")) == "request/permission");
  CHECK(meaning(server_error("22023", "no such database: crm")) == "request/bad_content");
}

TEST_CASE("a real PgBouncer's refusals have their reasons") {
  const Prepared<Postgres> server{"CREATE ROLE app LOGIN PASSWORD 'app'"};
  const std::string right = "monitor";
  probes::Runtime runtime;
  {
    const Pgbouncer bouncer{server, {"transaction", 1, "auth_type = md5\nmax_client_conn = 1"}};
    std::string nowhere = bouncer.url();
    nowhere.replace(nowhere.rfind('/'), std::string::npos, "/nowhere");
    check_failed(run(*through(runtime, bouncer.url(), "wrong"), "liveness"), "auth/credentials");
    check_failed(run(*through(runtime, nowhere, right), "liveness"), "connect/missing");
    const auto first = through(runtime, bouncer.url(), right);
    check_succeeded(run(*first, "liveness"));
    check_failed(run(*through(runtime, bouncer.url(), right), "liveness"), "connect/rate_limited");
  }
  const Pgbouncer bouncer{server, {"transaction", 1, "auth_type = md5\nquery_wait_timeout = 1"}};
  // Somebody holds the only connection of the pool.
  Process holder{
      {"psql", "-X", "-q", bouncer.url() + "?password=" + right, "-c", "BEGIN", "-c", "SELECT pg_sleep(60)"}};
  const auto target = through(runtime, bouncer.url(), right, 20s);
  std::string last;
  CHECK(eventually([&] {
    const auto reading = run(*target, "liveness");
    last = failure_text(reading) + (reading.failure ? reading.failure->message : "");
    return reading.failure && reading.failure->message.find("query_wait_timeout") != std::string::npos;
  }));
  INFO(last);
  CHECK(last.starts_with("connect/timeout"));
  holder.stop(SIGKILL);
}

TEST_CASE("a driver's own number decides, not its words") {
  using Records = std::vector<DiagnosticRecord>;
  const auto of = [](const Records& records, bool connecting = true) {
    return meaning(odbc_error(records, connecting));
  };
  const DiagnosticRecord unavailable{
      "08S01", 20009, "[FreeTDS][SQL Server]Unable to connect: Adaptive Server is unavailable or does not exist"};
  const DiagnosticRecord no_source{"08001", 0, "[FreeTDS][SQL Server]Unable to connect to data source"};
  CHECK(of({unavailable, no_source}) == "connect/unreachable");
  CHECK(of({unavailable, no_source, {"01000", 20013, "[FreeTDS][SQL Server]Unknown host machine name."}}) ==
        "resolve/missing");
  CHECK(of({no_source, {"01000", 20017, "[FreeTDS][SQL Server]Unexpected EOF from the server"}}) ==
        "connect/unreachable");
  CHECK(of({{"28000", 18456, "[FreeTDS][SQL Server]Login failed for user 'monitor'."}}) == "auth/credentials");
  CHECK(of({{"42000", 4060,
             "[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]Cannot open database \"crm\" requested "
             "by the login. The login failed."}}) == "connect/missing");
  CHECK(of({{"42000", 229, "[FreeTDS][SQL Server]The SELECT permission was denied on the object 'deal'"}}, false) ==
        "request/permission");
  CHECK(of({{"HY000", 2002, "[ma-3.1.15]Can't connect to server on '127.0.0.1' (111)"}}) == "connect/refused");
  CHECK(of({{"HY000", 2005, "[ma-3.1.15]Unknown server host 'no-such-host.invalid' (-2)"}}) == "resolve/missing");
  CHECK(of({{"42000", 1049, "[ma-3.1.15]Unknown database 'nope'"}}) == "connect/missing");
  CHECK(of({{"HY018", 1969, "[ma-3.1.15][10.11.19-MariaDB]Query execution was interrupted"}}, false) ==
        "request/timeout");
  CHECK(of({{"HY000", 14, "[SQLite]connect failed"}}) == "connect/missing");
  CHECK(of({{"HY000", 1, "[SQLite]no such table: deal (1)"}}, false) == "request/missing");
  // Where there is no number of a driver we know, the SQLSTATE; where that says nothing, the words.
  CHECK(of({{"IM002", 0, "[unixODBC][Driver Manager]Data source name not found"}}) == "connect/missing");
  CHECK(of({{"08001", 101, "connection to server at \"127.0.0.1\", port 1 failed: Connection refused"}}) ==
        "connect/refused");
  CHECK(of({{"HYT00", 0, "[Oracle][ODBC]Timeout expired"}}) == "connect/timeout");
  const SqlError library =
      odbc_error({{"01000", 0, "[unixODBC][Driver Manager]Can't open lib '/no/such.so' : file not found"}}, true);
  CHECK(library.message == "Can't open lib '/no/such.so' : file not found");
}
