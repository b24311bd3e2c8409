// Every recipe for an HTTP API gives exactly the numbers of the sandbox's own data.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "tests/probes/recipes/expectations.h"
#include "tests/probes/recipes/oracle.h"
#include "tests/probes/recipes/sandbox_case.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// APIs tell times in whole seconds.
double margin_of(const std::string& series, double value) {
  if (series.find("_seconds") != std::string::npos) return 1.0;
  return 1e-6 * std::max(1.0, std::abs(value));
}

/// Both clocks stand still: the sandbox's, and the agent's is the time a run is scheduled for.
void check_value(const std::string& name, double got, const std::string& expression, const SandboxHost& host) {
  const double wanted = work_out(expression, host.company(), host.now());
  INFO(name << " should be " << expression);
  CHECK(got == Approx(wanted).epsilon(0).margin(margin_of(name, wanted)));
}

void check_samples(const probes::Reading& reading, const SandboxCase& one, const SandboxHost& host) {
  if (one.truncated.contains(reading.measurement)) {
    check_succeeded(reading);
    CHECK(reading.rows_truncated > 0);
    check_bounded(reading);
  } else {
    check_runs(reading);
  }
  static const std::map<std::string, std::string> kNothing;
  const auto found = one.measurements.find(reading.measurement);
  const auto& expected = found == one.measurements.end() ? kNothing : found->second;
  std::set<std::string> got;
  for (const Sample& sample : reading.samples) {
    const std::string name = series_of(sample);
    if (made_by_every_run(sample.metric) || one.quota.contains(name)) continue;
    INFO(one.recipe << "." << reading.measurement << " gave " << name << " " << sample.value);
    CHECK(got.insert(name).second);
    CHECK(expected.contains(name));
    if (expected.contains(name)) check_value(name, sample.value, expected.at(name), host);
  }
  for (const auto& [name, expression] : expected) {
    INFO(one.recipe << "." << reading.measurement << " should give " << name);
    CHECK(got.contains(name));
  }
}

/// What headers told of the allowance, whichever answer it was.
void check_quota(const std::vector<probes::Reading>& readings, const SandboxCase& one, const SandboxHost& host) {
  for (const auto& [name, expression] : one.quota) {
    const Sample* newest = nullptr;
    for (const auto& reading : readings)
      for (const Sample& sample : reading.samples)
        if (series_of(sample) == name) newest = &sample;
    INFO(one.recipe << " should tell " << name);
    REQUIRE(newest != nullptr);
    if (expression == "used")
      CHECK(newest->value > 0);
    else
      check_value(name, newest->value, expression, host);
  }
}

void check_every_measurement(const SandboxCase& one) {
  SandboxHost host;
  const BoundCase bound = bind(host, one, {.transactions = true});
  std::vector<probes::Reading> readings;
  for (const auto& planned : bound.target().measurements()) {
    readings.push_back(run(bound.target(), planned.measurement->id, host.now()));
    check_samples(readings.back(), one, host);
  }
  check_quota(readings, one, host);
  for (const auto& entry : one.measurements) {
    INFO(one.recipe << "/expected.yaml names the measurement " << entry.first);
    CHECK(std::any_of(readings.begin(), readings.end(), [&](const auto& r) { return r.measurement == entry.first; }));
  }
  // What a recipe can do must be switched on by its test.
  for (const auto& measurement : bound.settings.crms.front().recipe->measurements) {
    INFO(one.recipe << "." << measurement.id << " was not run");
    CHECK(
        std::any_of(readings.begin(), readings.end(), [&](const auto& r) { return r.measurement == measurement.id; }));
  }
}

}  // namespace

TEST_CASE("every recipe of an HTTP API gives exactly the numbers of the sandbox's data") {
  const auto cases = sandbox_cases();
  CHECK(cases.size() >= 1);
  for_each_case(cases, [](const SandboxCase& one) { check_every_measurement(one); });
}

TEST_CASE("every flow a recipe offers logs in") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    std::set<std::string> tried;
    std::size_t offered = 0;
    for (std::size_t flow = 0; flow < one.flows.size(); ++flow) {
      INFO(one.recipe << ", flow " << flow);
      const BoundCase bound = bind(host, one, {.flow = flow});
      tried.insert(bound.settings.crms.front().auth.flow);
      offered = bound.settings.crms.front().recipe->auth.flows.size();
      check_succeeded(run(bound.target(), one.faults_on));
    }
    CHECK(tried.size() == offered);
  });
}

TEST_CASE("a write test leaves nothing in the sandbox") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one, {.transactions = true});
    for (const auto& planned : bound.target().measurements()) {
      if (planned.measurement->transaction.empty()) continue;
      INFO(one.recipe << "." << planned.measurement->id);
      check_succeeded(run(bound.target(), planned.measurement->id, host.now()));
      CHECK(host.count(one.dialect, "create") >= 1);
      CHECK(host.count(one.dialect, "delete") >= 1);
    }
    // Its records are gone again: everything still has the numbers of the company that nobody wrote to.
    for (const auto& planned : bound.target().measurements())
      if (planned.measurement->transaction.empty() && one.measurements.contains(planned.measurement->id))
        check_samples(run(bound.target(), planned.measurement->id, host.now()), one, host);
  });
}
