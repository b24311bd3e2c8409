#pragma once
#include <memory>
#include <vector>

#include "agent/settings/settings.h"
#include "probes/target.h"

namespace crmpulse::agent {

using Targets = std::vector<std::unique_ptr<probes::Target>>;

/// Binds every CRM to its recipe; checks what can be checked without the network. All problems of all CRMs.
[[nodiscard]] boost::system::result<Targets, Problems> make_targets(const Settings& settings, probes::Runtime& runtime);

/// What is to be known of a pooler before the CRM's database; empty: nothing.
[[nodiscard]] std::string pooler_note(const probes::Target& target);

/// Requests or statements a day one measurement makes at its interval.
[[nodiscard]] double calls_a_day(const probes::Target::Planned& planned);

}  // namespace crmpulse::agent
