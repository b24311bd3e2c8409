#pragma once
// A CRM as it will stand in agent.yaml.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/secret.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::agent::setup {

struct EntrySecret {
  std::string key;
  Secret value;
  std::string credential;  ///< its file's name in the folder `credentials` beside agent.yaml
};

/// As people give them.
struct EntryHours {
  std::string days;
  std::string from;
  std::string to;
  std::string zone;
};

struct CrmEntry {
  std::string name;
  std::string recipe;        ///< a name, or a path
  std::string trial_recipe;  ///< where it lies while nothing is written; empty: there too
  probes::TextPairs with;
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;  ///< parameters of type list
  std::vector<EntrySecret> with_secrets;
  std::string flow;  ///< empty: it need not be said
  probes::TextPairs auth;
  std::vector<EntrySecret> auth_secrets;
  std::string ca_file;
  std::optional<EntryHours> hours;
  std::vector<std::pair<std::string, std::string>> off;  ///< measurements that are switched off, and why
};

/// Where the secrets of an entry are.
enum class SecretsIn {
  credentials,  ///< `KEY_credential: NAME`, as it is written
  environment   ///< `KEY_env: …` of this process (put_into_environment), to try it before anything is written
};

/// Returns the entry's lines, without indentation and dash.
[[nodiscard]] std::vector<std::string> entry_lines(const CrmEntry& entry, SecretsIn secrets);
/// Puts the entry's secrets where SecretsIn::environment looks. Nobody else sees them: no program is started, and
/// what other programs can read of this one's environment is as it was at its start.
void put_into_environment(const CrmEntry& entry);

/// `mon-fri 08:00-18:00` → hours without a zone; nullopt if it is written in another way.
[[nodiscard]] std::optional<EntryHours> hours_of(std::string_view text);
/// Returns the machine's own zone by its name, empty if it is not known.
[[nodiscard]] std::string own_zone();

/// Returns a text as a value in YAML, in quotes where it needs them.
[[nodiscard]] std::string yaml_value(std::string_view text);

}  // namespace crmpulse::agent::setup
