// Every recipe for an HTTP API gives exactly the numbers of the sandbox's own data.

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <optional>
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
void check_value(const std::string& name, double got, const std::string& expression, const sandbox::Company& company,
                 TimePoint now) {
  const double wanted = work_out(expression, company, now);
  INFO(name << " should be " << expression);
  CHECK(got == Approx(wanted).epsilon(0).margin(margin_of(name, wanted)));
}

void check_samples(const probes::Reading& reading, const SandboxCase& one, const sandbox::Company& company) {
  if (one.truncated.contains(reading.measurement)) {
    check_succeeded(reading);
    CHECK(reading.rows_truncated > 0);
    check_bounded(reading);
  } else {
    check_runs(reading);
  }
  for (const probes::Warning& warning : reading.warnings) {
    INFO(one.recipe << "." << reading.measurement << ": " << warning.text);
    CHECK(warning.kind == probes::Warning::Kind::cut);  // every pointer leads to something in some row
    CHECK(one.truncated.contains(reading.measurement));
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
    if (expected.contains(name)) check_value(name, sample.value, expected.at(name), company, reading.at);
  }
  for (const auto& [name, expression] : expected) {
    INFO(one.recipe << "." << reading.measurement << " should give " << name);
    CHECK(got.contains(name));
  }
}

/// What headers told of the allowance, whichever answer it was.
void check_quota(const std::vector<probes::Reading>& readings, const SandboxCase& one, SandboxHost& host) {
  for (const auto& [name, expression] : one.quota) {
    const Sample* newest = nullptr;
    for (const auto& reading : readings)
      for (const Sample& sample : reading.samples)
        if (series_of(sample) == name) newest = &sample;
    INFO(one.recipe << " should tell " << name);
    REQUIRE(newest != nullptr);
    const double counted = host.requests(one.vendor).at("counted").to_number<double>();
    if (expression == "calls")
      CHECK(newest->value == counted);
    else if (expression.ends_with(" - calls"))
      CHECK(newest->value == std::stod(expression) - counted);
    else if (expression == "told")
      CHECK(newest->value > 0);
    else
      check_value(name, newest->value, expression, host.company(), host.now());
  }
}

void check_every_measurement(const SandboxCase& one) {
  SandboxHost host;
  const BoundCase bound = bind(host, one, {.transactions = true});
  std::vector<probes::Reading> readings;
  for (const auto& planned : bound.target().measurements()) {
    readings.push_back(run(bound.target(), planned.measurement->id, host.now()));
    check_samples(readings.back(), one, host.company());
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
    for (const SandboxCase& other : one.elsewhere) {
      SandboxHost another;
      const BoundCase bound = bind(another, other);
      const std::string& name = bound.settings.crms.front().auth.flow;
      INFO(one.recipe << ", flow " << name << " at " << other.vendor);
      tried.insert(name);
      check_succeeded(run(bound.target(), other.faults_on));
    }
    CHECK(tried.size() == offered);
  });
}

TEST_CASE("every kind of check a recipe has is among its tests") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one);
    for (const probes::Check& check : bound.settings.crms.front().recipe->checks) {
      INFO(check.kind);
      CHECK(std::any_of(one.measurements.begin(), one.measurements.end(),
                        [&](const auto& entry) { return entry.first.starts_with("check_" + check.kind); }));
    }
  });
}

TEST_CASE("data that is stale or dirty shows in the numbers of every recipe, and only there") {
  struct DataFault {
    const char* members;
    std::function<void(sandbox::Company&, TimePoint)> on_the_company;
  };
  const std::vector<DataFault> faults{
      {R"("fault":"stale","seconds":7200)",
       [](sandbox::Company& company, TimePoint now) { company.age(now - std::chrono::hours{2}); }},
      {R"("fault":"dirty")", [](sandbox::Company& company, TimePoint) { company.set_dirty(true); }}};
  for_each_case(sandbox_cases(), [&](const SandboxCase& one) {
    for (const DataFault& fault : faults) {
      INFO(fault.members);
      SandboxHost host;
      sandbox::Company company{host.now()};
      fault.on_the_company(company, host.now());
      host.fault(one.vendor, fault.members);
      const BoundCase bound = bind(host, one);
      for (const auto& planned : bound.target().measurements())
        check_samples(run(bound.target(), planned.measurement->id, host.now()), one, company);
    }
  });
}

TEST_CASE("an incident on the vendor's status page is told") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one);
    host.fault(one.vendor, R"("fault":"vendor_incident")");
    for (const auto& [id, samples] : one.measurements) {
      const bool is_status = std::any_of(samples.begin(), samples.end(), [](const auto& entry) {
        return entry.first.starts_with("crm_vendor_status");
      });
      if (!is_status) continue;
      double worst = 0;
      for (const Sample& sample : run(bound.target(), id, host.now()).samples)
        if (sample.metric == "crm_vendor_status") worst = std::max(worst, sample.value);
      INFO(id);
      CHECK(worst >= 2);
    }
  });
}

TEST_CASE("a CRM's clock that is wrong is told by how much") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one);
    host.fault(one.vendor, R"("fault":"clock_skew","seconds":-600)");
    std::optional<double> skew;
    for (const Sample& sample : run(bound.target(), liveness_of(bound.target())).samples)
      if (sample.metric == "crm_agent_clock_skew_seconds") skew = sample.value;
    REQUIRE(skew.has_value());
    CHECK(std::abs(std::abs(*skew) - 600) < 120);
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
      CHECK(host.count(one.vendor, "create") >= 1);
      CHECK(host.count(one.vendor, "delete") >= 1);
    }
    // Its records are gone again: everything still has the numbers of the company that nobody wrote to.
    for (const auto& planned : bound.target().measurements())
      if (planned.measurement->transaction.empty() && one.measurements.contains(planned.measurement->id))
        check_samples(run(bound.target(), planned.measurement->id, host.now()), one, host.company());
  });
}
