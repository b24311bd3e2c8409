#include "agent/setup/skeleton.h"

#include <catch2/catch.hpp>

#include "probes/recipe_file/load.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;
using probes::Dialect;

namespace {

SeenTable table(const std::string& name, double rows, std::vector<SeenColumn> columns) {
  return {"public", name, rows, std::move(columns)};
}

/// Reads as the agent will.
probes::DescribedRecipe loaded(const std::string& text) {
  const test::TempDir folder;
  const auto known = probes::load_described(folder.write("made.yaml", text), "");
  if (!known) FAIL(to_string(known.error()) << "\n" << text);
  return *known;
}

const std::vector<SeenTable> kTables{
    table("customer", 1000, {{"id", "integer", true}, {"changed_at", "timestamp without time zone", false}}),
    table("order", 5e6, {{"id", "bigint", true}, {"updated_at", "timestamp with time zone", true}}),
    table("log_line", 9e6, {{"created_at", "timestamp without time zone", false}}),
    table("schema_migrations", 10, {{"created_at", "timestamp without time zone", false}}),
    table("country", 200, {{"id", "integer", true}, {"name", "text", false}})};

}  // namespace

TEST_CASE("a recipe is made of tables with a time, in every dialect") {
  for (const Dialect dialect : {Dialect::postgresql, Dialect::mysql, Dialect::sqlite}) {
    std::vector<SeenTable> tables = kTables;
    if (dialect == Dialect::mysql) {
      for (SeenTable& one : tables) one.schema.clear();
      for (SeenTable& one : tables)
        for (SeenColumn& column : one.columns)
          if (column.type.find("timestamp") == 0) column.type = "datetime";
    }
    const auto text = database_skeleton("our-shop", dialect, tables);
    REQUIRE(text.has_value());
    const auto known = loaded(*text);
    CHECK(known.recipe.name == "our-shop");
    CHECK_FALSE(known.signs.has_value());  // two tables are somebody else's too
    INFO(*text);
    CHECK(text->find("'customer' AS object") != std::string::npos);
    CHECK(text->find("schema_migrations") == std::string::npos);
    CHECK(text->find("'country'") == std::string::npos);
  }
}

TEST_CASE("what would cost the CRM is left out of a recipe that is made, and said") {
  const auto text = database_skeleton("shop", Dialect::postgresql, kTables);
  REQUIRE(text.has_value());
  CHECK(text->find("# left out: log_line, about 9000000 rows: created_at has no index") != std::string::npos);
  CHECK(text->find("'log_line'") == std::string::npos);
  CHECK(text->find("'order' AS object, EXTRACT(EPOCH FROM max(\"updated_at\")) AS newest FROM \"order\"") !=
        std::string::npos);
  CHECK(text->find("'order' AS object, count(*)") == std::string::npos);
  CHECK(text->find("'customer' AS object, count(*)") != std::string::npos);
}

TEST_CASE("a recipe that is made of three tables and more is recognised by them") {
  std::vector<SeenTable> tables = kTables;
  tables.push_back(table("visit", 10, {{"created_at", "timestamp without time zone", false}}));
  const auto text = database_skeleton("shop", Dialect::postgresql, tables);
  REQUIRE(text.has_value());
  const auto known = loaded(*text);
  REQUIRE(known.signs.has_value());
  CHECK(known.signs->tables.size() == 3);
}

TEST_CASE("no recipe is made of tables without a time") {
  CHECK_FALSE(database_skeleton("shop", Dialect::postgresql, {kTables.back()}).has_value());
  CHECK_FALSE(database_skeleton("shop", Dialect::postgresql, {}).has_value());
}

TEST_CASE("a recipe is made of the records in an answer, without their values") {
  const std::string text = web_skeleton(
      "desk",
      R"({"total": 2, "data": {"tickets": [{"id": 1, "subject": "Geheim", "updated_at": "2026-11-30T09:00:00Z"}]}})");
  const auto known = loaded(text);
  CHECK(text.find("each: /data/tickets") != std::string::npos);
  CHECK(text.find("changed: /updated_at") != std::string::npos);
  CHECK(text.find("#   /data/tickets/0/subject: text") != std::string::npos);
  CHECK(text.find("Geheim") == std::string::npos);
  CHECK(known.recipe.measurements.size() == 2);
}

TEST_CASE("a recipe is made of an address that answers something else than JSON") {
  CHECK(loaded(web_skeleton("7 desk", "<html>hello</html>")).recipe.name == "crm-7-desk");
  CHECK(loaded(web_skeleton("desk", "[]")).recipe.measurements.size() == 1);
  CHECK(loaded(web_skeleton("desk", R"([{"a\"b/~c": "2026-11-30T09:00:00Z"}])")).recipe.measurements.size() == 2);
}
