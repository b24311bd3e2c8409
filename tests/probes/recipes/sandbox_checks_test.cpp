// The checks that the documentation shows run, deals that were archived are counted, and HubSpot is asked by its dated
// paths.

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/node.h"
#include "tests/probes/recipes/expectations.h"
#include "tests/probes/recipes/oracle.h"
#include "tests/probes/recipes/sandbox_case.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// A CRM of an example in docs/ that has checks.
struct Shown {
  std::string page;
  std::string recipe;
  config::Node checks;
};

const config::Node* member(const config::Node& node, std::string_view name) {
  for (const auto& [key, value] : node.members)
    if (key == name) return &value;
  return nullptr;
}

/// The texts of the blocks that open with ```yaml agent.
std::vector<std::string> agent_blocks(const std::string& page) {
  std::ifstream stream{page};
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("```")) {
      inside = !inside && line.starts_with("```yaml agent");
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

std::vector<Shown> shown_checks() {
  std::vector<Shown> shown;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{std::string{CRMPULSE_SOURCE_DIR} + "/docs"}) {
    if (entry.path().extension() != ".md") continue;
    for (const std::string& block : agent_blocks(entry.path().string())) {
      const auto document = config::load_text(block, entry.path().filename().string());
      if (!document) FAIL(to_string(document.error()));
      const config::Node* crms = member(document->root, "crms");
      if (crms == nullptr) continue;
      for (const config::Node& crm : crms->items) {
        const config::Node* checks = member(crm, "checks");
        if (checks != nullptr)
          shown.push_back({entry.path().filename().string(), member(crm, "recipe")->scalar, *checks});
      }
    }
  }
  return shown;
}

bool has_sandbox(const std::string& recipe) {
  const std::string file = std::string{CRMPULSE_SOURCE_DIR} + "/tests/probes/recipes/" + recipe + "/expected.yaml";
  std::ifstream stream{file};
  std::ostringstream text;
  text << stream.rdbuf();
  return ("\n" + text.str()).find("\nsandbox: ") != std::string::npos;
}

/// The case with these checks instead of its own.
SandboxCase with_checks(const std::string& recipe, const config::Node& checks) {
  SandboxCase one = sandbox_case(recipe);
  std::erase_if(one.crm.members, [](const config::Member& each) { return each.first == "checks"; });
  one.crm.members.emplace_back("checks", checks);
  return one;
}

}  // namespace

TEST_CASE("every check that the documentation shows runs against the sandbox and counts what it looked at") {
  std::size_t run_ones = 0;
  for (const Shown& shown : shown_checks()) {
    INFO(shown.page << ", recipe " << shown.recipe);
    if (!has_sandbox(shown.recipe)) continue;  // a database: checks_test.cpp
    SandboxHost host;
    const BoundCase bound = bind(host, with_checks(shown.recipe, shown.checks));
    for (const auto& planned : bound.target().measurements()) {
      if (planned.measurement->operation != "check") continue;
      const auto reading = run(bound.target(), planned.measurement->id, host.now());
      check_runs(reading);
      CHECK(std::any_of(reading.samples.begin(), reading.samples.end(), [](const Sample& sample) {
        return sample.metric == "crm_records_checked" && sample.value > 0;
      }));
      ++run_ones;
    }
  }
  CHECK(run_ones >= 15);
}

TEST_CASE("deals that were archived count among sales and checks as before") {
  SandboxHost host;
  const SandboxCase one = sandbox_case("pipedrive");
  const BoundCase bound = bind(host, one);
  const auto samples = [&](const std::string& id) {
    std::map<std::string, double> out;
    for (const Sample& sample : run(bound.target(), id, host.now()).samples)
      if (!made_by_every_run(sample.metric) && sample.metric.find("api") == std::string::npos)
        out[series_of(sample)] = sample.value;
    return out;
  };
  const std::vector<std::string> ids{"business", "check_orphan_deals_org_id"};
  std::map<std::string, std::map<std::string, double>> before;
  for (const std::string& id : ids) before[id] = samples(id);
  const double all =
      samples("check_fresh_deals").at("crm_records_checked{check=\"fresh\",field=\"modified\",object=\"deals\"}");
  REQUIRE(host.archive_won_deals(40) == 40);
  CHECK(samples("check_fresh_deals").at("crm_records_checked{check=\"fresh\",field=\"modified\",object=\"deals\"}") ==
        all);
  for (const std::string& id : ids) {
    INFO(id);
    CHECK_FALSE(before[id].empty());
    CHECK(samples(id) == before[id]);
  }
}

TEST_CASE("an EspoCRM lead that is recycled, converted or dead is not open") {
  SandboxHost host;
  const BoundCase bound = bind(host, sandbox_case("espocrm-api"));
  const auto quality = [&] {
    std::map<std::string, double> out;
    for (const Sample& sample : run(bound.target(), "quality", host.now()).samples)
      if (sample.labels.get("object") == "open_Lead") out[series_of(sample)] = sample.value;
    return out;
  };
  const std::string open = "crm_records{object=\"open_Lead\"}";
  double before = quality().at(open);
  for (const char* status : {"Recycled", "Converted", "Dead"}) {
    INFO(status);
    const std::size_t changed = host.set_lead_status(status, 5);
    REQUIRE(changed > 0);
    const auto after = quality();
    CHECK(after.size() == 4);
    CHECK(after.at(open) == before - static_cast<double>(changed));
    for (const auto& [series, value] : after) CHECK(value <= after.at(open));
    before = after.at(open);
  }
  REQUIRE(host.set_lead_status("Assigned", 5) > 0);  // somebody's work, and open as before
  CHECK(quality().at(open) == before);
}

TEST_CASE("of Pipedrive's API v1 only users are asked, which have no other") {
  SandboxHost host;
  const BoundCase bound = bind(host, sandbox_case("pipedrive"), {.transactions = true});
  for (const auto& planned : bound.target().measurements())
    (void)run(bound.target(), planned.measurement->id, host.now());
  const auto calls = host.requests("pipedrive").at("calls").as_array();
  CHECK(calls.size() > 20);
  for (const auto& call : calls) {
    const std::string path{call.at("path").as_string()};
    INFO(path);
    const bool users = path == "/v1/users" || path == "/v1/users/me";
    CHECK((users || path == "/oauth/token" || path.starts_with("/api/v2/")));
  }
}

TEST_CASE("HubSpot is asked by dated paths alone") {
  SandboxHost host;
  const BoundCase bound = bind(host, sandbox_case("hubspot"), {.transactions = true});
  for (const auto& planned : bound.target().measurements())
    (void)run(bound.target(), planned.measurement->id, host.now());
  const auto calls = host.requests("hubspot").at("calls").as_array();
  CHECK(calls.size() > 50);
  for (const auto& call : calls) {
    const std::string path{call.at("path").as_string()};
    INFO(path);
    CHECK(path.find("/v1/") == std::string::npos);
    CHECK(path.find("/v3/") == std::string::npos);
    CHECK((path.find("/2026-03") != std::string::npos || path.find("summary.json") != std::string::npos));
  }
}
