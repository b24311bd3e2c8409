#include "agent/setup/address.h"

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

std::string fault(const std::string& text) {
  const auto address = read_address(text);
  return address ? "it is " + address->url : address.error().message;
}

}  // namespace

TEST_CASE("a database's address loses its password, which is kept apart") {
  const auto address = read_address("postgresql://monitor:s%40cret@db.example.com:5433/crm?sslmode=require");
  REQUIRE(address.has_value());
  CHECK(address->url == "postgresql://monitor@db.example.com:5433/crm?sslmode=require");
  CHECK(address->password.reveal() == "s@cret");
  CHECK(address->dialect == probes::Dialect::postgresql);
  CHECK(name_for(*address) == "crm");
  const auto without = read_address("MySQL://monitor@localhost/suite_crm");
  REQUIRE(without.has_value());
  CHECK(without->url == "mysql://monitor@localhost/suite_crm");
  CHECK(without->password.empty());
  CHECK(name_for(*without) == "suite_crm");
}

TEST_CASE("a web address is kept without what a browser adds behind it") {
  const auto address = read_address("https://Crm.Example.com/espo/?x=1#Lead/list");
  REQUIRE(address.has_value());
  CHECK(address->is_web);
  CHECK(address->url == "https://crm.example.com/espo");
  CHECK(name_for(*address) == "crm");
  CHECK(name_for(*read_address("https://acme.my.salesforce.com/")) == "acme");
  CHECK(name_for(*read_address("http://127.0.0.1:9470")) == "crm");
}

TEST_CASE("a SQLite file is told from other files") {
  const test::TempDir folder;
  const std::string file = folder.write("shop.db", std::string("SQLite format 3\0 and more", 25));
  const std::string other = folder.write("shop.txt", "nothing of the kind");
  const auto address = read_address(file);
  REQUIRE(address.has_value());
  CHECK(address->url == "sqlite://" + file);
  CHECK(name_for(*address) == "shop");
  CHECK(read_address("sqlite:" + file)->url == "sqlite://" + file);
  CHECK(fault(other) == "'" + other + "' is not a SQLite database, or cannot be read");
  CHECK(fault("sqlite:" + folder.path("none.db")) == "there is no file '" + folder.path("none.db") + "'");
}

TEST_CASE("what is not an address is refused with what to write, and never with a password") {
  CHECK(fault("crm.example.com").find("is neither an address nor a file") != std::string::npos);
  CHECK(fault("odbc:Driver=x").find("does not look behind ODBC") != std::string::npos);
  CHECK(fault("ftp://x:geheim@y/z").find("geheim") == std::string::npos);
  CHECK(fault("https://u:geheim@crm.example.com").find("geheim") == std::string::npos);
  CHECK(fault("postgresql://u:%zz@h/d").find("broken % escape") != std::string::npos);
}
