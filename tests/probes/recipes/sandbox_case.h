#pragma once
// expected.yaml of a recipe that is tested against the sandbox, and the recipe bound as an agent binds it.
//
//   sandbox: odoo                      # the vendor
//   crm:                               # what stands under crms[] of agent.yaml beside name and recipe
//     with: {url: "${sandbox}"}        # ${…} as SandboxHost::fill says
//     auth: {flow: odoo_login, …}
//   flows: [{flow: …, …}]              # further ways to log in, each tried
//   elsewhere:                         # flows this vendor does not have: each tried by the liveness of another
//     - {sandbox: hubspot, with: {…}, auth: {flow: …, …}}
//   measurements:
//     records:
//       crm_records{object=lead}: count(lead where not converted)      # oracle.h says what can stand here
//   truncated: {usage: why not all rows are read}
//   quota:                             # told by headers of any answer
//     crm_api_limit{allowance=daily}: 15000
//     crm_api_used{allowance=daily}: calls                             # as many as the sandbox counted
//     crm_api_remaining{allowance=daily}: 15000 - calls                # or just `told`
//   faults:
//     on: query                        # the measurement the faults are tried on
//     request_id: true                 # the vendor's errors carry one, and the evidence tells it
//     field: {name: crm.lead.email_from, on: quality}                  # missing_field
//     field: {…, means: request/bad_content}                           # where the recipe cannot tell that it is that
//     written_field: {name: contacts.lastname, on: contact}            # the same, of a write test
//     lacks: {quota_gone: a server of one's own has no allowance}

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/settings/settings.h"
#include "agent/settings/targets.h"
#include "config/node.h"
#include "tests/probes/recipes/sandbox_host.h"

namespace crmpulse::test {

/// What an administrator removes, and the measurement that misses it.
struct MissingField {
  std::string name;
  std::string on;
  std::string means = "content/missing";
};

struct SandboxCase {
  std::string recipe;
  std::string vendor;
  config::Node crm;
  std::vector<config::Node> flows;  ///< the first is the one under crm
  /// measurement → `metric{label="value"}` → expression
  std::map<std::string, std::map<std::string, std::string>> measurements;
  std::map<std::string, std::string> quota;
  std::map<std::string, std::string> truncated;  ///< measurement → why
  std::string faults_on;
  bool tells_request_id = false;
  std::vector<MissingField> missing;
  std::map<std::string, std::string> lacks;
  std::vector<SandboxCase> elsewhere;
};

/// One for each shipped recipe whose expected.yaml has `sandbox:`.
[[nodiscard]] std::vector<SandboxCase> sandbox_cases();
[[nodiscard]] SandboxCase sandbox_case(const std::string& recipe);
/// Each in turn, whatever becomes of the others. CRMPULSE_RECIPE=name in the environment: only that one.
void for_each_case(const std::vector<SandboxCase>& cases, const std::function<void(const SandboxCase&)>& body);

/// An agent's targets, without its scheduler.
struct BoundCase {
  agent::Settings settings;
  std::unique_ptr<probes::Runtime> runtime;
  agent::Targets targets;
  [[nodiscard]] probes::Target& target() const { return *targets.front(); }
};

struct Binding {
  std::size_t flow = 0;
  std::string state_dir{};  ///< empty: a new one
  std::string timeout = "10s";
  int targets = 1;            ///< CRMs of the same identity: acme, acme1, …
  bool transactions = false;  ///< with its write tests, if it has any
};
/// A failed test when the agent would not start with this.
[[nodiscard]] BoundCase bind(SandboxHost& host, const SandboxCase& one, const Binding& binding = {});
/// The id of its liveness measurement.
[[nodiscard]] std::string liveness_of(const probes::Target& target);

}  // namespace crmpulse::test
