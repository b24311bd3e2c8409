#pragma once
// Where the agent keeps its things on Windows: all below ProgramData\crmpulse.

#include <string>

#include "core/failure/error.h"

namespace crmpulse::agent::windows {

struct Folders {
  std::string root;     ///< with agent.yaml
  std::string secrets;  ///< read by the service
  std::string state;    ///< written by it
};
[[nodiscard]] Folders folders();

/// The file of this program, in full.
[[nodiscard]] std::string program_file();

/// Puts the example that lies beside the program where there is no configuration yet. Returns whether it did.
[[nodiscard]] Result<bool> write_example(const std::string& config);

}  // namespace crmpulse::agent::windows
