#include "collector/configuration/doubtful_names.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>

#include "collector/configuration/configuration.h"
#include "collector/configuration/shipped.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const std::string kShipped = shipped_folder() + "/rules";

/// Warnings of the shipped rules and remedies with these behind them.
std::string warnings(const std::string& rules, const std::string& remedies = "remedies: {}\n") {
  const test::TempDir folder;
  folder.write("rules.yaml", rules);
  folder.write("remedies.yaml", remedies);
  const std::string config = folder.write(
      "collector.yaml", fmt::format("auth: off\nstate_dir: {0}\nrules: [{1}/default.yaml, {0}/rules.yaml]\n"
                                    "remedies: [{1}/remedies.yaml, {0}/remedies.yaml]\n",
                                    folder.path(), kShipped));
  const auto configuration = load_configuration(config);
  if (configuration.has_error()) return to_string(configuration.error());
  std::string all = fmt::format("{}", fmt::join((*configuration)->warnings, "\n"));
  for (std::size_t at = 0; (at = all.find(folder.path() + "/", at)) != std::string::npos;)
    all.erase(at, folder.path().size() + 1);
  return all;
}

}  // namespace

TEST_CASE("the shipped rules and remedies are not doubted, and what their rules name is known") {
  CHECK(warnings("rules: []\n").empty());
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: crm_page_seconds}\n").empty());
}

TEST_CASE("a name that goes on in one way alone is meant so") {
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: crm_operation_duration}\n")
            .find("did you mean 'crm_operation_duration_seconds'?") != std::string::npos);
}

TEST_CASE("a metric that no agent sends is named with its line and the one that was probably meant") {
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: crm_operation_duration_second}\n") ==
        "rules.yaml:3: rules[0].measure.metric: no agent sends 'crm_operation_duration_second'; did you mean "
        "'crm_operation_duration_seconds'?");
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: operation_duration_seconds}\n")
            .find("did you mean 'crm_operation_duration_seconds'?") != std::string::npos);
  CHECK(
      warnings("rules:\n  - id: data_quality_incomplete\n"
               "    measure: {metric: crm_records_incomplete, per: {metric: crm_record, on: [object], least: 1}}\n") ==
      "rules.yaml:3: rules[0].measure.per.metric: no agent sends 'crm_record'; did you mean 'crm_records'?");
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: crm_something_of_nobody}\n") ==
        "rules.yaml:3: rules[0].measure.metric: no agent sends 'crm_something_of_nobody'");
  // Other senders have metrics of their own.
  CHECK(warnings("rules:\n  - id: latency\n    measure: {metric: probe_duration_seconds}\n").empty());
}

TEST_CASE("a remedy that is not there, and one that no rule has, are named with the one that was probably meant") {
  CHECK(warnings("rules:\n  - {id: latency, remedy: slow_respons}\n") ==
        "rules.yaml:2: rules[0].remedy: there is no remedy 'slow_respons'; did you mean 'slow_response'?");
  CHECK(warnings("rules: []\n", "remedies:\n  slow_respone: {en: x, zh: y}\n") ==
        "remedies.yaml:2: remedies.slow_respone: no rule has this remedy; did you mean 'slow_response'?");
  // A library of one's own, for rules to come.
  CHECK(warnings("rules: []\n", "remedies:\n  call_the_vendor_first: {en: x, zh: y}\n").empty());
}

TEST_CASE("a dimension that resembles a shipped one is named, another of one's own is not") {
  CHECK(warnings("rules:\n  - {id: latency, dimension: latncy}\n") ==
        "rules.yaml:2: rules[0].dimension: 'latncy' is a dimension of your own; did you mean 'latency'?");
  CHECK(warnings("rules:\n  - {id: latency, dimension: customer_care}\n").empty());
}
