#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <ostream>

#include "agent/commands.h"
#include "agent/join/command.h"
#include "agent/libraries.h"
#include "agent/platform_commands.h"
#include "agent/service.h"
#include "config/data_dir.h"
#include "config/unknown_word.h"
#include "core/log.h"
#include "core/version/version_flag.h"

namespace crmpulse::agent {
namespace {

struct Arguments {
  std::string config = service::default_config();
  std::string log_level = "info";
  std::string log_format = "text";
  ProbeOptions probe;
  std::string probe_format = "table";
  RecipesOptions recipes;
  JoinOptions join;
  std::string language = "en";
  bool quiet = false;
  SetupOptions setup;
};

CLI::App* add_command(CLI::App& app, const char* name, const char* description) {
  CLI::App* command = app.add_subcommand(name, description);
  command->fallthrough();  // --log-level and --version may stand behind the command
  return command;
}

void add_config(CLI::App* command, Arguments& arguments) {
  command->add_option("--config", arguments.config, "the configuration file")->capture_default_str();
}

void describe_setup(CLI::App& app, Arguments& arguments) {
  CLI::App* setup =
      add_command(app, "setup", "recognise the CRM behind an address, and write it into the configuration");
  add_config(setup, arguments);
  SetupOptions& options = arguments.setup;
  setup->add_option("URL", options.address,
                    "https://…, postgresql://user@host/database, mysql://…, or a SQLite file (default: ask)");
  setup->add_option("--name", options.name, "name of the CRM (default: from its address)");
  setup->add_option("--recipe", options.recipe, "a recipe's name or path (default: as recognised)");
  setup->add_option("--password-file", options.password_file,
                    "file with the password; its content is kept with mode 0600");
  setup->add_option("--with", options.with, "PARAMETER=VALUE of the recipe")->allow_extra_args(false);
  setup->add_option("--flow", options.flow, "how to log in, where the recipe has several ways");
  setup->add_option("--auth", options.auth, "KEY=VALUE of the login")->allow_extra_args(false);
  setup->add_option("--secret", options.secrets, "KEY=FILE: a secret of the login or the recipe")
      ->allow_extra_args(false);
  setup->add_option("--objects", options.objects, "objects to measure, with commas between (default: those in use)")
      ->delimiter(',')
      ->allow_extra_args(false);
  setup->add_option("--hours", options.hours, "when its people work: \"mon-fri 08:00-18:00\", or none (default: ask)");
  setup->add_option("--zone", options.zone, "time zone of the hours: Europe/Berlin (default: this machine's)");
  setup->add_option("--ca-file", options.ca_file,
                    "certificate authority of the CRM, where the system does not know it");
  setup->add_option("--collector-url", options.collector_url,
                    "where to send to, for a configuration that is not there yet");
  setup->add_flag("--yes", options.yes, "write without asking");
  setup->add_flag("--dry-run", options.dry_run, "write nothing");
  setup->add_flag("--skeleton", options.skeleton, "make a recipe of what is there, where nothing is recognised");
  setup->add_flag("--without-rights", options.without_rights, "go on although the account lacks rights");
  setup->add_option("--language", options.language, "en or zh (default: as LANG says)")
      ->check(CLI::IsMember({"en", "zh"}));
}

void add_join(CLI::App& app, Arguments& arguments) {
  CLI::App* join = add_command(app, "join", "take authority, token and address from a collector's invitation");
  add_config(join, arguments);
  join->add_option("URL", arguments.join.url, "the collector's address: https://HOST:PORT")->required();
  join->add_option("--ca-hash", arguments.join.ca_hash,
                   "the fingerprint of the collector's authority (default: the system's authorities are trusted)");
  join->add_option("--code", arguments.join.code, "the code of the invitation")->required();
  join->add_option("--language", arguments.join.language, "en or zh (default: as LANG says)")
      ->check(CLI::IsMember({"en", "zh"}));
}

void describe(CLI::App& app, Arguments& arguments, PlatformCommands* platform) {
  app.description("Measures CRMs and ships what it finds to a collector.");
  add_version_flag(app, "crmpulse-agent " CRMPULSE_VERSION, kLibraries);
  app.add_option("--log-level", arguments.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", arguments.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.require_subcommand(1);
  if (platform != nullptr) platform->add(app);
  add_config(add_command(app, "run", "run the service until SIGTERM; SIGHUP reloads"), arguments);
  CLI::App* check =
      add_command(app, "check", "validate the configuration without touching the network; print the calls a day");
  add_config(check, arguments);
  check->add_flag("--quiet", arguments.quiet, "print only problems and warnings");
  CLI::App* probe =
      add_command(app, "probe", "run every measurement once, now; exit 0 healthy, 1 sub-healthy, 2 poor, 3 unknown");
  add_config(probe, arguments);
  probe->add_option("NAME", arguments.probe.names, "CRMs to probe (default: all)");
  probe->add_option("--format", arguments.probe_format, "table, json or prometheus")
      ->check(CLI::IsMember({"table", "json", "prometheus"}))
      ->capture_default_str();
  CLI::App* recipes = add_command(app, "recipes", "list the recipes, or explain one");
  recipes->add_option("NAME", arguments.recipes.name, "a recipe's name or path");
  recipes->add_option("--language", arguments.language, "en or zh")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();
  describe_setup(app, arguments);
  add_join(app, arguments);
}

int run(CLI::App& app, Arguments& arguments, PlatformCommands* platform, std::ostream& out, std::ostream& err) {
  log::configure(*log::level_from(arguments.log_level), *log::format_from(arguments.log_format));
  if (platform != nullptr) {
    if (const auto code = platform->run(app, out, err)) return *code;
  }
  const SettingsDefaults defaults = machine_defaults();
  if (app.got_subcommand("run")) return run_command(arguments.config, defaults, err);
  if (app.got_subcommand("check")) {
    std::ostream nowhere{nullptr};
    return check_command(arguments.config, defaults, arguments.quiet ? nowhere : out, err);
  }
  if (app.got_subcommand("recipes")) {
    arguments.recipes.chinese = arguments.language == "zh";
    return recipes_command(arguments.recipes, defaults, out, err);
  }
  if (app.got_subcommand("setup")) {
    arguments.setup.config = arguments.config;
    return setup_command(arguments.setup, defaults, out, err);
  }
  if (app.got_subcommand("join")) {
    arguments.join.config = arguments.config;
    return join_command(arguments.join, defaults, out, err);
  }
  arguments.probe.config = arguments.config;
  if (arguments.probe_format == "json") arguments.probe.format = ProbeFormat::json;
  if (arguments.probe_format == "prometheus") arguments.probe.format = ProbeFormat::prometheus;
  return probe_command(arguments.probe, defaults, out, err);
}

}  // namespace

SettingsDefaults machine_defaults() {
  const std::string data = config::data_dir(service::executable_dir(), CRMPULSE_DATA_DIR);
  return {service::host_name(), service::default_state_dir(), data + "/recipes", data + "/rules/default.yaml"};
}

int command_line(int argc, const char* const* argv, std::ostream& out, std::ostream& err, PlatformCommands* platform) {
  CLI::App app;
  app.name("crmpulse-agent");
  Arguments arguments;
  describe(app, arguments, platform);
  const bool probing = argc > 1 && std::find(argv + 1, argv + argc, std::string_view{"probe"}) != argv + argc;
  try {
    app.parse(argc, argv);
    return run(app, arguments, platform, out, err);
  } catch (const CLI::ParseError& error) {
    if (const std::string unknown = config::unknown_word(app); !unknown.empty() && error.get_exit_code() != 0) {
      err << fmt::format("crmpulse-agent: {}\nRun with --help for more information.\n", unknown);
    } else if (app.exit(error, out, err) == 0) {
      return kExitOk;
    }
    return probing ? kExitUnknown : kExitUsage;
  } catch (const std::exception& error) {
    err << fmt::format("crmpulse-agent: {}\n", error.what());
    return probing ? kExitUnknown : kExitFailed;
  }
}

}  // namespace crmpulse::agent
