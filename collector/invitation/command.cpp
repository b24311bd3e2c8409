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
#include "core/words/locale.h"

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

int list(const Settings& settings, Language language) {
  const auto open = InvitationFile{settings.state_dir}.open_ones(two_clocks());
  if (!open) return refused(open.error());
  for (const Invitation& one : *open)
    say(stdout, "{}\t{}\t{}\n", one.agent,
        one.crms.empty() ? in_words(language, "any CRM", "任意 CRM")
                         : in_words(language, "CRMs {}", "CRM：{}", fmt::join(one.crms, ", ")),
        in_words(language, "until {}", "有效至 {}", format_time(one.expires())));
  return 0;
}

int revoke(const Settings& settings, const std::string& agent, Language language) {
  const auto revoked = InvitationFile{settings.state_dir}.revoke(agent, two_clocks());
  if (!revoked) return refused(revoked.error());
  if (!*revoked)
    return refused(
        Error{in_words(language, "there is no open invitation for '{}'", "没有发给“{}”且仍有效的邀请", agent)});
  note(settings, "invite revoke", agent);
  return 0;
}

int invite(const Settings& settings, const InviteOptions& options, Language language) {
  const auto address = join_address(settings, options.url, language);
  if (!address) return refused(address.error());
  const auto code = InvitationFile{settings.state_dir}.invite(options.agent, options.crms, two_clocks());
  if (!code) return refused(code.error());
  note(settings, "invite", options.agent);
  say(stderr, "{}\n",
      in_words(language, "Run this on the other machine within an hour, as root; it works once:",
               "请在一小时内以 root 身份在另一台机器上运行以下命令；只能使用一次："));
  say(stdout, "{}\n", join_line(*address, *code));
  if (address->ca_hash.empty())
    say(stderr, "{}\n",
        in_words(language,
                 "There is no tls.ca_file: that machine must know the authority of the certificate by itself.",
                 "没有配置 tls.ca_file：那台机器必须自己信任该证书的 CA。"));
  return 0;
}

}  // namespace

int invite_command(const InviteOptions& options) {
  const bool revoking = !options.revoke.empty();
  const int actions = (options.agent.empty() ? 0 : 1) + (revoking ? 1 : 0) + (options.list ? 1 : 0);
  const Language language = spoken_language(options.language);
  if (actions != 1)
    return misused(in_words(language, "write one of --agent NAME, --list and --revoke NAME",
                            "请给出 --agent 名称、--list、--revoke 名称 三者之一"));
  const auto settings = load_settings(options.config);
  if (!settings) return misused(to_string(settings.error()));
  if (options.list) return list(*settings, language);
  if (revoking) return revoke(*settings, options.revoke, language);
  return invite(*settings, options, language);
}

}  // namespace crmpulse::collector
