#pragma once
// What a user says about logging in: `crms[].auth` of agent.yaml.

#include <map>
#include <string>

#include "config/reader.h"
#include "core/secret.h"

namespace crmpulse::probes {
struct Recipe;
}

namespace crmpulse::probes::auth {

struct LoginSettings {
  std::string flow;  ///< empty: no login
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, Secret, std::less<>> secrets;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] const Secret& secret(std::string_view name) const;  ///< empty when not given
};

/// Checks the section against the recipe's flows and the flow's own fields; what is wrong becomes a problem. An absent
/// section is fine when the recipe has no flow, or one without required fields.
[[nodiscard]] LoginSettings read_settings(const Recipe& recipe, config::Reader reader);

}  // namespace crmpulse::probes::auth
