#include "collector/setup/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include "collector/configuration/settings.h"
#include "collector/http/audit.h"
#include "collector/http/tokens.h"
#include "config/service/service_reach.h"
#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/text/line_diff.h"
#include "core/text/say.h"
#include "core/time/clock.h"

namespace crmpulse::collector {
namespace {

constexpr const char* kAdmin = "admin";

int stopped(const Error& why, int code) {
  say(stderr, "{}\n", why.message);
  return code;
}

void show(const SetupPlan& plan, const std::string& config) {
  const std::string diff = line_diff(plan.before, plan.after);
  if (diff.empty())
    say(stderr, "{} stays as it is.\n", config);
  else
    say(stderr, "{}:\n{}", config, diff);
  for (const NewFile& file : plan.files)
    say(stderr, "{}: {}\n", file.path, file.secret ? "a private key, for the collector alone" : "a certificate");
  if (!plan.names.empty()) say(stderr, "The certificate is for {}.\n", fmt::join(plan.names, ", "));
}

bool wanted() {
  say(stderr, "Write this? [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// They become the service's: its state folder's owner.
Result<void> write_files(const SetupPlan& plan) {
  if (plan.files.empty()) return {};
  std::error_code error;
  const bool fresh = !std::filesystem::exists(plan.tls_dir, error);
  if (auto made = files::make_private_folder(plan.tls_dir); !made) return made;
  if (fresh) {
    if (auto given = files::own_like(plan.tls_dir, plan.state_dir); !given) return given;
  }
  for (const NewFile& file : plan.files) {
    auto written = file.secret ? files::replace_private(file.path, file.path + ".new", file.text)
                               : files::replace_public(file.path, file.text);
    if (written) written = files::own_like(file.path, plan.tls_dir);
    if (!written) return written;
  }
  return {};
}

/// What the collector would not start with is taken back.
Result<void> write_configuration(const SetupPlan& plan, const std::string& config) {
  const bool there = !plan.before.empty();
  if (plan.after != plan.before) {
    if (auto written = files::replace_public(config, plan.after); !written) return written;
  }
  const auto settings = load_settings(config);
  if (settings) return {};
  if (plan.after != plan.before) {
    const auto restored = there ? files::replace_public(config, plan.before) : files::remove_file(config);
    if (!restored) return restored;
  }
  return Error{fmt::format("{}\n{} is as it was before", to_string(settings.error()), config)};
}

/// If the audit log cannot be written, warns; the action itself is not undone.
void note(const SetupPlan& plan, std::string action, std::string about) {
  const AuditEntry entry{wall_now(), local_user(), "local", std::move(action), std::move(about), "done"};
  if (auto written = append_audit(plan.state_dir, entry); !written) say(stderr, "{}\n", written.error().message);
}

/// The first one alone: whoever has it makes the others.
Result<void> create_admin(const SetupPlan& plan) {
  const auto tokens = list_tokens(plan.state_dir);
  if (!tokens) return tokens.error();
  const auto admin =
      std::find_if(tokens->begin(), tokens->end(), [](const Token& one) { return one.role == AccessRole::admin; });
  if (admin != tokens->end()) {
    say(stderr, "There is an admin's token already: {}.\n", admin->name);
    return {};
  }
  const auto secret = create_token(plan.state_dir, kAdmin, AccessRole::admin);
  if (!secret) return secret.error();
  note(plan, "token create", fmt::format("{} (admin)", kAdmin));
  say(stderr, "The admin's token; it is shown this once, keep it:\n");
  say(stdout, "{}\n", *secret);
  return {};
}

void tell_next(const SetupPlan& plan, const std::string& config) {
  for (const std::string& warning : config::unreadable_for_service("crmpulse-collector", config, {}))
    say(stderr, "warning: {}\n", warning);
  if (plan.makes_authority)
    say(stderr, "The authority holds for ten years; the collector renews its certificate by itself.\n");
  say(stderr,
      "Next: start or restart the collector (systemctl restart crmpulse-collector), then invite an agent:\n"
      "  crmpulse-collector invite --config {} --agent NAME\n",
      config);
}

}  // namespace

int setup_command(const SetupOptions& options) {
  const auto plan = plan_setup(options, wall_now());
  if (!plan) return stopped(plan.error(), 2);
  show(*plan, options.config);
  if (options.dry_run) return 0;
  const bool changes = plan->after != plan->before || !plan->files.empty();
  if (changes && !options.yes) {
    if (::isatty(STDIN_FILENO) == 0) return stopped(Error{"say --yes to write it without being asked"}, 2);
    if (!wanted()) return stopped(Error{"nothing was written"}, 2);
  }
  if (auto written = write_files(*plan); !written) return stopped(written.error(), 1);
  if (auto written = write_configuration(*plan, options.config); !written) return stopped(written.error(), 2);
  if (auto created = create_admin(*plan); !created) return stopped(created.error(), 1);
  if (changes) note(*plan, "setup", options.config);
  tell_next(*plan, options.config);
  return 0;
}

}  // namespace crmpulse::collector
