// Token discipline, as the sandbox's log of requests shows it.

#include <catch2/catch.hpp>

#include "tests/probes/recipes/sandbox_case.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// Recipes with a login that gives a token which can end.
std::vector<SandboxCase> with_tokens() {
  std::vector<SandboxCase> cases = sandbox_cases();
  std::erase_if(cases, [](const SandboxCase& one) { return one.lacks.contains("token_revoked"); });
  return cases;
}

std::size_t index_of(const probes::Target& target, const std::string& id) {
  const auto& planned = target.measurements();
  for (std::size_t i = 0; i < planned.size(); ++i)
    if (planned[i].measurement->id == id) return i;
  FAIL("no measurement " << id);
  return 0;
}

/// Runs `each` times on every target, all at once; every run must succeed.
void run_at_once(const BoundCase& bound, const std::string& id, std::size_t each) {
  const auto inbox = std::make_shared<Inbox>();
  for (const auto& target : bound.targets)
    for (std::size_t i = 0; i < each; ++i)
      target->start(index_of(*target, id), kAt, [inbox](probes::Reading reading) { inbox->put(std::move(reading)); });
  for (const auto& reading : inbox->take(bound.targets.size() * each, std::chrono::seconds{120}))
    if (reading.failure) FAIL_CHECK(failure_text(reading) << ": " << reading.failure->message);
}

}  // namespace

TEST_CASE("a thousand calls cost one token") {
  for_each_case(with_tokens(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one, {.timeout = "60s", .targets = 10});
    for (int round = 0; round < 10; ++round) run_at_once(bound, liveness_of(bound.target()), 10);
    CHECK(host.count(one.vendor, "token") == 1);
    CHECK(host.requests(one.vendor).at("total").to_number<int>() >= 1001);
  });
}

TEST_CASE("a token revoked under a hundred concurrent runs is renewed once") {
  for_each_case(with_tokens(), [](const SandboxCase& one) {
    SandboxHost host;
    const BoundCase bound = bind(host, one, {.timeout = "60s", .targets = 20});
    run_at_once(bound, one.faults_on, 1);
    host.forget_requests();
    host.fault(one.vendor, R"("fault":"token_revoked")");
    run_at_once(bound, one.faults_on, 5);
    CHECK(host.count(one.vendor, "token") == 1);
  });
}

TEST_CASE("after a restart the kept token is used") {
  for_each_case(with_tokens(), [](const SandboxCase& one) {
    SandboxHost host;
    const std::string state_dir = host.new_state_dir();
    {
      const BoundCase bound = bind(host, one, {.state_dir = state_dir});
      check_succeeded(run(bound.target(), one.faults_on));
    }
    host.forget_requests();
    const BoundCase bound = bind(host, one, {.state_dir = state_dir});
    check_succeeded(run(bound.target(), one.faults_on));
    CHECK(host.count(one.vendor, "token") == 0);
    CHECK(host.requests(one.vendor).at("total").to_number<int>() >= 1);
  });
}
