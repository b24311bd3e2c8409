#pragma once
// What differs from system to system when an agent joins. POSIX stays in system_posix.cpp, Windows in
// system_windows.cpp.

#include <string>

#include "core/words/language.h"

namespace crmpulse::agent {

struct TokenPlace {
  std::string file;
  std::string credential;  ///< the name by which a service manager hands it over; empty: the program reads the file
};
/// Where a token belongs that lies beside the configuration in `folder`. Waits for files.
[[nodiscard]] TokenPlace token_place(const std::string& folder);

/// Returns the command that makes the service take what was written; `config` is its configuration. With
/// `by_credential` a reload is not enough.
[[nodiscard]] std::string next_step(const std::string& config, bool by_credential, Language language);

}  // namespace crmpulse::agent
