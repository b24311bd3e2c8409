#pragma once
// Builds a probes::Target for every CRM of agent.yaml.

#include <memory>
#include <vector>

#include "agent/settings/settings.h"
#include "probes/target.h"

namespace crmpulse::agent {

using Targets = std::vector<std::unique_ptr<probes::Target>>;

/// Binds every CRM to its recipe and checks what can be checked without the network. Returns all problems of all CRMs.
[[nodiscard]] boost::system::result<Targets, Problems> make_targets(const Settings& settings, probes::Runtime& runtime);

/// Returns what people should know of a pooler before the CRM's database, empty if there is none.
[[nodiscard]] std::string pooler_note(const probes::Target& target);

/// Runs one measurement now and waits for what it gives.
[[nodiscard]] probes::Reading run_once(probes::Target& target, std::size_t index);

/// Returns how many requests or statements a day one measurement makes at its interval.
[[nodiscard]] double calls_a_day(const probes::Target::Planned& planned);

}  // namespace crmpulse::agent
