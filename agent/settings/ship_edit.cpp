#include "agent/settings/ship_edit.h"

#include <vector>

#include "config/edit/value_edit.h"

namespace crmpulse::agent {

Result<std::string> edit_ship(std::string_view text, const ShipEdit& edit, const std::string& file) {
  std::vector<config::NewValue> values;
  const auto put = [&](std::vector<std::string> path, const std::optional<std::string>& value,
                       std::vector<std::string> instead_of = {}) {
    if (value) values.push_back({std::move(path), *value, std::move(instead_of)});
  };
  // What is not there yet comes first in its mapping: the last one written stands on top.
  put({"ship", "tls", "ca_file"}, edit.ca_file);
  put({"ship", "token_file"}, edit.token_file, {"token", "token_env", "token_credential", "token_dpapi_file"});
  put({"ship", "token_credential"}, edit.token_credential, {"token", "token_env", "token_file", "token_dpapi_file"});
  put({"ship", "url"}, edit.url);
  put({"agent", "name"}, edit.agent_name);
  return config::with_values(text, values, file);
}

}  // namespace crmpulse::agent
