#pragma once
// The `reconcile:` part of agent.yaml.

#include <set>
#include <string>

#include "agent/settings/settings.h"
#include "config/reader.h"

namespace crmpulse::agent {

/// Reads `reconcile:` into `settings`, whose CRMs are already read; a side that is a query becomes a measurement of its
/// CRM. `names`: all CRMs of the file, those with problems too.
void read_reconcile(config::Reader& root, Settings& settings, const std::set<std::string>& names);

}  // namespace crmpulse::agent
