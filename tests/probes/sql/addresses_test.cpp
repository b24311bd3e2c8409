// Several addresses, of which the first does not answer: one bad path is not an outage.
#include <catch2/catch.hpp>

#include "tests/probes/database_fixture.h"
#include "tests/probes/name_server.h"
#include "tests/support/mariadb.h"
#include "tests/support/postgres.h"
#include "tests/support/prepared.h"
#include "tests/support/relay.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

Postgres& postgres() {
  static Prepared<Postgres> instance{
      "CREATE ROLE monitor LOGIN PASSWORD 'right'; CREATE ROLE careful LOGIN PASSWORD 'right';"
      "ALTER ROLE careful SET default_transaction_read_only = on;"};
  return instance;
}

Mariadb& mariadb() {
  static Prepared<Mariadb> instance{
      "CREATE USER monitor@'127.0.0.1' IDENTIFIED BY 'right'; GRANT SELECT ON crm.* TO "
      "monitor@'127.0.0.1'"};
  return instance;
}

probes::Reading probe(const std::string& url, Duration timeout = 20s, const std::string& password = "right") {
  probes::Runtime runtime;
  const PasswordFile file{password};
  const std::string dialect = url.starts_with("mysql") ? "mysql" : "postgresql";
  const auto target =
      make_target(runtime, recipe_head(dialect), "url: '" + url + "'\npassword_file: " + file.path(), timeout);
  return run(*target, "liveness");
}

std::string port_of(const Postgres& server) {
  return std::to_string(server.port());
}

/// A place where nobody listens.
std::string closed() {
  return "127.0.0.1:" + std::to_string(free_port());
}

}  // namespace

TEST_CASE("a silent first host of a PostgreSQL list does not keep the second from being measured") {
  const SilentAddress silent{2};
  const std::string dead = silent.address() + ":" + std::to_string(silent.port());
  const std::string alive = "127.0.0.1:" + port_of(postgres());
  for (const std::string options :
       {"", "?connect_timeout=2", "?load_balance_hosts=random", "?load_balance_hosts=disable"}) {
    INFO(options);
    const auto reading = probe("postgresql://monitor@" + dead + "," + alive + "/postgres" + options);
    check_succeeded(reading);
  }
  check_succeeded(probe("postgresql://monitor@" + closed() + "," + alive + "/postgres"));
  check_succeeded(probe("postgresql://monitor@no-such-host.invalid:1," + alive + "/postgres"));
  // Named by address as well, and with one port for all.
  const SilentAddress same_port{3, postgres().port()};
  check_succeeded(probe("postgresql://monitor@db,db:" + port_of(postgres()) +
                        "/postgres?hostaddr=127.0.0.3,127.0.0.1&port=" + port_of(postgres())));
}

TEST_CASE("a host that takes connections and then is silent leaves time for the next") {
  Relay mute{postgres().port()};
  mute.forget_new(true);
  const std::string list = "postgresql://monitor@127.0.0.1:" + std::to_string(mute.port()) +
                           ",127.0.0.1:" + port_of(postgres()) + "/postgres";
  check_succeeded(probe(list, 6s));
  check_succeeded(probe(list + "?connect_timeout=1", 20s));
  // Alone it is a timeout, of its connect_timeout.
  const auto alone =
      probe("postgresql://monitor@127.0.0.1:" + std::to_string(mute.port()) + "/postgres?connect_timeout=1", 20s);
  check_failed(alone, "connect/timeout");
  CHECK(alone.failure->message.find("1s") != std::string::npos);
}

TEST_CASE("a name with a silent address and a good one is measured over the good one, by PostgreSQL and MySQL") {
  const SilentAddress before_postgres{4, postgres().port()};
  set_addresses("two.test", {"127.0.0.4", "127.0.0.1"});
  check_succeeded(probe("postgresql://monitor@two.test:" + port_of(postgres()) + "/postgres"));
  const SilentAddress before_mariadb{5, mariadb().port()};
  set_addresses("more.test", {"127.0.0.5", "127.0.0.1"});
  const std::string more = "mysql://monitor@more.test:" + std::to_string(mariadb().port()) + "/crm";
  check_succeeded(probe(more));
  check_succeeded(probe(more + "?ssl-mode=required&connect-timeout=3"));
  // The IPv6 address leads nowhere.
  set_addresses("six.test", {"100::1", "::1", "127.0.0.1"});
  check_succeeded(probe("postgresql://monitor@six.test:" + port_of(postgres()) + "/postgres"));
  check_succeeded(probe("mysql://monitor@six.test:" + std::to_string(mariadb().port()) + "/crm"));
}

TEST_CASE("a certificate checked against a name is checked on every address of it") {
  const SilentAddress silent{6, mariadb().port()};
  set_addresses("localhost", {"127.0.0.6", "127.0.0.1"});
  check_succeeded(probe("mysql://monitor@localhost:" + std::to_string(mariadb().port()) +
                            "/crm?ssl-mode=verify_identity&ssl-ca=" + mariadb().certificate(),
                        20s));
  set_addresses("localhost", {"127.0.0.1"});
}

TEST_CASE("a wrong password on the first address is what is told, not the last address's error") {
  const std::string alive = "127.0.0.1:" + port_of(postgres());
  const auto wrong = probe("postgresql://monitor@" + alive + "," + closed() + "/postgres", 10s, "wrong");
  check_failed(wrong, "auth/credentials");
  CHECK(wrong.failure->message.find("password authentication failed") != std::string::npos);
  set_addresses("first.test", {"127.0.0.1", "127.0.0.9"});
  check_failed(probe("mysql://monitor@first.test:" + std::to_string(mariadb().port()) + "/crm", 10s, "wrong"),
               "auth/credentials");
  check_failed(probe("postgresql://monitor@" + alive + "," + closed() + "/nowhere"), "connect/missing");
}

TEST_CASE("when no address answers, each is told with what became of it") {
  const SilentAddress silent{7};
  const auto reading = probe(
      "postgresql://monitor@" + silent.address() + ":" + std::to_string(silent.port()) + "," + closed() + "/postgres",
      1500ms);
  check_failed(reading, "connect/refused");
  CHECK(reading.failure->message.find(silent.address()) != std::string::npos);
  CHECK(reading.failure->message.find("no answer within") != std::string::npos);
  CHECK(reading.failure->message.find("refused") != std::string::npos);
  check_failed(
      probe("postgresql://monitor@" + silent.address() + ":" + std::to_string(silent.port()) + "/postgres", 1s),
      "connect/timeout");
}

TEST_CASE("target_session_attrs chooses among the hosts of the list") {
  const std::string port = port_of(postgres());
  const auto with = [&](const std::string& user, const std::string& wanted) {
    return failure_text(probe("postgresql://" + user + "@127.0.0.1:" + port + ",localhost:" + port +
                              "/postgres?target_session_attrs=" + wanted));
  };
  for (const char* wanted : {"any", "read-write", "primary", "prefer-standby"}) {
    INFO(wanted);
    CHECK(with("monitor", wanted) == "none");
  }
  for (const char* wanted : {"read-only", "standby"}) {
    INFO(wanted);
    CHECK(with("monitor", wanted) == "connect/unreachable");
  }
  CHECK(with("careful", "read-only") == "none");
  CHECK(with("careful", "read-write") == "connect/unreachable");
}

TEST_CASE("over ODBC too the first address of a name may be silent, and a name server") {
  const SilentAddress beside_postgres{10, postgres().port()};
  const SilentAddress beside_mariadb{11, mariadb().port()};
  set_addresses("odbc-1.test", {beside_postgres.address(), "127.0.0.1"});
  set_addresses("odbc-2.test", {beside_mariadb.address(), "127.0.0.1"});
  const auto over_odbc = [](const std::string& text, const std::string& password = "right") {
    probes::Runtime runtime;
    const PasswordFile file{password};
    return run(
        *make_target(runtime, recipe_head("odbc"), "url: 'odbc:" + text + "'\npassword_file: " + file.path(), 6s),
        "liveness");
  };
  const std::string to_postgres = "Driver=" + odbc_driver("psqlodbcw.so") +
                                  ";Server=odbc-1.test;Port=" + port_of(postgres()) +
                                  ";Database=postgres;UID=monitor;SSLmode=disable";
  const std::string to_mariadb = "Driver=" + odbc_driver("libmaodbc.so") +
                                 ";Server=odbc-2.test;Port=" + std::to_string(mariadb().port()) +
                                 ";Database=crm;UID=monitor;FORCETLS=0";
  for (const std::string& text : {to_postgres, to_mariadb}) {
    INFO(text);
    check_succeeded(over_odbc(text));
  }
  check_failed(over_odbc(to_postgres, "wrong"), "auth/credentials");
  for (const std::string driver : {"psqlodbcw.so", "libmaodbc.so"}) {
    INFO(driver);
    const std::string name = "hangs-" + driver + ".test";
    const HangingName hanging{name};
    check_failed(over_odbc("Driver=" + odbc_driver(driver) + ";Server=" + name + ";UID=monitor"), "resolve/timeout");
  }
}

TEST_CASE("a silent host of the list leaves time for the server that will do, whatever was wanted") {
  const SilentAddress silent{8};
  const std::string alive = "127.0.0.1:" + port_of(postgres());
  for (const char* wanted : {"any", "primary", "prefer-standby"}) {
    INFO(wanted);
    const std::string dead = silent.address() + ":" + std::to_string(silent.port());
    CHECK(failure_text(probe("postgresql://monitor@" + dead + "," + alive + "/postgres?target_session_attrs=" + wanted,
                             4s)) == "none");
  }
}

TEST_CASE(
    "load_balance_hosts=random spreads the connections over the hosts, and without it the first is always tried") {
  const auto taken = [](const std::string& options) {
    const Relay first{postgres().port()};
    const Relay second{postgres().port()};
    const std::string url = "postgresql://monitor@127.0.0.1:" + std::to_string(first.port()) +
                            ",127.0.0.1:" + std::to_string(second.port()) + "/postgres" + options;
    // Every one of 20 on the same side is a matter of one in half a million.
    for (int i = 0; i < 20; ++i) check_succeeded(probe(url));
    return std::pair{first.connections(), second.connections()};
  };
  const auto [some, others] = taken("?load_balance_hosts=random");
  CHECK(some > 0);
  CHECK(others > 0);
  CHECK(some < 20);  // else they were only tried in order
  CHECK(taken("?load_balance_hosts=disable").first == 20);
  CHECK(taken("").first == 20);
}

TEST_CASE("a name server that does not answer is a timeout of the look-up, for every database") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"hangs-1.test", "postgresql://monitor@hangs-1.test/crm"},
      {"hangs-2.test", "mysql://monitor@hangs-2.test/crm"},
      {"hangs-3.test", "postgresql://monitor@hangs-3.test,hangs-4.test/crm"},
      {"hangs-5.test", "mysql://monitor@hangs-5.test/crm?ssl-mode=verify_identity"}};
  for (const auto& [asked, url] : cases) {
    INFO(url);
    const HangingName name{asked};
    const HangingName other{"hangs-4.test"};
    check_failed(probe(url, 500ms), "resolve/timeout");
    CHECK(name.asked() == 1);
    // Asked again, it is still the one look-up that waits.
    check_failed(probe(url, 300ms), "resolve/timeout");
    CHECK(name.asked() == 1);
  }
}

TEST_CASE("one name of a list that does not resolve in time does not keep the others waiting") {
  const HangingName name{"hangs.test"};
  check_succeeded(probe("postgresql://monitor@hangs.test:1,127.0.0.1:" + port_of(postgres()) + "/postgres"));
}
