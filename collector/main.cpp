#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "collector/backtest/command.h"
#include "collector/commands.h"
#include "collector/invitation/command.h"
#include "collector/libraries.h"
#include "collector/report/command.h"
#include "collector/setup/command.h"
#include "collector/status/command.h"
#include "config/unknown_word.h"
#include "core/log.h"
#include "core/text/say.h"
#include "core/version.h"
#include "core/version/version_flag.h"

namespace {

using namespace crmpulse;

struct Options {
  std::string config = "/etc/crmpulse/collector.yaml";
  std::string log_level = "info";
  std::string log_format = "text";
  std::string receiver;
  std::string name;
  collector::NewToken token;
  std::string destination;
  std::string source;
  bool quiet = false;
  collector::BacktestOptions backtest;
  collector::StatusOptions status;
  collector::ReportOptions report;
  collector::SetupOptions setup;
  collector::InviteOptions invite;
};

CLI::App* add_command(CLI::App& app, const char* name, const char* help, Options& options) {
  CLI::App* command = app.add_subcommand(name, help);
  command->fallthrough();
  command->add_option("--config", options.config, "Configuration file")->capture_default_str();
  return command;
}

void add_token_commands(CLI::App& app, Options& options) {
  CLI::App* token = app.add_subcommand("token", "API tokens: create, list, allow, revoke");
  token->fallthrough();
  token->require_subcommand(1);
  CLI::App* create = add_command(*token, "create", "Create a token and print it once", options);
  create->add_option("--name", options.token.name, "The token's name")->required();
  create->add_option("--role", options.token.role, "ingest, viewer, operator or admin")->required();
  create->add_option("--agent", options.token.agent, "Role ingest only: limit the token to the agent of this name");
  create->add_option("--crm", options.token.crms, "Role ingest only: limit the token to this CRM; may be repeated");
  create->add_option("--expires", options.token.expires, "Lifetime, for example 90d (default: never expires)");
  add_command(*token, "list", "List names, roles, dates, agents, expiry and CRMs", options);
  CLI::App* allow = add_command(*token, "allow", "Let a token send about more CRMs", options);
  allow->add_option("--name,name", options.name, "The token's name")->required();
  allow->add_option("--crm", options.token.crms, "The CRM; may be repeated")->required();
  CLI::App* revoke = add_command(*token, "revoke", "Delete a token", options);
  revoke->add_option("--name,name", options.name, "The token's name")->required();
}

void add_backtest(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, "backtest", "Run the rules over recorded samples; changes nothing", options);
  command->add_option("--rules", options.backtest.rules, "Rules files, in order");
  command->add_option("--receivers", options.backtest.receivers, "A file with receivers, for their messages");
  command->add_option("--samples", options.backtest.samples, "JSON lines; - for standard input");
  command->add_option("--from", options.backtest.from, "Start of the span of stored samples (RFC 3339)");
  command->add_option("--to", options.backtest.to, "End of the span of stored samples (RFC 3339)");
  command
      ->add_option("--summary", options.backtest.summary,
                   "Print how often, how long and when CRMs were unhealthy, instead of every change")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--zone", options.backtest.zone,
                      "Time zone of the summary's hours and times (default: the configuration's)");
  command
      ->add_option("--fail-on", options.backtest.fail_on,
                   "Exit with 1 when a CRM came to this state, or a message would have been sent")
      ->check(CLI::IsMember({"sub_healthy", "poor", "message"}));
}

void add_language(CLI::App& command, std::string& language) {
  command.add_option("--language", language, "Language: en or zh (default: as LANG says)")
      ->check(CLI::IsMember({"en", "zh"}));
}

void add_status(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, "status", "Show the states of all CRMs, or of one", options);
  command->add_option("crm", options.status.crm, "Only this CRM; the exit code tells its state");
  command->add_flag("--watch", options.status.watch, "Show them anew every two seconds");
  command->add_option("--url", options.status.url, "The collector's address (default: as the configuration says)");
  command->add_option("--token-file", options.status.token_file, "A file with a token of role viewer");
  command->add_option("--ca-file", options.status.ca_file, "Certificates to trust (default: the system's)");
  add_language(*command, options.status.language);
}

void add_report(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, "report", "Write the evaluation report of a CRM to standard output", options);
  command->add_option("--crm", options.report.crm, "The CRM's name")->required();
  command
      ->add_option("--period", options.report.period,
                   "2026-10, 2026-Q4, 2026, 2026-W48 or 2026-11-01..2026-11-15, by the configuration's time zone")
      ->required();
  command->add_option("--compare", options.report.compare,
                      "Another period to set beside it (default: the one before, and a year ago)");
  command->add_option("--format", options.report.format, "html, csv or json")->capture_default_str();
  command->add_option("--language", options.report.language, "Of html: en or zh")->capture_default_str();
}

void add_setup(CLI::App& app, Options& options) {
  collector::SetupOptions& setup = options.setup;
  CLI::App* command =
      add_command(app, "setup", "Make a certificate, listen with TLS and tokens, create the admin's token", options);
  command->add_option("--listen", setup.listen, "Address and port to listen on")->capture_default_str();
  command->add_option("--name", setup.names,
                      "A host name or address that agents know this machine by; may be repeated (default: all it has)");
  command->add_option("--cert-file", setup.cert_file, "Your own certificate, with those between it and its authority");
  command->add_option("--key-file", setup.key_file, "The private key of your own certificate");
  command->add_option("--ca-file", setup.ca_file,
                      "The authority of your own certificate (default: one that every system knows)");
  command->add_option("--tls-dir", setup.tls_dir,
                      "Folder for authority and certificate (default: state_dir with -tls behind it)");
  command->add_flag("--new-authority", setup.new_authority,
                    "Make another authority though there is one; every agent must join again");
  command->add_flag("--yes", setup.yes, "Write without asking");
  command->add_flag("--dry-run", setup.dry_run, "Show what would be written, and write nothing");
  add_language(*command, setup.language);
}

void add_invite(CLI::App& app, Options& options) {
  collector::InviteOptions& invite = options.invite;
  CLI::App* command = add_command(
      app, "invite", "Print the line that makes the agent of another machine join; once, within 1 h", options);
  command->add_option("--agent", invite.agent, "The agent's name");
  command->add_option("--crm", invite.crms, "Limit its token to this CRM; may be repeated");
  command->add_option("--url", invite.url,
                      "How that machine reaches the collector (default: as configuration and certificate say)");
  command->add_flag("--list", invite.list, "List the invitations that hold");
  command->add_option("--revoke", invite.revoke, "Revoke the invitation of this agent");
  add_language(*command, invite.language);
}

void add_commands(CLI::App& app, Options& options) {
  add_version_flag(app, fmt::format("crmpulse-collector {}", kVersion), collector::kLibraries);
  app.add_option("--log-level", options.log_level, "debug, info, warning or error")->capture_default_str();
  app.add_option("--log-format", options.log_format, "text or json")->capture_default_str();
  app.require_subcommand(1);
  add_command(app, "run", "Run the service", options);
  add_command(app, "check", "Check configuration and rules", options)
      ->add_flag("--quiet", options.quiet, "Print only problems and warnings");
  add_status(app, options);
  add_backtest(app, options);
  add_report(app, options);
  CLI::App* alert = add_command(app, "test-alert", "Send a marked test message and print the answer", options);
  alert->add_option("receiver", options.receiver, "The receiver's name in the configuration")->required();
  add_setup(app, options);
  add_invite(app, options);
  add_token_commands(app, options);
  CLI::App* forget = add_command(app, "forget", "Forget a CRM that is not watched any more", options);
  forget->add_option("crm", options.name, "The CRM's name")->required();
  CLI::App* backup = add_command(app, "backup", "Copy the store and the tokens while it runs", options);
  backup->add_option("destination", options.destination, "File or folder to copy to")->required();
  CLI::App* restore =
      add_command(app, "restore", "Put a copy that backup made in the place of an empty store", options);
  restore->add_option("source", options.source, "The copy")->required();
}

int dispatch(const CLI::App& app, const Options& options) {
  const std::string command = app.get_subcommands().front()->get_name();
  if (command == "run") return collector::run_service(options.config, collector::kLibraries);
  if (command == "check") return collector::check_configuration(options.config, options.quiet);
  if (command == "test-alert") return collector::test_alert(options.config, options.receiver);
  if (command == "forget") return collector::forget(options.config, options.name);
  if (command == "backup") return collector::backup(options.config, options.destination);
  if (command == "restore") return collector::restore(options.config, options.source);
  if (command == "setup") {
    collector::SetupOptions setup = options.setup;
    setup.config = options.config;
    return collector::setup_command(setup);
  }
  if (command == "invite") {
    collector::InviteOptions invite = options.invite;
    invite.config = options.config;
    return collector::invite_command(invite);
  }
  if (command == "status") {
    collector::StatusOptions status = options.status;
    status.config = options.config;
    return collector::status(status);
  }
  if (command == "backtest") {
    collector::BacktestOptions backtest = options.backtest;
    backtest.config = app.get_subcommands().front()->count("--config") > 0 ? options.config : "";
    return collector::backtest(backtest);
  }
  if (command == "report") {
    collector::ReportOptions report = options.report;
    report.config = options.config;
    return collector::report_command(report);
  }
  const std::string action = app.get_subcommands().front()->get_subcommands().front()->get_name();
  if (action == "create") return collector::token_create(options.config, options.token);
  if (action == "allow") return collector::token_allow(options.config, options.name, options.token.crms);
  if (action == "list") return collector::token_list(options.config);
  return collector::token_revoke(options.config, options.name);
}

int configure_log(const Options& options) {
  const auto level = log::level_from(options.log_level);
  const auto format = log::format_from(options.log_format);
  if (!level || !format) {
    say(stderr, "{}\n", !level ? level.error().message : format.error().message);
    return 2;
  }
  log::configure(*level, *format);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"crmpulse-collector: receives, judges, alerts and shows"};
  add_commands(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // It repeats what was typed, which may be the name of a CRM that others chose.
    PrintableOutput out{std::cout};
    PrintableOutput errors{std::cerr};
    if (const std::string unknown = config::unknown_word(app); !unknown.empty() && error.get_exit_code() != 0) {
      errors << fmt::format("crmpulse-collector: {}\nRun with --help for more information.\n", unknown);
      return 2;
    }
    return app.exit(error, out, errors) == 0 ? 0 : 2;
  }
  if (const int wrong = configure_log(options); wrong != 0) return wrong;
  try {
    return dispatch(app, options);
  } catch (const std::exception& error) {
    log::error("ended by an error", {{"why", error.what()}});
    return 1;
  }
}
