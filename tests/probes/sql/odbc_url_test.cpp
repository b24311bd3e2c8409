#include <catch2/catch.hpp>

#include "probes/sql/driver/connection.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/odbc_url/address.h"
#include "probes/sql/odbc_url/family.h"
#include "tests/probes/database_fixture.h"
#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace sql = probes::sql;

const std::vector<std::string> kAll{"SQL Server",
                                    "PostgreSQL ANSI(x64)",
                                    "PostgreSQL Unicode(x64)",
                                    "MySQL ODBC 8.0 ANSI Driver",
                                    "MySQL ODBC 8.0 Unicode Driver",
                                    "MySQL ODBC 5.3 Unicode Driver",
                                    "MySQL ODBC 9.10 Unicode Driver",
                                    "MySQL ODBC 9.4 Unicode Driver",
                                    "MariaDB ODBC 3.1 Driver",
                                    "MariaDB ODBC 3.2 Driver"};
const std::vector<std::string> kMariadb{"MariaDB ODBC 3.2 Driver"};

std::string mapped(const std::string& url, const std::vector<std::string>& installed = kAll) {
  const auto address = sql::odbc_address(url, installed);
  return address ? address->text : "! " + address.error().message;
}

std::string best(std::string_view scheme, const std::vector<std::string>& installed) {
  const auto driver = sql::best_driver(scheme, installed);
  return driver ? driver->name : "";
}

/// One value that a statement gives through the driver that the URL is mapped to.
std::string asked(probes::Dialect dialect, const std::string& url, const std::vector<std::string>& installed,
                  const std::string& password, const std::string& statement) {
  class First final : public probes::Rows {
   public:
    void columns(const std::vector<std::string>&) override {}
    bool row(std::span<const probes::Cell> cells) override {
      value = cells.front().text;
      return false;
    }
    std::string value;
  };
  sql::ConnectSpec spec;
  spec.dialect = dialect;
  spec.url = "odbc:" + mapped(url, installed);
  spec.password = Secret{password};
  const sql::Limits limits{std::chrono::steady_clock::now() + 30s, 30s};
  const sql::Opened opened = sql::open_odbc(spec, limits);
  if (!opened.connection) return opened.error->message;
  First first;
  const auto outcome = opened.connection->query(statement, limits, first);
  return outcome.error ? outcome.error->message : first.value;
}

}  // namespace

TEST_CASE("a database's URL finds the newest Unicode driver of its own makers, else one that speaks to it as well") {
  CHECK(best("postgresql", kAll) == "PostgreSQL Unicode(x64)");
  CHECK(best("postgres", {"PostgreSQL ANSI(x64)"}) == "PostgreSQL ANSI(x64)");
  CHECK(best("mysql", kAll) == "MySQL ODBC 9.10 Unicode Driver");
  CHECK(best("mariadb", kAll) == "MariaDB ODBC 3.2 Driver");
  CHECK(best("mysql", kMariadb) == "MariaDB ODBC 3.2 Driver");
  CHECK(best("mariadb", {"MySQL ODBC 8.0 ANSI Driver", "MySQL ODBC 8.0 Unicode Driver"}) ==
        "MySQL ODBC 8.0 Unicode Driver");
  CHECK(best("mysql", {"MySQL ODBC 8.0 ANSI Driver", "MariaDB ODBC 3.1 Driver"}) == "MariaDB ODBC 3.1 Driver");
  CHECK(best("mysql", {"PostgreSQL Unicode(x64)", "SQL Server"}).empty());
}

TEST_CASE("a URL without a driver for it says which to install, and which there are") {
  CHECK(
      mapped("postgresql://m@db/crm", {"SQL Server"}) ==
      "! no 64-bit ODBC driver for PostgreSQL is installed; install psqlODBC (odbc.postgresql.org); installed are SQL "
      "Server");
  CHECK(mapped("mariadb://m@db/crm", {}) ==
        "! no 64-bit ODBC driver for MySQL or MariaDB is installed; install MySQL Connector/ODBC (dev.mysql.com) or "
        "MariaDB Connector/ODBC (mariadb.com); there is no ODBC driver at all");
}

TEST_CASE("a PostgreSQL URL becomes what psqlODBC reads") {
  const std::string driver = "Driver={PostgreSQL Unicode(x64)};";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"postgresql://monitor@db.example.com/crm", "Server=db.example.com;Port=5432;Database=crm;UID=monitor"},
      {"postgres://a%40b@[2001:db8::1]:6432/c%3Bd?sslmode=verify-full",
       "Server=2001:db8::1;Port=6432;Database={c;d};UID=a@b;SSLmode=verify-full"},
      {"postgresql://m@db/crm?ssl=true&connect_timeout=5", "Server=db;Port=5432;Database=crm;UID=m;SSLmode=require"},
      {"postgresql://m@a,b/crm?target_session_attrs=primary",
       "Server=a,b;Port=5432;Database=crm;UID=m;pqopt={target_session_attrs='primary'}"},
      {"postgresql://m@a:6000,b:6000/", "Server=a,b;Port=6000;Database=m;UID=m"},
      {"postgresql:///crm?host=db&port=6000&user=m", "Server=db;Port=6000;Database=crm;UID=m"},
      {"postgresql://m@db/crm?sslrootcert=C:%5Cca's%7D.pem",
       "Server=db;Port=5432;Database=crm;UID=m;pqopt={sslrootcert='C:\\\\ca\\'s}}.pem'}"},
      {"postgresql:///crm", "Server=localhost;Port=5432;Database=crm"},
  };
  for (const auto& [url, text] : cases) {
    INFO(url);
    CHECK(mapped(url) == driver + text);
    CHECK_FALSE(sql::fault_for_odbc(url).has_value());
  }
  CHECK(sql::odbc_address("postgresql://m@db/?connect_timeout=5", kAll)->connect_timeout == Duration{5s});
}

TEST_CASE("a MySQL URL becomes what each maker's driver reads") {
  struct Case {
    std::string url;
    std::string mysql;
    std::string mariadb;
  };
  for (const Case& one : std::vector<Case>{
           {"mysql://m@db/crm", "Server=db;Port=3306;Database=crm;UID=m", "Server=db;Port=3306;Database=crm;UID=m"},
           {"mysql://m@db:3307/crm?ssl-mode=REQUIRED", "Server=db;Port=3307;Database=crm;UID=m;SSLMODE=REQUIRED",
            "Server=db;Port=3307;Database=crm;UID=m;FORCETLS=1"},
           {"mysql://m@db/crm?sslmode=disabled", "Server=db;Port=3306;Database=crm;UID=m;SSLMODE=DISABLED",
            "Server=db;Port=3306;Database=crm;UID=m;FORCETLS=0"},
           {"mysql://m@db/crm?ssl_ca=C:/ca.pem",
            "Server=db;Port=3306;Database=crm;UID=m;SSLMODE=REQUIRED;SSLCA=C:/ca.pem",
            "Server=db;Port=3306;Database=crm;UID=m;FORCETLS=1;SSLCA=C:/ca.pem"},
           {"mysql://m@db/crm?ssl-mode=verify_identity&ssl-ca=C:/ca.pem",
            "Server=db;Port=3306;Database=crm;UID=m;SSLMODE=VERIFY_IDENTITY;SSLCA=C:/ca.pem",
            "Server=db;Port=3306;Database=crm;UID=m;FORCETLS=1;SSLVERIFY=1;SSLCA=C:/ca.pem"},
           {"mysql://m@db/crm?cleartext-password=allow",
            "Server=db;Port=3306;Database=crm;UID=m;ENABLE_CLEARTEXT_PLUGIN=1",
            "Server=db;Port=3306;Database=crm;UID=m"},
           {"mysql://m@db/crm?server-public-key=k.pem", "Server=db;Port=3306;Database=crm;UID=m;RSAKEY=k.pem",
            "! has server-public-key, which MariaDB Connector/ODBC does not know on Windows"},
       }) {
    INFO(one.url);
    CHECK(mapped(one.url) == "Driver={MySQL ODBC 9.10 Unicode Driver};" + one.mysql);
    const bool fault = one.mariadb.starts_with("! ");
    CHECK(mapped(one.url, kMariadb) == (fault ? "" : "Driver={MariaDB ODBC 3.2 Driver};") + one.mariadb);
    CHECK_FALSE(sql::fault_for_odbc(one.url).has_value());
  }
  CHECK(sql::odbc_address("mysql://m@db/?connect_timeout=7", kAll)->connect_timeout == Duration{7s});
}

TEST_CASE("what no driver can do, and what is wrong with a URL, is said before one is looked for") {
  for (const auto& [url, why] : std::vector<std::pair<std::string, std::string>>{
           {"postgresql://m:secret@db/crm", "has a password in it"},
           {"postgresql://m@db/crm?password=x", "has a password in it"},
           {"mysql://m@db/crm?pwd=x", "has a password in it"},
           {"postgresql://m@db/crm?sslmod=require", "has an unknown option 'sslmod'; known are application_name"},
           {"postgresql://m@db/crm?sslmode=on", "has sslmode 'on'; there are disable"},
           {"postgresql://m@db/crm?port=x", "'x' is not a port"},
           {"postgresql://m@db/crm?connect_timeout=5s", "has connect_timeout '5s'"},
           {"postgresql://m@a:1,b:2/crm", "several hosts with different ports"},
           {"postgresql://m@a,/crm", "a host of the list is empty"},
           {"postgresql:///crm?host=/var/run/postgresql", "a Unix socket"},
           {"postgresql://m@db/crm?load_balance_hosts=random", "load_balance_hosts"},
           {"mysql://m@localhost/crm?socket=/run/mysqld.sock", "a Unix socket"},
           {"mysql://m@db/crm?sslmode=verify", "has sslmode 'verify'; there are disabled"},
           {"mysql:///crm", "names no host"},
       }) {
    INFO(url);
    const auto fault = sql::fault_for_odbc(url);
    REQUIRE(fault.has_value());
    INFO(fault->message);
    CHECK(fault->message.find(why) != std::string::npos);
    CHECK(fault->message.find("secret") == std::string::npos);
    CHECK(mapped(url).starts_with("! "));
  }
}

TEST_CASE("a PostgreSQL URL that is mapped to psqlODBC reaches the database it names") {
  static Prepared<Postgres> server{"CREATE ROLE monitor LOGIN PASSWORD 'ri}ght;'"};
  const std::string port = std::to_string(server.port());
  const std::vector<std::string> installed{"PostgreSQL ANSI", "PostgreSQL Unicode"};
  const auto ask = [&](const std::string& url, const std::string& statement) {
    return asked(probes::Dialect::postgresql, url, installed, "ri}ght;", statement);
  };
  CHECK(ask("postgresql://monitor@127.0.0.1:" + port + "/postgres", "SELECT 42") == "42");
  CHECK(ask("postgresql://monitor@127.0.0.1:" + port + "/postgres?application_name=it's%20%7Bme%7D",
            "SELECT current_setting('application_name')") == "it's {me}");
  // Written for PostgreSQL itself, and read by it so.
  CHECK(ask("postgresql://monitor@127.0.0.1:" + port + "/postgres", R"(SELECT E'a\\b' || '?')") == R"(a\b?)");
}

TEST_CASE("a MySQL URL that is mapped to MariaDB's driver reaches the database it names, and keeps its own quoting") {
  static Prepared<Mariadb> server{"CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right'"};
  const std::string url = "mysql://monitor@127.0.0.1:" + std::to_string(server.port()) + "/information_schema";
  const std::vector<std::string> installed{"MariaDB Unicode"};
  CHECK(asked(probes::Dialect::mysql, url, installed, "right", R"(SELECT CONCAT('a\\b', "c"))") == R"(a\bc)");
  // Through `odbc:` texts are those of standard SQL.
  CHECK(asked(probes::Dialect::odbc, url, installed, "right", R"(SELECT CONCAT('a\\b', 'c'))") == R"(a\\bc)");
}
