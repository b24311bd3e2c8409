#pragma once
// The `crms:` part of agent.yaml.

#include <set>
#include <string>

#include "agent/settings/settings.h"
#include "config/reader.h"

namespace crmpulse::agent {

/// Reads `crms:` into `settings`, whose defaults and recipe_dir are already read. `problems` is the one `root` reports
/// to. Gives the names of all CRMs, those with problems too.
std::set<std::string> read_crms(config::Reader& root, Settings& settings, Problems& problems);
/// A relative path in a configuration is meant from the folder of its file.
[[nodiscard]] std::string from_folder_of(const std::string& file, const std::string& path);
/// Reads a mapping of free label names; `crm`, `kind`, `agent`, and names that are not label names are problems.
void read_labels(config::Reader& reader, Labels& labels);

}  // namespace crmpulse::agent
