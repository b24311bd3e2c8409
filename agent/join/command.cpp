#include "agent/join/command.h"

#include <fmt/format.h>

#include <ostream>

#include "agent/join/collector.h"
#include "agent/join/places.h"
#include "agent/join/system.h"
#include "agent/settings/crm_settings.h"
#include "config/node.h"
#include "config/service/service_reach.h"
#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/time/time.h"
#include "core/words/locale.h"
#include "net/base/url.h"

namespace crmpulse::agent {
namespace {

constexpr int kDone = 0;
constexpr int kRefused = 1;
constexpr int kMisused = 2;

/// What was asked for, checked.
struct Wish {
  std::string url;          ///< without a slash at the end
  std::string fingerprint;  ///< empty: the system's authorities are trusted
  Secret code;
};

Result<Wish> read_wish(const JoinOptions& options, Language language) {
  Wish wish{net::with_lower_scheme(options.url), "", Secret{options.code}};
  const auto url = net::parse_url(wish.url);
  if (!url) return Error{in_words(language, "the address: {}", "地址：{}", url.error().message)};
  if (url->scheme != "https")
    return Error{in_words(language, "the address must begin with https://: a token is not sent in clear",
                          "地址必须以 https:// 开头：令牌不以明文发送")};
  if (url->has_login() || !url->query.empty() || !url->fragment.empty())
    return Error{in_words(language, "the address must be that of the collector alone: https://HOST:PORT",
                          "地址只能是采集器本身的地址：https://HOST:PORT")};
  while (wish.url.ends_with('/')) wish.url.pop_back();
  if (options.ca_hash.empty()) return wish;
  auto fingerprint = net::parse_fingerprint(options.ca_hash);
  if (!fingerprint) return Error{"--ca-hash " + fingerprint.error().message};
  wish.fingerprint = std::move(*fingerprint);
  return wish;
}

/// The authority that the configuration has already, for a collector whose authority the invitation does not name.
std::string configured_authority(const std::string& text, const JoinPlaces& places) {
  const auto document = config::load_text(text, places.config);
  if (!document) return {};
  const config::Node* node = &document->root;
  for (const std::string_view key : {"ship", "tls", "ca_file"}) {
    const config::Node* next = nullptr;
    for (const config::Member& member : node->members)
      if (member.first == key) next = &member.second;
    if (next == nullptr) return {};
    node = next;
  }
  return from_folder_of(places.config, node->scalar);
}

/// The configuration comes last: until then the agent goes on as before.
Result<void> write_all(const JoinPlaces& places, const Membership& membership, const std::string& authority,
                       const std::string& configuration, const std::string& before) {
  if (auto written =
          files::replace_private(places.token_file, places.token_file + ".new", membership.token.reveal() + "\n");
      !written)
    return written;
  if (!authority.empty()) {
    if (auto written = files::replace_public(places.ca_file, authority); !written) return written;
  }
  if (configuration == before) return {};
  return files::replace_public(places.config, configuration);
}

void tell(const JoinPlaces& places, const Wish& wish, const Membership& membership,
          const net::CertificateBundle& authority, Language language, std::ostream& out) {
  out << in_words(language, "This agent is {} of {}.\n", "本探针是 {1} 的 {0}。\n", membership.agent, wish.url);
  if (!authority.pem.empty())
    out << in_words(language, "{}: the collector's authority, {} (until {})\n", "{}：采集器的 CA，{}（有效至 {}）\n",
                    places.ca_file, authority.fingerprint, format_time(authority.end).substr(0, 10));
  out << in_words(language, "{}: its token; an earlier one ends as soon as this one is used\n",
                  "{}：它的令牌；此令牌一经使用，之前的令牌即失效\n", places.token_file);
  out << fmt::format("{}: agent.name, ship.url, ship.token_{}{}\n", places.config,
                     places.credential.empty() ? "file" : "credential",
                     authority.pem.empty() ? "" : ", ship.tls.ca_file");
}

/// Whatever else keeps the agent from starting is said now, not by a service that does not start.
void tell_next(const JoinPlaces& places, const SettingsDefaults& defaults, Language language, std::ostream& out,
               std::ostream& err) {
  if (const auto settings = load_settings(places.config, defaults); !settings)
    err << in_words(language, "warning: the configuration is not valid yet:\n{}\n", "警告：配置尚不可用：\n{}\n",
                    to_string(settings.error()));
  for (const std::string& warning : config::unreadable_for_service("crmpulse-agent", places.config, {}))
    err << in_words(language, "warning: {}\n", "警告：{}\n", warning);
  out << in_words(language, "Next: {}\n", "下一步：{}\n",
                  next_step(places.config, !places.credential.empty(), language));
}

}  // namespace

int join_command(const JoinOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err) {
  const Language language = spoken_language(options.language);
  const auto stop = [&](const Error& why, int code) {
    err << fmt::format("crmpulse-agent: {}\n", why.message);
    if (code == kRefused) err << in_words(language, "Nothing was written.\n", "没有写入任何内容。\n");
    return code;
  };
  const auto wish = read_wish(options, language);
  if (!wish) return stop(wish.error(), kMisused);
  const JoinPlaces places = places_beside(options.config);
  const auto before = present_configuration(places.config);
  if (!before) return stop(before.error(), kRefused);
  const bool own = !wish->fingerprint.empty();
  // What cannot be written is found out before the code is used up.
  if (const auto edit = edit_ship(*before, edit_for(places, wish->url, "agent", own), places.config); !edit)
    return stop(edit.error(), kMisused);
  if (const auto writable = check_writable(places); !writable) return stop(writable.error(), kRefused);

  net::CertificateBundle authority;
  PassingFile trusted;
  if (own) {
    auto fetched = fetch_authority(wish->url, wish->fingerprint, language);
    if (!fetched) return stop(fetched.error(), kRefused);
    authority = std::move(*fetched);
    if (auto written = trusted.write(places.ca_file + ".joining", authority.pem); !written)
      return stop(written.error(), kRefused);
  }
  const std::string ca_file = own ? trusted.name() : configured_authority(*before, places);
  const auto membership = trade_code(wish->url, ca_file, wish->code, language);
  if (!membership) return stop(membership.error(), kRefused);
  const auto after = edit_ship(*before, edit_for(places, wish->url, membership->agent, own), places.config);
  if (!after) return stop(after.error(), kMisused);
  if (auto written = write_all(places, *membership, authority.pem, *after, *before); !written) {
    err << in_words(language, "crmpulse-agent: {}\nThe invitation is used up; ask for another one.\n",
                    "crmpulse-agent：{}\n邀请已被用掉；请索取新的邀请。\n", written.error().message);
    return kRefused;
  }
  tell(places, *wish, *membership, authority, language, out);
  tell_next(places, defaults, language, out, err);
  return kDone;
}

}  // namespace crmpulse::agent
