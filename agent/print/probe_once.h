#pragma once
// One CRM measured once, now: for `probe` and `setup`.

#include "agent/print/judge.h"
#include "probes/target.h"

namespace crmpulse::agent {

/// Runs every measurement once, one after another: they share a connection. Waits for them; judges nothing.
[[nodiscard]] CrmReport probe_once(probes::Target& target);

}  // namespace crmpulse::agent
