#pragma once
// `service …` and `protect`.

#include <string>

#include "agent/platform_commands.h"
#include "agent/settings/ship_edit.h"
#include "agent/windows/install.h"

namespace crmpulse::agent::windows {

class WindowsCommands final : public PlatformCommands {
 public:
  WindowsCommands();
  void add(CLI::App& app) override;
  [[nodiscard]] std::optional<int> run(const CLI::App& app, std::ostream& out, std::ostream& err) override;

 private:
  void add_install(CLI::App& service);
  void add_configure(CLI::App& service);
  void add_config(CLI::App& command);
  int run_service(const CLI::App& service, std::ostream& out, std::ostream& err);

  std::string config_;
  InstallOptions install_;
  ShipEdit configure_;
  std::string protected_file_;
};

}  // namespace crmpulse::agent::windows
