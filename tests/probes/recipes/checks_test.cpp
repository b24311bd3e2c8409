// What a user adds under `checks:` is counted the same way by every recipe of a database, beside how many records were
// looked at, and numbers of one currency stay that currency's.

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "core/time/clock.h"
#include "probes/recipe_file/data_checks.h"
#include "probes/recipe_file/load.h"
#include "probes/recipe_file/sample_labels.h"
#include "tests/probes/recipes/expectations.h"
#include "tests/probes/recipes/stage.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using probes::Dialect;
using probes::Recipe;

namespace {

const std::string kRecipes = std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes";

Recipe load(const std::string& name) {
  auto recipe = probes::load_recipe(name, kRecipes);
  if (!recipe) FAIL(to_string(recipe.error()));
  return std::move(*recipe);
}

/// A check as a user writes it, and what it counts among the six rows of `checks/seed`.
struct Asked {
  std::string kind;
  std::string text;
  std::string metric;
  std::string field;
  double at_fault;
};

const std::vector<Asked> kAsked{{"complete", "subject.name", "crm_records_incomplete", "name", 2},
                                {"complete", "subject.due", "crm_records_incomplete", "due", 4},
                                {"complete", "subject.amount", "crm_records_incomplete", "amount", 1},
                                {"unique", "subject.name", "crm_records_duplicate", "name", 2},
                                {"valid", "subject.mail as email", "crm_records_invalid", "mail", 2},
                                {"fresh", "subject 30d", "crm_records_outdated", "modified", 2},
                                {"orphan", "subject.owner", "crm_records_orphaned", "owner", 2}};

bool has(const Recipe& recipe, const std::string& kind) {
  return std::any_of(recipe.checks.begin(), recipe.checks.end(), [&](const auto& check) { return check.kind == kind; });
}

std::unique_ptr<probes::Target> bound(probes::Runtime& runtime, const Recipe& recipe, const std::string& with) {
  auto target = probes::Target::make(runtime, {"acme",
                                               std::make_shared<const Recipe>(recipe),
                                               arguments_from(recipe, with),
                                               {{"crm", "acme"}, {"kind", recipe.name}, {"agent", "a1"}},
                                               std::chrono::seconds{30}});
  if (!target) FAIL(to_string(target.error()));
  return std::move(*target);
}

void check_checks(Recipe recipe, Dialect dialect) {
  INFO(recipe.name << " on " << to_string(dialect));
  const Recipe shipped = recipe;
  recipe.rights.clear();
  if (dialect != Dialect::sqlite) {
    probes::Right& right = recipe.rights.emplace_back();
    right.text.en = "GRANT SELECT ON subject TO monitor";
    right.statement = true;
  }
  std::erase_if(recipe.measurements, [](const auto& measurement) { return !measurement.liveness; });
  std::map<std::string, std::pair<Asked, std::string>> wanted;
  for (const Asked& asked : kAsked) {
    if (!has(recipe, asked.kind)) continue;
    auto made = probes::make_check(shipped, asked.kind, asked.text);
    if (!made) FAIL(made.error().message);
    wanted.emplace(made->id, std::pair{asked, asked.kind});
    recipe.measurements.push_back(std::move(*made));
  }
  const StagedCrm stage{recipe, dialect, "checks"};
  probes::Runtime runtime;
  const auto target = bound(runtime, recipe, stage.with());
  for (const bool seeded : {false, true}) {
    if (seeded) stage.seed();
    for (const auto& [id, asked] : wanted) {
      std::map<std::string, Expected> expected;
      const std::string labels = "object=subject,field=" + asked.first.field;
      expected[series(asked.first.metric + "{" + labels + "}")] = {seeded ? asked.first.at_fault : 0, 1e-6, false};
      expected[series("crm_records_checked{" + labels + ",check=" + asked.second + "}")] = {seeded ? 6.0 : 0.0, 1e-6,
                                                                                            false};
      check_reading(run(*target, id), expected, SystemClock{}.now());
    }
  }
}

}  // namespace

TEST_CASE("a check of each kind counts the same on every database with every recipe") {
  int checked = 0;
  for (const std::string& name : probes::list_recipes(kRecipes)) {
    const Recipe recipe = load(name);
    for (const Dialect dialect : recipe.dialects) {
      check_checks(recipe, dialect);
      ++checked;
    }
  }
  CHECK(checked >= 10);
}

TEST_CASE("every check of every recipe says how many records it looked at") {
  for (const std::string& name : probes::list_recipes(kRecipes)) {
    const Recipe recipe = load(name);
    for (const probes::Check& check : recipe.checks) {
      INFO(name << " " << check.kind << " " << check.object);
      const std::string object = check.object.empty() ? "thing" : check.object;
      std::string text = object + ".field";
      if (check.kind == "fresh") text = object + " 14d";
      if (check.kind == "valid") text += " as " + check.format;
      const auto made = probes::make_check(recipe, check.kind, text);
      REQUIRE(made.has_value());
      CHECK(probes::label_faults(*made).empty());
      const auto samples = probes::samples_of(*made);
      CHECK(std::count_if(samples.begin(), samples.end(),
                          [](const auto* sample) { return sample->metric == "crm_records_checked"; }) == 1);
    }
    for (const auto& measurement : recipe.measurements) {
      INFO(name << "." << measurement.id);
      CHECK(probes::label_faults(measurement).empty());
    }
  }
}

TEST_CASE("a check that no rule would judge is refused with the reason") {
  const std::string head = R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: sql
dialects: [sqlite]
parameters:
  url: {type: url, required: true, help: {en: Database, zh: 数据库}}
measurements:
  - {id: liveness, liveness: true, query: SELECT 1}
)yaml";
  const std::string ask = "checks:\n  complete:\n    query: \"SELECT 1 AS n, 2 AS records FROM ${object}\"\n";
  const std::string count =
      "{metric: crm_records_incomplete, value: n, labels: {object: \"${object}\", field: \"${field}\"}}";
  const auto why = [&](const std::string& samples, const std::string& measurements = "") {
    const Recipe recipe = recipe_from(head + measurements + ask + "    samples: [" + samples + "]\n");
    const auto made = probes::make_check(recipe, "complete", "contact.email");
    return made ? std::string{} : made.error().message;
  };
  const std::string checked =
      "{metric: crm_records_checked, value: records, labels: {object: \"${object}\", field: \"${field}\", check: "
      "complete}}";
  CHECK(why(count + ", " + checked).empty());
  CHECK(why("{metric: shop_bad_records, value: n}").find("gives no crm_records_incomplete") != std::string::npos);
  CHECK(why(count).find("gives no crm_records_checked") != std::string::npos);
  CHECK(why(count +
            ", {metric: crm_records_checked, value: records, labels: {object: \"${object}\", field: \"${field}\"}}")
            .find("`check: complete`") != std::string::npos);
  // A recipe that counts its records elsewhere may be judged by those.
  CHECK(why(count,
            "  - {id: r, query: \"SELECT 1 AS n\", samples: [{metric: crm_records, value: n, labels: {object: "
            "contact}}]}\n")
            .empty());
}

TEST_CASE("customers who came back are those of the currency that counts") {
  int checked = 0;
  for (const std::string& name : probes::list_recipes(kRecipes)) {
    const Recipe recipe = load(name);
    if (recipe.parameter("currency") == nullptr || recipe.dialects.empty()) continue;
    for (const Dialect dialect : recipe.dialects) {
      const StagedCrm stage{recipe, dialect, name};
      stage.seed();
      const Expectations expectations =
          load_expectations(std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/recipes/" + name + "/expected.yaml");
      for (const auto& [currency, some] : {std::pair{"\"\"", true}, {"ZZZ", false}}) {
        INFO(name << " on " << to_string(dialect) << " in " << currency);
        probes::Runtime runtime;
        std::string with = stage.with() + "currency: " + currency + "\n";
        std::istringstream arguments{expectations.arguments};
        for (std::string line; std::getline(arguments, line);)
          if (!line.starts_with("currency:")) with += line + "\n";
        const auto target = bound(runtime, recipe, with);
        for (const Sample& sample : run(*target, "retention").samples)
          if (sample.metric == "crm_customers_retained") CHECK((sample.value > 0) == some);
        ++checked;
      }
    }
  }
  CHECK(checked >= 8);
}
