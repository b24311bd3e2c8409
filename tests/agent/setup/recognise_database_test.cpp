#include <catch2/catch.hpp>

#include "agent/setup/recognise.h"
#include "agent/setup/rights.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

/// A SQLite file with these statements run.
class Made {
 public:
  explicit Made(const std::string& sql) : file_(folder_.path("crm.db")) {
    test::run_to_end({"sqlite3", "-bail", file_, "CREATE TABLE bystander (id integer);\n" + sql});
  }
  [[nodiscard]] Database open() const {
    auto database = Database::open(*read_address(file_), {});
    if (!database) throw std::runtime_error(database.error().message);
    return std::move(*database);
  }

 private:
  test::TempDir folder_;
  std::string file_;
};

KnownRecipe recipe(const std::string& name, const std::string& recognise) {
  const test::TempDir folder;
  const auto known =
      probes::load_described(folder.write(name + ".yaml", "recipe: " + name +
                                                              "\n"
                                                              "title: {en: Shop, zh: Shop}\n"
                                                              "transport: sql\n"
                                                              "dialects: [sqlite]\n"
                                                              "recognise:\n" +
                                                              recognise +
                                                              "parameters:\n"
                                                              "  url: {type: url, required: true, help: x}\n"
                                                              "  prefix: {type: prefix, default: shop_, help: x}\n"
                                                              "  tickets: {type: boolean, default: true, help: x}\n"
                                                              "measurements:\n"
                                                              "  - {id: liveness, liveness: true, query: SELECT 1}\n"),
                             "");
  if (!known) throw std::runtime_error(to_string(known.error()));
  return std::make_shared<const probes::DescribedRecipe>(*known);
}

Recognition look(const Made& made, const std::vector<KnownRecipe>& recipes) {
  Database database = made.open();
  const auto tables = database.tables();
  if (!tables) throw std::runtime_error(tables.error().message);
  return recognise_database(database, *tables, recipes);
}

}  // namespace

TEST_CASE("a product is recognised by its tables and columns, with its version") {
  const KnownRecipe shop = recipe("shop",
                                  "  tables: [customer, {orders: [placed_at]}]\n"
                                  "  without: [shop_two]\n"
                                  "  version: SELECT value FROM about\n"
                                  "  versions: {from: \"2\", below: \"4\"}\n"
                                  "  given: {tickets: [ticket]}\n");
  const std::string tables = "CREATE TABLE customer (id integer); CREATE TABLE orders (placed_at integer);";
  const Recognition found =
      look(Made{tables + "CREATE TABLE about (value); INSERT INTO about VALUES ('3.10')"}, {shop});
  REQUIRE(found.found.size() == 1);
  CHECK(found.found[0].version == "3.10");
  CHECK(found.found[0].fits);
  CHECK(found.found[0].with == probes::TextPairs{{"tickets", "false"}});
  CHECK(found.near.empty());

  const Recognition newer = look(Made{tables + "CREATE TABLE about (value); INSERT INTO about VALUES ('4.0');"
                                               "CREATE TABLE ticket (id)"},
                                 {shop});
  REQUIRE(newer.found.size() == 1);
  CHECK_FALSE(newer.found[0].fits);
  CHECK(newer.found[0].with.empty());

  CHECK(look(Made{tables}, {shop}).found.at(0).version.empty());
  CHECK(look(Made{tables + "CREATE TABLE shop_two (id)"}, {shop}).found.empty());
}

TEST_CASE("a product that lacks a table or a column is not recognised, and what it lacks is told") {
  const KnownRecipe shop = recipe("shop", "  tables: [customer, {orders: [placed_at]}]\n");
  const Recognition half = look(Made{"CREATE TABLE customer (id); CREATE TABLE orders (id)"}, {shop});
  CHECK(half.found.empty());
  REQUIRE(half.near.size() == 1);
  CHECK(half.near[0].missing == "orders");
  const Recognition other = look(Made{"CREATE TABLE film (id)"}, {shop});
  CHECK(other.found.empty());
  CHECK(other.near.empty());
}

TEST_CASE("a prefix is found whatever it is, and told when it is not the usual one") {
  const KnownRecipe shop = recipe("shop", "  tables: [\"${prefix}customer\", {\"${prefix}orders\": [placed_at]}]\n");
  const auto tables = [](const std::string& prefix) {
    return "CREATE TABLE " + prefix + "customer (id); CREATE TABLE " + prefix + "orders (placed_at);";
  };
  const Recognition own = look(Made{tables("x1_")}, {shop});
  REQUIRE(own.found.size() == 1);
  CHECK(own.found[0].prefix == "x1_");
  CHECK(own.found[0].with == probes::TextPairs{{"prefix", "x1_"}});
  CHECK(look(Made{tables("shop_")}, {shop}).found.at(0).with.empty());
  CHECK(look(Made{tables("a_") + tables("b_")}, {shop}).found.size() == 2);
}

TEST_CASE("two products in one database are both told") {
  const KnownRecipe shop = recipe("shop", "  tables: [customer]\n");
  const KnownRecipe desk = recipe("desk", "  tables: [ticket]\n");
  CHECK(look(Made{"CREATE TABLE customer (id); CREATE TABLE ticket (id)"}, {shop, desk}).found.size() == 2);
}

TEST_CASE("a column says whether its newest value costs anything") {
  const Made made{"CREATE TABLE t (id integer PRIMARY KEY, a integer, b integer); CREATE INDEX i ON t (a, b)"};
  Database database = made.open();
  const auto tables = database.tables();
  REQUIRE(tables.has_value());
  const auto found =
      std::find_if(tables->begin(), tables->end(), [](const SeenTable& table) { return table.name == "t"; });
  REQUIRE(found != tables->end());
  REQUIRE(found->columns.size() == 3);
  CHECK(found->columns[0].indexed);
  CHECK(found->columns[1].indexed);
  CHECK_FALSE(found->columns[2].indexed);
}
