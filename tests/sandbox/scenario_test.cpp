#include "sandbox/scenario.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::sandbox;

namespace {

const std::vector<std::string> kCrms{"salesforce", "hubspot"};

}  // namespace

TEST_CASE("a scenario says which fault comes when") {
  const auto scenario = read_scenario(R"(scenario: the quota runs out
steps:
  - {at: 30s, crm: salesforce, fault: slow, operation: query, seconds: 2.5, share: 0.5}
  - {at: 2m, crm: salesforce, fault: missing_field, name: Opportunity.NextStep}
  - {at: 3m, fault: none}
)",
                                      "incident.yaml", kCrms);
  REQUIRE(scenario.has_value());
  CHECK(scenario.value().title == "the quota runs out");
  REQUIRE(scenario.value().steps.size() == 3);
  const auto& first = scenario.value().steps[0];
  CHECK(first.at == std::chrono::seconds{30});
  CHECK(first.rule.crm == "salesforce");
  CHECK(first.rule.operation == "query");
  CHECK(first.rule.seconds == 2.5);
  CHECK(first.rule.share == 0.5);
  CHECK(scenario.value().steps[1].rule.name == "Opportunity.NextStep");
  CHECK(scenario.value().steps[2].rule.fault == "none");
}

TEST_CASE("everything wrong with a scenario is told with its line") {
  const auto scenario = read_scenario(R"(steps:
  - {at: soon, crm: salesforce, fault: slow}
  - {at: 1s, crm: siebel, fault: melted}
  - {crm: salesforce, fault: missing_field}
  - {at: 1s, fault: slow, share: 2, colour: blue}
extra: 1
)",
                                      "incident.yaml", kCrms);
  REQUIRE(scenario.has_error());
  const std::string text = to_string(scenario.error());
  INFO(text);
  for (const char* expected :
       {"incident.yaml:2: steps[0].at", "incident.yaml:3: steps[1].crm", "incident.yaml:3: steps[1].fault",
        "incident.yaml:4: steps[2].at", "incident.yaml:4: steps[2].name", "incident.yaml:5: steps[3].share",
        "incident.yaml:5: steps[3].colour", "incident.yaml:6: extra"})
    CHECK_THAT(text, Catch::Contains(expected));
  CHECK(read_scenario("scenario: nothing\n", "a.yaml", kCrms).has_error());
  CHECK(load_scenario("/nowhere/incident.yaml", kCrms).has_error());
}
