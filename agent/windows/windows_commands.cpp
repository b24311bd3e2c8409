#include "agent/windows/windows_commands.h"

#include <CLI/CLI.hpp>

#include "agent/service.h"
#include "agent/windows/configure_command.h"
#include "agent/windows/protect_command.h"
#include "agent/windows/service_control.h"
#include "agent/windows/service_verbs.h"

namespace crmpulse::agent::windows {
namespace {

CLI::App* add_command(CLI::App& app, const char* name, const char* description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->fallthrough();
  return command;
}

}  // namespace

WindowsCommands::WindowsCommands() : config_(service::default_config()) {}

void WindowsCommands::add_config(CLI::App& command) {
  command.add_option("--config", config_, "the configuration file")->capture_default_str();
}

void WindowsCommands::add_install(CLI::App& service) {
  CLI::App& install = *add_command(service, "install",
                                   "make the service, or renew it: its account, its start and its configuration stay");
  add_config(install);
  install.add_option("--account", install_.account,
                     "an account without a password: NT AUTHORITY\\LocalService, a group-managed DOMAIN\\name$ "
                     "(default: the one it has, or NT SERVICE\\crmpulse-agent)");
  install.add_flag("--start", install_.start, "start it at once");
}

void WindowsCommands::add_configure(CLI::App& service) {
  CLI::App& configure =
      *add_command(service, "configure", "write into the configuration where to send to; the rest of it stays");
  add_config(configure);
  configure.add_option("--collector-url", configure_.url, "https://HOST:9460/api/v1/write");
  configure.add_option("--token-file", configure_.token_file, "a file with the token in it");
  configure.add_option("--ca-file", configure_.ca_file, "the certificates of the collector's authority, PEM");
}

void WindowsCommands::add(CLI::App& app) {
  CLI::App& service = *add_command(app, "service", "the agent as a Windows service");
  service.require_subcommand(1);
  add_install(service);
  add_command(service, "uninstall", "stop and remove the service; configuration, state and secrets stay");
  add_command(service, "start", "start the service and wait until it runs");
  add_command(service, "stop", "stop the service and wait until it has stopped");
  add_command(service, "reload", "have the service read its configuration again");
  add_command(service, "status", "say how the service is; exit 0 running, 3 not running, 4 not installed");
  add_config(*add_command(service, "run", "what the service manager calls"));
  add_configure(service);
  CLI::App& protect =
      *add_command(app, "protect", "write a secret from standard input so that only this machine can read it");
  protect.add_option("--out", protected_file_, "the file, for KEY_dpapi_file")->required();
}

std::optional<int> WindowsCommands::run(const CLI::App& app, std::ostream& out, std::ostream& err) {
  if (app.got_subcommand("protect")) return protect_command(protected_file_, out, err);
  if (!app.got_subcommand("service")) return std::nullopt;
  return run_service(*app.get_subcommand("service"), out, err);
}

int WindowsCommands::run_service(const CLI::App& service, std::ostream& out, std::ostream& err) {
  if (service.got_subcommand("install")) {
    install_.config = config_;
    return install_service(install_, out, err);
  }
  if (service.got_subcommand("uninstall")) return uninstall_service(out, err);
  if (service.got_subcommand("start")) return start_service(out, err);
  if (service.got_subcommand("stop")) return stop_service(out, err);
  if (service.got_subcommand("reload")) return reload_service(out, err);
  if (service.got_subcommand("status")) return service_status(out, err);
  if (service.got_subcommand("configure")) return configure_command(config_, configure_, out, err);
  return run_as_service(config_, err);
}

}  // namespace crmpulse::agent::windows
