// `ends` of a recipe: when `check` speaks of a vendor's API that will be gone.
#include "probes/recipe_file/endings.h"

#include "probes/recipe_file/load.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace crmpulse::probes;

namespace {

const std::string kRecipes = std::string{CRMPULSE_SOURCE_DIR} + "/config/recipes";

Recipe shipped(const std::string& name) {
  auto recipe = load_recipe(name, kRecipes);
  if (!recipe) FAIL(to_string(recipe.error()));
  return std::move(*recipe);
}

std::vector<std::string> told(const std::string& recipe_name, const std::string& with, const char* now) {
  const Recipe recipe = shipped(recipe_name);
  return told_endings(recipe, arguments_from(recipe, with), parse_time(now).value());
}

std::string with_ends(const std::string& ends) {
  return R"yaml(
recipe: shop
title: {en: Shop, zh: 商店}
transport: http
parameters:
  url: {type: url, required: true, help: {en: Address, zh: 地址}}
  version: {type: string, default: "7", help: {en: Version, zh: 版本}}
measurements:
  - {id: liveness, liveness: true, request: {url: /x}}
ends:
)yaml" + ends;
}

}  // namespace

TEST_CASE("an API that ends is told of 120 days before and from then on") {
  CHECK(told("hubspot", "oauth_version: v1", "2026-10-18T23:59:59Z").empty());
  const auto soon = told("hubspot", "oauth_version: v1", "2026-10-19T00:00:00Z");
  REQUIRE(soon.size() == 1);
  CHECK(soon[0].starts_with(
      "HubSpot's OAuth API v1 (with.oauth_version) ends on 2027-02-16, 120 days from now: leave oauth_version out"));
  CHECK(soon[0].find("[https://developers.hubspot.com/") != std::string::npos);
  CHECK(told("hubspot", "oauth_version: v1", "2027-02-15T12:00:00Z")[0].find("1 day from now") != std::string::npos);
  CHECK(told("hubspot", "oauth_version: v1", "2027-02-16T12:00:00Z")[0].find("ends today") != std::string::npos);
  CHECK(told("hubspot", "oauth_version: v1", "2027-03-16T00:00:00Z")[0].find("has ended") != std::string::npos);
}

TEST_CASE("only those whom an end concerns are told of it") {
  CHECK(told("hubspot", "{}", "2026-12-01T00:00:00Z").empty());
  CHECK(told("hubspot", "api_version: v3", "2027-06-01T00:00:00Z").size() == 1);
  CHECK(told("hubspot", "{}", "2027-09-01T00:00:00Z").size() == 2);  // 2026-03 itself, of the API and of OAuth
  CHECK(told("salesforce", "{}", "2028-05-01T00:00:00Z").empty());
  CHECK(told("salesforce", "version: \"40.0\"", "2028-05-01T00:00:00Z").size() == 1);
  CHECK(told("salesforce", "version: \"41.0\"", "2028-05-01T00:00:00Z").empty());
  CHECK(told("odoo-rpc", "{url: \"https://crm.example.com\", database: crm}", "2027-12-01T00:00:00Z").size() == 1);
  CHECK(told("odoo-json2", "{url: \"https://crm.example.com\", database: crm}", "2030-12-01T00:00:00Z").empty());
  CHECK(told("zoho", "{}", "2030-01-01T00:00:00Z").empty());  // not announced
  CHECK(told("pipedrive", "{}", "2030-01-01T00:00:00Z").empty());
}

TEST_CASE("the nearest end is told first") {
  const auto lines = told("hubspot", "{oauth_version: v1, api_version: v3}", "2027-08-01T00:00:00Z");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("OAuth") != std::string::npos);
}

TEST_CASE("an end without date, source or successor is a mistake of the recipe") {
  const auto all = [](const std::string& ends) { return to_string(problems_of(with_ends(ends))); };
  const std::string rest = ", instead: {en: x, zh: x}, source: \"https://example.com\"}\n";
  CHECK(all("  - {api: A, on: 2027-02-16" + rest).empty());
  CHECK(all("  - {api: A, on: 2027-02" + rest).empty());
  CHECK(all("  - {api: A, on: not announced, source: \"https://example.com\"}\n").empty());
  for (const char* date : {"2027-02-30", "2027-13", "soon", "2027", "02/16/2027"}) {
    INFO(date);
    CHECK(all("  - {api: A, on: \"" + std::string{date} + "\"" + rest).find("must be a date") != std::string::npos);
  }
  CHECK(all("  - {api: A, on: 2027-02, source: \"https://example.com\"}\n").find("instead") != std::string::npos);
  CHECK(all("  - {api: A, on: 2027-02, instead: {en: x, zh: x}}\n").find("source") != std::string::npos);
  CHECK(all("  - {api: A, on: 2027-02, when: {versoin: 7}" + rest).find("is not a parameter") != std::string::npos);
  CHECK(all("  - {api: A, on: 2027-02, when: {version: {}}" + rest).find("needs above or below") != std::string::npos);
}

TEST_CASE("every shipped recipe of a vendor's API says when it ends or that nobody knows") {
  for (const std::string name : {"salesforce", "hubspot", "zoho", "dynamics", "pipedrive", "odoo-rpc", "odoo-json2"}) {
    INFO(name);
    CHECK_FALSE(shipped(name).endings.empty());
  }
}
