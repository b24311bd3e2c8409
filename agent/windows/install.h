#pragma once
// `service install` and `service uninstall`.

#include <iosfwd>
#include <optional>
#include <string>

namespace crmpulse::agent::windows {

struct InstallOptions {
  std::string config;                  ///< made absolute
  std::optional<std::string> account;  ///< absent: the one it has, or the virtual account
  bool start = false;
};

/// Makes the service, or renews the one there is: what it runs, and what is to happen when it fails. Its account and
/// how it is started stay.
int install_service(const InstallOptions& options, std::ostream& out, std::ostream& err);
/// Stops and removes it; configuration, state and secrets stay.
int uninstall_service(std::ostream& out, std::ostream& err);

}  // namespace crmpulse::agent::windows
