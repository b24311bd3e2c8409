#pragma once
// Reads what the service manager's unit says about how a program runs as a service, for the commands that people run by
// hand beside it.

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crmpulse::config {

struct ServiceUnit {
  std::string name;                 ///< `crmpulse-agent.service`
  std::string config;               ///< what `--config` of ExecStart= names; empty if there is none
  std::string user;                 ///< empty without User=
  std::vector<std::string> groups;  ///< Group= and SupplementaryGroups=
  bool dynamic_user = false;        ///< an account that exists only while the service runs
  bool hides_homes = false;         ///< ProtectHome=
  bool private_tmp = false;
  std::vector<std::string> state;        ///< folders of StateDirectory=, which are the account's own: `/var/lib/NAME`
  std::vector<std::string> credentials;  ///< handed over one by one, under these names
  std::vector<std::pair<std::string, std::string>> folders;  ///< handed over as a whole: the ID and the folder

  /// Returns whether it runs under another account than root.
  [[nodiscard]] bool has_account() const { return dynamic_user || (!user.empty() && user != "root"); }
};

/// Returns the unit of this program with its drop-ins, nullopt if none is installed. Looks in $SYSTEMD_UNIT_PATH, else
/// where systemd looks. Waits for files.
[[nodiscard]] std::optional<ServiceUnit> find_unit(const std::string& program);

}  // namespace crmpulse::config
