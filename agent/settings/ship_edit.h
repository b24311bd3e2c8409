#pragma once
// Writes into an agent.yaml where to send to, for an installer and for `join`: everything else in the file stays as a
// person wrote it.

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::agent {

struct ShipEdit {
  std::optional<std::string> url;
  std::optional<std::string> token_file;  ///< takes the place of token_env and the like
  std::optional<std::string> ca_file;
  std::optional<std::string> token_credential{};  ///< likewise; the name of a file in the folder `credentials`
  std::optional<std::string> agent_name{};        ///< under `agent:`, as the collector knows it
};

/// Returns the text with these values under `ship:` and `agent:`; comments, order and line ends stay. Error: the text
/// is not YAML, or the place is written in a way that is better changed by hand. `file` is for messages.
[[nodiscard]] Result<std::string> edit_ship(std::string_view text, const ShipEdit& edit, const std::string& file);

}  // namespace crmpulse::agent
