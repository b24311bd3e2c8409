// Every fault of the sandbox, met by every recipe for an HTTP API: its stage, its reason, one line of evidence without
// a secret, and whose fault the collector takes it for. The other measurements go on.

#include <algorithm>
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "collector/message/fault.h"
#include "tests/probes/recipes/sandbox_case.h"
#include "tests/probes/target_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

struct FaultCase {
  const char* name;     ///< of the fault; `lacks` of expected.yaml speaks of it
  const char* members;  ///< more of POST /_sandbox/faults, beginning with a comma
  std::vector<std::string> means;
  std::vector<std::string> verdicts;
  int wait = 0;  ///< seconds the CRM must be left alone at least
};

const std::vector<FaultCase>& fault_cases() {
  static const std::vector<FaultCase> kCases{
      {"slow", R"(,"seconds":5)", {"response/timeout"}, {"vendor"}},
      {"hang", "", {"response/timeout"}, {"vendor"}},
      {"error", "", {"response/server_error"}, {"vendor", "database"}},
      {"outage", "", {"response/server_error", "response/maintenance"}, {"vendor"}},
      {"outage", R"(,"name":"connection")", {"response/unreachable"}, {"network"}},
      {"cut", "", {"response/bad_content", "content/bad_content"}, {"vendor"}},
      {"html", "", {"content/bad_content"}, {"vendor"}},
      {"html", R"(,"status":502)", {"response/server_error"}, {"vendor"}},
      {"truncated", "", {"content/bad_content"}, {"vendor"}},
      {"huge", "", {"response/bad_content", "content/bad_content"}, {"vendor"}},
      {"redirect", "", {"response/bad_content", "content/bad_content"}, {"vendor"}},
      {"permission", "", {"auth/permission"}, {"credentials"}},
      {"quota_gone", "", {"response/quota"}, {"quota"}, 60},
      {"rate_limited", R"(,"seconds":7)", {"response/rate_limited"}, {"quota"}, 1},
      {"maintenance", "", {"response/maintenance"}, {"vendor"}},
  };
  return kCases;
}

/// The operation the sandbox sees when this measurement runs.
std::string operation_of(SandboxHost& host, const SandboxCase& one, probes::Target& target, const std::string& id) {
  check_succeeded(run(target, id));  // with the login, which is not asked for again
  host.forget_requests();
  check_succeeded(run(target, id));
  const auto log = host.requests(one.vendor);
  const auto& calls = log.at("calls").as_array();
  REQUIRE_FALSE(calls.empty());
  return std::string{calls.back().at("operation").as_string()};
}

void check_tells_no_secret(const probes::Reading& reading, const SandboxHost& host) {
  std::string told = reading.failure ? reading.failure->message : std::string{};
  for (const auto& line : reading.evidence) told += "\n" + line.text;
  for (const Sample& sample : reading.samples) told += "\n" + to_string(sample.labels);
  for (const std::string& secret : host.secrets()) CHECK(told.find(secret) == std::string::npos);
  for (const auto& line : reading.evidence) {
    CHECK(line.text.find('\n') == std::string::npos);
    CHECK(line.text.size() <= kMaxEvidenceText);
  }
}

/// As the collector would judge it with nothing else known.
std::string verdict_of(const probes::Reading& reading) {
  collector::CrmFacts facts;
  facts.transport = "http";
  facts.failures[{reading.operation, "a1"}] = {
      std::string{to_string(reading.failure->stage)}, std::string{to_string(reading.failure->reason)},
      reading.evidence.empty() ? std::string{} : reading.evidence.front().text, "a1", reading.at};
  rules::CrmStatus status;
  status.data_status = DataStatus::fresh;
  return std::string{collector::judge_fault(status, &facts, reading.at, nullptr).verdict};
}

void check_fault(SandboxHost& host, const SandboxCase& one, probes::Target& target, const FaultCase& fault,
                 const std::string& operation) {
  INFO(one.recipe << ": " << fault.name << fault.members);
  host.fault(one.vendor, R"("operation":")" + operation + R"(","fault":")" + fault.name + "\"" + fault.members);
  const auto reading = run(target, one.faults_on);
  INFO("evidence: " << (reading.evidence.empty() ? std::string{} : reading.evidence.front().text));
  const bool as_expected =
      std::find(fault.means.begin(), fault.means.end(), failure_text(reading)) != fault.means.end();
  CHECK(as_expected);
  check_failed(reading, failure_text(reading));
  check_tells_no_secret(reading, host);
  if (reading.failure) {
    const std::string verdict = verdict_of(reading);
    INFO("verdict: " << verdict);
    CHECK(std::find(fault.verdicts.begin(), fault.verdicts.end(), verdict) != fault.verdicts.end());
  }
  if (fault.wait > 0) CHECK(reading.wait.value_or(Duration{}) >= std::chrono::seconds{fault.wait});
  const bool from_the_crm = std::string_view{fault.name} == "permission" || std::string_view{fault.name} == "error";
  if (one.tells_request_id && from_the_crm && !reading.evidence.empty())
    CHECK(reading.evidence.front().text.find("(request ") != std::string::npos);
  const std::string liveness = liveness_of(target);
  if (liveness != one.faults_on) check_succeeded(run(target, liveness));
  host.clear_faults();
  check_succeeded(run(target, one.faults_on));
}

void check_blinded(const SandboxCase& one, const MissingField& field) {
  INFO(one.recipe << ": " << field.name);
  SandboxHost host;
  const BoundCase bound = bind(host, one, {.transactions = true});
  check_succeeded(run(bound.target(), field.on));
  host.fault(one.vendor, R"("fault":"missing_field","name":")" + field.name + "\"");
  const auto reading = run(bound.target(), field.on);
  check_failed(reading, field.means);
  check_succeeded(run(bound.target(), liveness_of(bound.target())));
  if (field.means != "content/missing") return;
  REQUIRE_FALSE(reading.evidence.empty());
  const std::string& text = reading.evidence.front().text;
  INFO(text);
  CHECK(text.find("is blind: " + field.name.substr(field.name.rfind('.') + 1) + " is gone") != std::string::npos);
  CHECK(verdict_of(reading) == "data");
}

/// The ids of the CRM's write tests.
std::vector<std::string> write_tests_of(const probes::Target& target) {
  std::vector<std::string> out;
  for (const auto& planned : target.measurements())
    if (!planned.measurement->transaction.empty()) out.push_back(planned.measurement->id);
  return out;
}

}  // namespace

TEST_CASE("every fault of the sandbox has its stage, its reason and its verdict") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    // Faults are waited for in vain so long, and a healthy answer of a loaded machine comes within it.
    const BoundCase bound = bind(host, one, {.timeout = "2s"});
    const std::string operation = operation_of(host, one, bound.target(), one.faults_on);
    const std::string live = operation_of(host, one, bound.target(), liveness_of(bound.target()));
    INFO(one.recipe << " is alive by " << live << ", queries by " << operation);
    CHECK(live != operation);
    for (const FaultCase& fault : fault_cases())
      if (!one.lacks.contains(fault.name)) check_fault(host, one, bound.target(), fault, operation);
  });
}

TEST_CASE("a token that was revoked is renewed without a word") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    if (one.lacks.contains("token_revoked")) return;
    SandboxHost host;
    const BoundCase bound = bind(host, one);
    check_succeeded(run(bound.target(), one.faults_on));
    CHECK(host.count(one.vendor, "token") == 1);
    host.fault(one.vendor, R"("fault":"token_revoked")");
    check_succeeded(run(bound.target(), one.faults_on));
    check_succeeded(run(bound.target(), one.faults_on));
    CHECK(host.count(one.vendor, "token") == 2);
  });
}

TEST_CASE("a field that an administrator removed blinds its measurement alone, and the evidence names it") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    CHECK_FALSE(one.missing.empty());
    for (const MissingField& field : one.missing) check_blinded(one, field);
  });
}

TEST_CASE("a write test waits until searches find what it wrote") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    if (one.lacks.contains("search_lag")) return;
    SandboxHost host;
    const BoundCase bound = bind(host, one, {.timeout = "60s", .transactions = true});
    for (const std::string& id : write_tests_of(bound.target())) {
      INFO(one.recipe << "." << id);
      check_succeeded(run(bound.target(), id));
      host.forget_requests();
      check_succeeded(run(bound.target(), id));
      const std::uint64_t without_lag = host.requests(one.vendor).at("total").to_number<std::uint64_t>();
      host.forget_requests();
      host.fault(one.vendor, R"("fault":"search_lag","seconds":20)");
      host.move_clock_with_each_call(std::chrono::seconds{5});
      const auto reading = run(bound.target(), id);
      check_succeeded(reading);
      CHECK(std::any_of(reading.samples.begin(), reading.samples.end(), [](const Sample& sample) {
        return sample.metric == "crm_write_visible_seconds" && sample.value > 0;
      }));
      // Asked for again while the lag lasted; the calls before and after it are the same.
      CHECK(host.requests(one.vendor).at("total").to_number<std::uint64_t>() > without_lag);
      host.move_clock_with_each_call({});
      host.clear_faults();
    }
  });
}

TEST_CASE("what searches do not find in time has failed, and is removed all the same") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    if (one.lacks.contains("search_lag")) return;
    SandboxHost host;
    const BoundCase bound = bind(host, one, {.timeout = "4s", .transactions = true});
    for (const std::string& id : write_tests_of(bound.target())) {
      host.fault(one.vendor, R"("fault":"search_lag","seconds":3600)");
      const auto reading = run(bound.target(), id);
      CHECK(failure_text(reading) == "response/timeout");
      REQUIRE(reading.failure.has_value());
      CHECK(reading.failure->message.find("not visible to searches") != std::string::npos);
      CHECK(verdict_of(reading) == "vendor");
      CHECK(host.count(one.vendor, "create") == host.count(one.vendor, "delete"));
      host.clear_faults();
    }
  });
}

TEST_CASE("wrong credentials are told as such, and not tried again at once") {
  for_each_case(sandbox_cases(), [](const SandboxCase& one) {
    SandboxHost host;
    SandboxCase wrong = one;
    // Another secret that the sandbox knows, but not as this one.
    for (config::Member& member : wrong.flows.front().members) {
      if (member.first.ends_with("_file") && member.first != "private_key_file")
        member.second.scalar = "${wrong_secret_file}";
      if (member.first == "client_id" && one.flows.front().members.front().second.scalar == "jwt_bearer")
        member.second.scalar = "somebody-else";
    }
    const BoundCase bound = bind(host, wrong);
    const auto reading = run(bound.target(), one.faults_on);
    check_failed(reading, "auth/credentials");
    check_tells_no_secret(reading, host);
    if (reading.failure) CHECK(verdict_of(reading) == "credentials");
    const auto calls = host.requests(one.vendor).at("total").to_number<int>();
    check_failed(run(bound.target(), one.faults_on), "auth/credentials");
    if (!one.lacks.contains("token_revoked")) CHECK(host.requests(one.vendor).at("total").to_number<int>() == calls);
  });
}
