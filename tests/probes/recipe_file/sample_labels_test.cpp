// The labels that rules tell series by, and a function that is used or not.
#include "probes/recipe_file/sample_labels.h"

#include "tests/probes/target_fixture.h"
#include "tests/support/process.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

const std::string kHead = R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: sql
dialects: [sqlite]
parameters:
  url: {type: url, required: true, help: {en: Database, zh: 数据库}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml";

std::vector<std::string> faults_of(const std::string& sample) {
  const Recipe recipe =
      recipe_from(kHead + "  - {id: m, query: \"SELECT 1 AS n, 'x' AS object\", samples: [" + sample + "]}\n");
  return label_faults(recipe.measurements.at(1));
}

}  // namespace

TEST_CASE("a label that rules need and that is missing or misspelt is told with its name") {
  CHECK(faults_of("{metric: crm_feature_used, value: n, labels: {feature: x}}").empty());
  CHECK(faults_of("{metric: crm_records, value: n, by: [object]}").empty());
  CHECK(faults_of("{metric: my_own, value: n}").empty());
  const auto misspelt = faults_of("{metric: crm_feature_used, value: n, labels: {featur: x}}");
  REQUIRE(misspelt.size() == 1);
  CHECK(misspelt[0] == "crm_feature_used needs the label feature, and has 'featur'; did you mean 'feature'?");
  for (const char* sample :
       {"{metric: crm_feature_used, value: n}", "{metric: crm_process_overdue_ratio, value: n, labels: {object: x}}",
        "{metric: crm_records_created, value: n, by: [object]}", "{metric: crm_api_remaining, value: n}",
        "{metric: crm_active_users, value: n}", "{metric: crm_records_incomplete, value: n, labels: {field: x}}",
        "{metric: crm_sales_amount, value: n}", "{metric: crm_records_incomplete, value: n, by: [object]}",
        "{metric: crm_records_duplicate, value: n, labels: {object: x}}",
        "{metric: crm_records_invalid, value: n, labels: {object: x}}",
        "{metric: crm_records_outdated, value: n, labels: {object: x, feild: y}}",
        "{metric: crm_records_orphaned, value: n, labels: {object: x, check: orphan}}",
        "{metric: crm_records_checked, value: n, labels: {object: a, field: b}}"}) {
    INFO(sample);
    REQUIRE(faults_of(sample).size() == 1);
    CHECK(faults_of(sample)[0].find("needs the label") != std::string::npos);
  }
}

TEST_CASE("a function that is used twelve times is used") {
  const Recipe recipe = recipe_from(kHead + R"yaml(
  - id: m
    query: SELECT 'mail' AS feature, 12 AS used UNION ALL SELECT 'chat', 0
    samples: [{metric: crm_feature_used, value: used, by: [feature]}]
)yaml");
  const TempDir folder;
  Runtime runtime;
  Arguments arguments = arguments_from(recipe, "url: \"sqlite:" + folder.path() + "/crm.db\"");
  run_to_end({"sqlite3", folder.path() + "/crm.db", "CREATE TABLE t(n)"});
  auto target = Target::make(runtime, {"acme",
                                       std::make_shared<const Recipe>(recipe),
                                       std::move(arguments),
                                       {{"crm", "acme"}, {"kind", "shop"}, {"agent", "a1"}},
                                       std::chrono::seconds{10}});
  REQUIRE(target.has_value());
  std::map<std::string, double> used;
  for (const Sample& sample : run(**target, "m").samples)
    if (sample.metric == "crm_feature_used") used[std::string{sample.labels.get("feature")}] = sample.value;
  CHECK(used == std::map<std::string, double>{{"mail", 1}, {"chat", 0}});
}
