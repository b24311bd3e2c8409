#include "agent/setup/entry.h"

#include <catch2/catch.hpp>

#include <cstdlib>

#include "config/node.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

CrmEntry full_entry() {
  CrmEntry entry;
  entry.name = "acme";
  entry.recipe = "odoo-rpc";
  entry.with = {{"url", "https://odoo.example.com"}, {"database", "a b"}, {"sales", "false"}};
  entry.lists = {{"objects", {"crm.lead", "res.partner"}}};
  entry.auth = {{"username", "monitor@example.com"}};
  entry.auth_secrets = {{"password", Secret{"geheim"}, "acme.password"}};
  entry.ca_file = "/etc/ca.pem";
  entry.hours = {"mon-fri", "08:00", "18:00", "Asia/Shanghai"};
  entry.off = {{"duplicates", "permission: no access"}};
  return entry;
}

}  // namespace

TEST_CASE("an entry is written as people write it, and holds no secret") {
  CHECK(joined(entry_lines(full_entry(), SecretsIn::credentials)) ==
        "name: acme\n"
        "recipe: odoo-rpc\n"
        "hours: {days: mon-fri, from: \"08:00\", to: \"18:00\", tz: Asia/Shanghai}   # when its people work\n"
        "with:\n"
        "  url: https://odoo.example.com\n"
        "  database: \"a b\"\n"
        "  sales: false\n"
        "  objects: [crm.lead, res.partner]\n"
        "auth:\n"
        "  username: monitor@example.com\n"
        "  password_credential: acme.password\n"
        "http: {ca_file: /etc/ca.pem}\n"
        "measurements:\n"
        "  duplicates: {enabled: false}   # permission: no access\n");
}

TEST_CASE("an entry that is tried finds its secrets in the environment") {
  const CrmEntry entry = full_entry();
  const std::string text = joined(entry_lines(entry, SecretsIn::environment));
  CHECK(text.find("password_env: CRMPULSE_SETUP_PASSWORD\n") != std::string::npos);
  CHECK(text.find("geheim") == std::string::npos);
  put_into_environment(entry);
  CHECK(std::string{std::getenv("CRMPULSE_SETUP_PASSWORD")} == "geheim");
}

TEST_CASE("every value reads back as it was") {
  for (const std::string value : {"plain",
                                  "https://h:1/p?a=b&c=d",
                                  "a b",
                                  "a: b",
                                  "a #b",
                                  "'q'",
                                  "\"q\"",
                                  "back\\slash",
                                  "no",
                                  "~",
                                  "null",
                                  "- x",
                                  "[x]",
                                  "{x}",
                                  "*x",
                                  "&x",
                                  "!x",
                                  "%x",
                                  "@x",
                                  "tab\there",
                                  "客户",
                                  "x:",
                                  "62.0",
                                  "",
                                  "mysql://m@[::1]/d"}) {
    INFO(value);
    const auto document = config::load_text("key: " + yaml_value(value) + "\n", "test");
    REQUIRE(document.has_value());
    CHECK(document->root.members.front().second.scalar == value);
  }
}

TEST_CASE("hours are read as days and a span") {
  const auto hours = hours_of("mon-fri 08:00-18:00");
  REQUIRE(hours.has_value());
  CHECK(hours->days == "mon-fri");
  CHECK(hours->from == "08:00");
  CHECK(hours->to == "18:00");
  CHECK(hours_of("mon,wed,sat 22:00-06:00").has_value());
  for (const char* wrong : {"", "mon-fri", "08:00-18:00", "mon-fri 8-18", "someday 08:00-18:00", "mon-fri 08:00"})
    CHECK_FALSE(hours_of(wrong).has_value());
}
