#include "agent/print/rights_text.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using agent::rights_text;

namespace {

probes::Right statement(const std::string& text, std::optional<probes::Dialect> dialect = {},
                        const std::string& remark = "") {
  probes::Right right;
  right.text = {text, text};
  right.statement = true;
  right.dialect = dialect;
  right.remark = remark;
  return right;
}

}  // namespace

TEST_CASE("statements of rights end with semicolons and stand in an order that works, for each database") {
  probes::Recipe recipe;
  recipe.dialects = {probes::Dialect::postgresql, probes::Dialect::mysql, probes::Dialect::sqlite};
  recipe.rights = {statement("GRANT SELECT ON a TO monitor", probes::Dialect::postgresql),
                   statement("GRANT SELECT ON `a` TO monitor", probes::Dialect::mysql),
                   statement("GRANT ALL ON beats TO monitor", probes::Dialect::postgresql, "only for heartbeat_table"),
                   statement("CREATE TABLE beats (a int)", {}, "only for heartbeat_table")};
  CHECK(
      rights_text(recipe, false) ==
      "\nRights the monitoring account needs\n"
      "  -- postgresql, in the CRM's database\n"
      "  CREATE ROLE monitor LOGIN PASSWORD 'CHANGE-ME';  -- a password of your own; leave this out where the account "
      "exists\n"
      "  GRANT SELECT ON a TO monitor;\n"
      "  -- only for heartbeat_table\n"
      "  CREATE TABLE beats (a int);\n"
      "  GRANT ALL ON beats TO monitor;\n"
      "  -- mysql, in the CRM's database\n"
      "  CREATE USER IF NOT EXISTS monitor IDENTIFIED BY 'CHANGE-ME';  -- a password of your own; leave this out where "
      "the account exists\n"
      "  GRANT SELECT ON `a` TO monitor;\n"
      "  -- only for heartbeat_table\n"
      "  CREATE TABLE beats (a int);\n"
      "  -- sqlite, in the CRM's database\n"
      "  -- only for heartbeat_table\n"
      "  CREATE TABLE beats (a int);\n");
  const std::string chinese = rights_text(recipe, true);
  CHECK(chinese.find("监控账号所需权限") != std::string::npos);
  CHECK(chinese.find("  -- 仅用于 heartbeat_table\n") != std::string::npos);
}

TEST_CASE("an account that the recipe itself makes is not made twice, and comes first") {
  probes::Recipe recipe;
  recipe.dialects = {probes::Dialect::postgresql};
  recipe.rights = {statement("GRANT SELECT ON a TO reader"), statement("CREATE ROLE reader LOGIN")};
  CHECK(rights_text(recipe, false) ==
        "\nRights the monitoring account needs\n"
        "  -- postgresql, in the CRM's database\n"
        "  CREATE ROLE reader LOGIN;\n"
        "  GRANT SELECT ON a TO reader;\n");
}

TEST_CASE("rights of an API are sentences in the reader's language, and scopes as vendors' forms take them") {
  probes::Recipe recipe;
  recipe.transport = probes::Transport::http;
  recipe.rights.resize(2);
  recipe.rights[0].text = {"an app with these scopes", "具有以下权限范围的应用"};
  recipe.rights[0].scopes = {"crm.read", "users.read"};
  recipe.rights[1].scopes = {"crm.write"};
  CHECK(rights_text(recipe, false) ==
        "\nRights the monitoring account needs\n"
        "  - an app with these scopes\n"
        "    crm.read,users.read\n"
        "  - crm.write\n");
  CHECK(rights_text(recipe, true).find("  - 具有以下权限范围的应用\n    crm.read,users.read\n") != std::string::npos);
  CHECK(rights_text(probes::Recipe{}, false).empty());
}
