// The files users get.

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "config/rules_file.h"

using namespace crmpulse;
using namespace crmpulse::config;

namespace {

const std::string kRules = std::string{CRMPULSE_SOURCE_DIR} + "/config/rules/";

Ruleset load(const std::vector<std::string>& files) {
  std::vector<std::string> paths;
  for (const std::string& file : files) paths.push_back(kRules + file);
  auto ruleset = load_rules(paths);
  INFO((ruleset ? std::string{} : to_string(ruleset.error())));
  REQUIRE(ruleset.has_value());
  return *ruleset;
}

double distance(const Threshold& threshold) {
  return std::abs(threshold.enter - threshold.exit);
}

}  // namespace

TEST_CASE("the default rules load and their weights add up to 100") {
  const Ruleset ruleset = load({"default.yaml"});
  double sum = 0;
  for (const Rule& rule : ruleset.rules) sum += rule.weight;
  CHECK(sum == Approx(100));
  CHECK(ruleset.settings == NotificationPolicy{});
}

TEST_CASE("the default rules judge every dimension but the customer's own") {
  std::set<std::string> judged;
  for (const Rule& rule : load({"default.yaml"}).rules) judged.insert(rule.dimension);
  CHECK(judged == std::set<std::string>{"availability", "data_quality", "features", "latency", "process", "quota",
                                        "safety", "satisfaction", "staleness", "throughput", "transactions", "usage"});
}

TEST_CASE("only availability and latency turn silence into sub-healthy by default") {
  for (const Rule& rule : load({"default.yaml"}).rules) {
    INFO(rule.id);
    if (rule.no_data == NoDataState::sub_healthy) CHECK((rule.id == "availability_outage" || rule.id == "latency"));
    // Silence counts after 4 intervals: a rule that needs more samples would call its own start silence.
    if (rule.no_data == NoDataState::sub_healthy) CHECK(rule.min_samples <= 4);
  }
}

TEST_CASE("every default rule has a unit and a remedy in both languages") {
  const auto remedies = load_remedies({kRules + "remedies.yaml"});
  INFO((remedies ? std::string{} : to_string(remedies.error())));
  REQUIRE(remedies.has_value());
  for (const Rule& rule : load({"default.yaml"}).rules) {
    INFO(rule.id);
    CHECK_FALSE(rule.unit.empty());
    const auto remedy = remedies->find(rule.remedy);
    REQUIRE(remedy != remedies->end());
    CHECK_FALSE(remedy->second.en.empty());
    CHECK_FALSE(remedy->second.zh.empty());
    for (const std::string kind : {"salesforce", "tryton"}) {
      if (rule.remedy != "quota_low" || kind != "tryton") CHECK(remedies->count(rule.remedy + "/" + kind) == 1);
    }
  }
}

TEST_CASE("every remedy belongs to a default rule and its Chinese is Chinese") {
  std::set<std::string> used;
  for (const Rule& rule : load({"default.yaml"}).rules) used.insert(rule.remedy);
  const Remedies remedies = load_remedies({kRules + "remedies.yaml"}).value();
  for (const auto& [key, remedy] : remedies) {
    INFO(key);
    CHECK(used.count(key.substr(0, key.find('/'))) == 1);
    CHECK(remedy.zh.find("。") != std::string::npos);
    CHECK(remedy.en.ends_with('.'));
    CHECK(
        std::none_of(remedy.en.begin(), remedy.en.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7F; }));
  }
}

TEST_CASE("a band lies between entering and leaving wherever the value can hover") {
  for (const Rule& rule : load({"default.yaml"}).rules) {
    if (rule.aggregator == Aggregator::age && rule.dimension == "safety")
      continue;  // falls at once when it is put right
    INFO(rule.id);
    CHECK(distance(rule.sub) > 0);
    CHECK(distance(rule.poor) > 0);
  }
}

TEST_CASE("the demo's rules change numbers of the default rules and nothing else") {
  const Ruleset plain = load({"default.yaml"});
  const Ruleset demo = load({"default.yaml", "demo.yaml"});
  REQUIRE(demo.rules.size() == plain.rules.size());
  for (std::size_t i = 0; i < plain.rules.size(); ++i) {
    INFO(plain.rules[i].id);
    CHECK(demo.rules[i].id == plain.rules[i].id);
    CHECK(demo.rules[i].aggregator == plain.rules[i].aggregator);
    if (demo.rules[i].id != "staleness") CHECK(demo.rules[i].role == plain.rules[i].role);
    CHECK(demo.rules[i].weight == plain.rules[i].weight);
    CHECK(demo.rules[i].remedy == plain.rules[i].remedy);
  }
  CHECK(demo.settings.settle == std::chrono::seconds{3});
}
