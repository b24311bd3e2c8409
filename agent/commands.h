#pragma once
// The program's commands; main only calls command_line. Results go to `out`, errors to `err`.

#include <iosfwd>
#include <string>
#include <vector>

#include "agent/settings/settings.h"
#include "agent/setup/steps/options.h"
#include "core/time/clock.h"

namespace crmpulse::agent {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;    ///< configuration or command line
inline constexpr int kExitUnknown = 3;  ///< `probe`: by the monitoring-plugin convention

/// What this machine and installation bring.
[[nodiscard]] SettingsDefaults machine_defaults();

/// Warnings come with the result: vendors' APIs that end within 120 days of `now`.
int check_command(const std::string& config, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err,
                  TimePoint now = wall_now());

enum class ProbeFormat { table, json, prometheus };
struct ProbeOptions {
  std::string config;
  std::vector<std::string> names;  ///< empty: all CRMs
  ProbeFormat format = ProbeFormat::table;
};
int probe_command(const ProbeOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err);

struct RecipesOptions {
  std::string name;  ///< empty: list them
  bool chinese = false;
};
int recipes_command(const RecipesOptions& options, const SettingsDefaults& defaults, std::ostream& out,
                    std::ostream& err);

/// Exit 0: the CRM stands in agent.yaml (with dry_run: it could). 2: something must be told or is wrong. 3: nobody
/// answers, nothing is recognised, rights are missing, or the person said no.
int setup_command(const SetupOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err);

/// Runs until SIGTERM or SIGINT.
int run_command(const std::string& config, const SettingsDefaults& defaults, std::ostream& err);

class PlatformCommands;  // agent/platform_commands.h
int command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
                 PlatformCommands* platform = nullptr);

}  // namespace crmpulse::agent
