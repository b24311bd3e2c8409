// The contract every recipe keeps. A new file in config/recipes/ is tested by these loops before its author writes a
// test; it needs tests/probes/recipes/NAME/ with a schema and a seed per dialect, and expected.yaml.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "agent/print/rights_text.h"
#include "core/time/clock.h"
#include "net/server/http_server.h"
#include "probes/recipe_file/load.h"
#include "tests/probes/recipes/expectations.h"
#include "tests/probes/recipes/stage.h"
#include "tests/probes/target_fixture.h"
#include "tests/support/process.h"

using namespace crmpulse;
using namespace crmpulse::test;
using probes::Dialect;
using probes::Recipe;

namespace {

const std::string kRecipes = std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes";
const std::string kData = std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/recipes";

Recipe load(const std::string& name_or_path) {
  auto recipe = probes::load_recipe(name_or_path, kRecipes);
  if (!recipe) FAIL(to_string(recipe.error()));
  return std::move(*recipe);
}

std::vector<Recipe> shipped() {
  std::vector<Recipe> recipes;
  for (const std::string& name : probes::list_recipes(kRecipes)) recipes.push_back(load(name));
  return recipes;
}

bool speaks(const Recipe& recipe, Dialect dialect) {
  return std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) != recipe.dialects.end();
}

std::unique_ptr<probes::Target> bound(probes::Runtime& runtime, const Recipe& recipe, const std::string& with) {
  probes::Arguments arguments = arguments_from(recipe, with);
  auto target = probes::Target::make(runtime, {"acme",
                                               std::make_shared<const Recipe>(recipe),
                                               std::move(arguments),
                                               {{"crm", "acme"}, {"kind", recipe.name}, {"agent", "a1"}},
                                               std::chrono::seconds{30}});
  if (!target) FAIL(to_string(target.error()));
  return std::move(*target);
}

/// Every measurement, first on empty tables, then on the seeded ones.
void check_recipe(const Recipe& recipe, Dialect dialect, const std::string& folder) {
  INFO(folder << " on " << to_string(dialect));
  const Expectations expectations = load_expectations(kData + "/" + folder + "/expected.yaml");
  const StagedCrm stage{recipe, dialect, folder};
  probes::Runtime runtime;
  const auto target = bound(runtime, recipe, stage.with() + expectations.arguments);
  for (const auto& planned : target->measurements()) check_runs(run(*target, planned.measurement->id));

  stage.seed();
  static const std::map<std::string, Expected> kNothing;
  std::set<std::string> ran;
  for (const auto& planned : target->measurements()) {
    const std::string& id = planned.measurement->id;
    ran.insert(id);
    const auto expected = expectations.measurements.find(id);
    check_reading(run(*target, id), expected == expectations.measurements.end() ? kNothing : expected->second,
                  SystemClock{}.now());
  }
  for (const auto& entry : expectations.measurements) {
    INFO("expected.yaml names the measurement " << entry.first);
    CHECK(ran.contains(entry.first));
  }
  // What a recipe can do must be switched on by the arguments of its test.
  CHECK(ran.size() == recipe.measurements.size());
}

void check_dialect(Dialect dialect) {
  int checked = 0;
  for (const Recipe& recipe : shipped()) {
    if (!speaks(recipe, dialect) || recipe.name == "tryton") continue;
    check_recipe(recipe, dialect, recipe.name);
    ++checked;
  }
  CHECK(checked > 0);
}

bool has_chinese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe3; });
}

/// The dimension a sample's metric is about (ARCHITECTURE.md, "What is measured").
std::string dimension_of(const std::string& metric) {
  if (metric == "crm_last_modified_timestamp_seconds") return "staleness";
  if (metric == "crm_feature_used") return "features";
  if (metric.starts_with("crm_process_")) return "process";
  if (metric == "crm_csat_ratio") return "satisfaction";
  if (metric == "crm_records_per_second") return "throughput";
  if (metric.starts_with("crm_api_")) return "quota";
  if (metric == "crm_sales_amount" || metric.starts_with("crm_customers")) return "business";
  if (metric == "crm_info" || metric.starts_with("crm_backup_") || metric.starts_with("crm_restore_")) return "safety";
  if (metric == "crm_active_users" || metric == "crm_logins" || metric == "crm_activities") return "usage";
  for (const char* end : {"_incomplete", "_duplicate", "_invalid", "_outdated", "_orphaned"}) {
    if (metric.ends_with(end)) return "data_quality";
  }
  return {};
}

/// Of the measurement's rows, of its requests' and of what it saved.
std::vector<probes::SampleSpec> samples_of(const probes::Measurement& measurement) {
  std::vector<probes::SampleSpec> samples = measurement.samples;
  for (const auto& exchange : measurement.exchanges)
    samples.insert(samples.end(), exchange.samples.begin(), exchange.samples.end());
  return samples;
}

std::set<std::string> measured_by(const Recipe& recipe) {
  std::set<std::string> measured{"availability", "latency"};                   // by every run
  if (recipe.transport == probes::Transport::http) measured.insert("safety");  // the certificate
  if (!recipe.quota.empty()) measured.insert("quota");
  for (const auto& measurement : recipe.measurements) {
    if (!measurement.transaction.empty()) measured.insert("transactions");
    if (!measurement.transaction.empty() && recipe.transport == probes::Transport::http)
      measured.insert("throughput");  // records per second of its writes
    for (const auto& sample : samples_of(measurement)) measured.insert(dimension_of(sample.metric));
  }
  return measured;
}

/// The text of the n-th block that opens with ```yaml recipe.
std::string recipe_block(const std::string& document, int n) {
  const std::string fence = "```yaml recipe\n";
  std::size_t at = 0;
  for (int i = 0; i <= n; ++i) {
    at = document.find(fence, at);
    if (at == std::string::npos) throw std::runtime_error("no such block");
    at += fence.size();
  }
  return document.substr(at, document.find("```\n", at) - at);
}

/// A web server that answers 200 to everybody, with or without a token.
class PlainServer {
 public:
  PlainServer() {
    auto server =
        net::HttpServer::listen(loop_, {}, [this](const net::HttpRequest& request, const net::Respond& respond) {
          if (request.header("authorization") == "Bearer right") ++authorised_;
          respond({200, {}, "fine"});
        });
    if (!server) FAIL(server.error().message);
    server_ = std::move(*server);
    thread_ = std::thread{[this] { loop_.run(); }};
  }
  ~PlainServer() {
    loop_.stop();
    thread_.join();
  }
  PlainServer(const PlainServer&) = delete;
  PlainServer& operator=(const PlainServer&) = delete;
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()) + "/"; }
  [[nodiscard]] int authorised() const { return authorised_; }

 private:
  net::Loop loop_;
  std::atomic<int> authorised_{0};
  std::unique_ptr<net::HttpServer> server_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("every shipped recipe loads, has its file's name and speaks two languages") {
  const auto recipes = shipped();
  REQUIRE(recipes.size() >= 9);
  for (const Recipe& recipe : recipes) {
    INFO(recipe.file);
    CHECK(std::filesystem::path{recipe.file}.stem() == recipe.name);
    CHECK(has_chinese(recipe.title.zh));
    CHECK_FALSE(recipe.rights.empty());
    for (const auto& right : recipe.rights) {
      INFO(right.text.en);
      CHECK((right.statement || has_chinese(right.text.zh)));
      CHECK(right.statement == (recipe.transport == probes::Transport::sql && recipe.name != "sample"));
    }
    for (const auto& parameter : recipe.parameters) {
      INFO(parameter.name);
      CHECK_FALSE(parameter.help.en.empty());
      CHECK(has_chinese(parameter.help.zh));
    }
    for (const auto& [dimension, why] : recipe.not_measured) {
      INFO(dimension);
      CHECK_FALSE(why.en.empty());
      CHECK(has_chinese(why.zh));
    }
  }
}

TEST_CASE("for every dimension a recipe either measures it or says why not") {
  for (const Recipe& recipe : shipped()) {
    const auto measured = measured_by(recipe);
    for (const char* dimension :
         {"availability", "latency", "transactions", "staleness", "usage", "features", "data_quality", "process",
          "satisfaction", "throughput", "quota", "safety", "business"}) {
      const bool excused = std::any_of(recipe.not_measured.begin(), recipe.not_measured.end(),
                                       [&](const auto& entry) { return entry.first == dimension; });
      INFO(recipe.name << ": " << dimension);
      CHECK(measured.contains(dimension) != excused);
    }
  }
}

TEST_CASE("of the rows of a CRM only names of objects, features, periods, versions and instances become labels") {
  const std::set<std::string> harmless{"object", "feature", "period", "version", "release", "instance"};
  for (const Recipe& recipe : shipped()) {
    for (const auto& measurement : recipe.measurements) {
      for (const auto& sample : samples_of(measurement)) {
        for (const std::string& column : sample.by) {
          INFO(recipe.name << "." << measurement.id << ": " << column);
          CHECK(harmless.contains(column));
        }
      }
    }
  }
}

TEST_CASE("what reads whole tables has a timeout or an interval of its own") {
  for (const Recipe& recipe : shipped()) {
    if (recipe.name == "sample") continue;  // the demo's intervals are seconds
    for (const auto& measurement : recipe.measurements) {
      if (measurement.operation != "scan") continue;
      INFO(recipe.name << "." << measurement.id);
      REQUIRE(measurement.interval.has_value());
      CHECK(*measurement.interval >= std::chrono::seconds{60});
    }
  }
}

TEST_CASE("every PostgreSQL recipe gives exactly the numbers of its rows") {
  check_dialect(Dialect::postgresql);
}
TEST_CASE("every MySQL recipe gives exactly the numbers of its rows") {
  check_dialect(Dialect::mysql);
}
TEST_CASE("every SQLite recipe gives exactly the numbers of its rows") {
  check_dialect(Dialect::sqlite);
}
TEST_CASE("every ODBC recipe gives exactly the numbers of its rows") {
  check_dialect(Dialect::odbc);
}

TEST_CASE("the Tryton recipe gives exactly the numbers of the rows in a real Tryton database") {
  check_recipe(load("tryton"), Dialect::postgresql, "tryton");
}

TEST_CASE("the Odoo recipe measures an Odoo 19 whose tables have no mobile numbers") {
  check_recipe(load("odoo"), Dialect::postgresql, "odoo19");
}

TEST_CASE("the recipe for a page measures it, with and without a token") {
  const Recipe recipe = load("http");
  const PlainServer server;
  const TempDir directory;
  std::ofstream{directory.path() + "/token"} << "right";
  std::filesystem::permissions(directory.path() + "/token", std::filesystem::perms::owner_read);
  const Expectations expectations = load_expectations(kData + "/http/expected.yaml");
  probes::Runtime runtime;
  const auto target =
      bound(runtime, recipe,
            "url: " + server.url() + "\ntoken_file: " + directory.path() + "/token\n" + expectations.arguments);
  CHECK(target->measurements().size() == recipe.measurements.size());
  for (const auto& planned : target->measurements()) {
    const auto reading = run(*target, planned.measurement->id);
    check_reading(reading, {}, SystemClock{}.now());
    CHECK(std::any_of(reading.phases.begin(), reading.phases.end(),
                      [](const auto& phase) { return phase.first == "first_byte"; }));
  }
  CHECK(server.authorised() == 1);
}

TEST_CASE("every other HTTP recipe is tested against the sandbox or the real CRM") {
  for (const Recipe& recipe : shipped()) {
    if (recipe.transport != probes::Transport::http || recipe.name == "http") continue;
    if (recipe.name == "tryton-rpc") continue;  // a real Tryton: tests/e2e
    const std::string file = kData + "/" + recipe.name + "/expected.yaml";
    INFO(file);
    REQUIRE(std::filesystem::exists(file));
    CHECK(("\n" + read_text(file)).find("\nsandbox: ") != std::string::npos);
  }
}

TEST_CASE("the rights that `recipes NAME` prints work as they are pasted, in every database that a recipe speaks to") {
  int pasted = 0;
  for (const Recipe& recipe : shipped()) {
    for (const Dialect dialect : {Dialect::postgresql, Dialect::mysql}) {
      if (!speaks(recipe, dialect) || recipe.name == "tryton") continue;  // a real Tryton: tests/e2e
      INFO(recipe.name << " on " << to_string(dialect));
      Recipe alone = recipe;
      alone.dialects = {dialect};
      std::string text = agent::rights_text(alone, pasted % 2 == 1);
      text.erase(0, text.find("  --"));
      const std::string account = "pasted_" + std::to_string(++pasted);
      CHECK(text.find(dialect == Dialect::mysql ? "CREATE USER" : "CREATE ROLE") < text.find("GRANT"));
      for (std::size_t at = text.find("monitor"); at != std::string::npos; at = text.find("monitor", at))
        text.replace(at, 7, account);
      INFO(text);
      alone.rights.clear();
      CHECK_NOTHROW((StagedCrm{alone, dialect, recipe.name}.paste(text)));
    }
  }
  CHECK(pasted >= 7);
}

TEST_CASE("the examples in docs/custom-recipe.md work as they are written") {
  const std::string page = read_text(std::string{CRMPULSE_SOURCE_DIR} + "/docs/custom-recipe.md");
  const TempDir directory;
  const std::string file = directory.path() + "/shop.yaml";
  std::ofstream{file} << recipe_block(page, 0);
  check_recipe(load(file), Dialect::postgresql, "custom");

  for (const auto& [name, block] : {std::pair{"desk", 1}, {"helpdesk", 2}, {"intranet", 3}}) {
    const std::string other = directory.path() + "/" + name + ".yaml";
    std::ofstream{other} << recipe_block(page, block);
    CHECK(load(other).transport == probes::Transport::http);
  }
}
