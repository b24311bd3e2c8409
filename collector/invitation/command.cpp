#include "collector/invitation/command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "collector/configuration/settings.h"
#include "collector/http/audit.h"
#include "collector/invitation/invitation_file.h"
#include "collector/invitation/join_line.h"
#include "core/text/say.h"
#include "core/time/clock.h"

namespace crmpulse::collector {
namespace {

int refused(const Error& why) {
  say(stderr, "{}\n", why.message);
  return 1;
}

int misused(std::string_view why) {
  say(stderr, "{}\n", why);
  return 2;
}

/// If the audit log cannot be written, warns; the action itself is not undone.
void note(const Settings& settings, std::string action, std::string about) {
  const AuditEntry entry{wall_now(), local_user(), "local", std::move(action), std::move(about), "done"};
  if (auto written = append_audit(settings.state_dir, entry); !written) say(stderr, "{}\n", written.error().message);
}

int list(const Settings& settings) {
  const auto open = InvitationFile{settings.state_dir}.open_ones(two_clocks());
  if (!open) return refused(open.error());
  for (const Invitation& one : *open)
    say(stdout, "{}\t{}\tuntil {}\n", one.agent,
        one.crms.empty() ? "any CRM" : fmt::format("CRMs {}", fmt::join(one.crms, ", ")), format_time(one.expires()));
  return 0;
}

int revoke(const Settings& settings, const std::string& agent) {
  const auto revoked = InvitationFile{settings.state_dir}.revoke(agent, two_clocks());
  if (!revoked) return refused(revoked.error());
  if (!*revoked) return refused(Error{fmt::format("there is no open invitation for '{}'", agent)});
  note(settings, "invite revoke", agent);
  return 0;
}

int invite(const Settings& settings, const InviteOptions& options) {
  const auto address = join_address(settings, options.url);
  if (!address) return refused(address.error());
  const auto code = InvitationFile{settings.state_dir}.invite(options.agent, options.crms, two_clocks());
  if (!code) return refused(code.error());
  note(settings, "invite", options.agent);
  say(stderr, "Run this on the other machine within an hour, as root; it works once:\n");
  say(stdout, "{}\n", join_line(*address, *code));
  if (address->ca_hash.empty())
    say(stderr, "There is no tls.ca_file: that machine must know the authority of the certificate by itself.\n");
  return 0;
}

}  // namespace

int invite_command(const InviteOptions& options) {
  const bool revoking = !options.revoke.empty();
  const int actions = (options.agent.empty() ? 0 : 1) + (revoking ? 1 : 0) + (options.list ? 1 : 0);
  if (actions != 1) return misused("write one of --agent NAME, --list and --revoke NAME");
  const auto settings = load_settings(options.config);
  if (!settings) return misused(to_string(settings.error()));
  if (options.list) return list(*settings);
  if (revoking) return revoke(*settings, options.revoke);
  return invite(*settings, options);
}

}  // namespace crmpulse::collector
