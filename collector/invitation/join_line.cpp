#include "collector/invitation/join_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/invitation/renewal.h"
#include "core/files/public_file.h"
#include "core/loop_thread.h"
#include "net/base/networks.h"
#include "net/base/url.h"
#include "net/certificates/bundle.h"

namespace crmpulse::collector {
namespace {

/// A star stands for names that nobody has written down.
bool is_exact(const std::string& name) {
  return name.find('*') == std::string::npos;
}

/// The first one by which another machine may reach this, else the first.
Result<std::string> first_name(const net::TlsFiles& tls, Language language) {
  const auto text = files::read_whole(tls.cert_file, kMostPemBytes);
  if (!text) return text.error();
  const auto facts = net::read_certificate(*text);
  if (!facts) return Error{fmt::format("{}: {}", tls.cert_file, facts.error().message)};
  const std::vector<std::string>& names = facts->names;
  auto found = std::find_if(names.begin(), names.end(),
                            [](const std::string& name) { return is_exact(name) && !net::is_loopback_host(name); });
  if (found == names.end()) found = std::find_if(names.begin(), names.end(), is_exact);
  if (found == names.end())
    return Error{in_words(language, "{} does not name a host: say --url https://HOST:PORT",
                          "{} 中没有主机名：请加上 --url https://HOST:PORT", tls.cert_file)};
  return *found;
}

Result<std::string> address_of(const Settings& settings, Language language) {
  if (!settings.external_url.empty()) return settings.external_url;
  if (!settings.tls)
    return Error{in_words(
        language, "the collector is reached from this machine alone: run crmpulse-collector setup, or set external_url",
        "目前只能从本机访问采集器：请运行 crmpulse-collector setup，或设置 external_url")};
  const auto name = first_name(*settings.tls, language);
  if (!name) return name;
  const bool ipv6 = name->find(':') != std::string::npos;
  return fmt::format("https://{}{}{}:{}", ipv6 ? "[" : "", *name, ipv6 ? "]" : "", settings.listen.port);
}

}  // namespace

Result<JoinAddress> join_address(const Settings& settings, const std::string& url, Language language) {
  CRMPULSE_OFF_LOOP();
  auto address = url.empty() ? address_of(settings, language) : Result<std::string>{net::with_lower_scheme(url)};
  if (!address) return address.error();
  const auto parsed = net::parse_url(*address);
  if (!parsed)
    return Error{
        in_words(language, "the address for other machines: {}", "供其他机器使用的地址：{}", parsed.error().message)};
  if (parsed->scheme != "https")
    return Error{in_words(language, "{}: an agent joins over https:// alone", "{}：探针只能通过 https:// 加入",
                          parsed->origin())};
  if (settings.tls && !settings.tls->client_ca_file.empty() && url.empty() && settings.external_url.empty())
    return Error{in_words(
        language,
        "tls.client_ca_file asks every agent for a certificate, which one that joins does not have: give it a token "
        "by hand (crmpulse-collector token create)",
        "tls.client_ca_file 要求每个探针出示证书，而刚加入的探针还没有证书：请手动给它令牌（crmpulse-collector token "
        "create）")};
  while (address->ends_with('/')) address->pop_back();
  JoinAddress out{std::move(*address), ""};
  if (!settings.authority) return out;
  const auto text = files::read_whole(settings.authority->ca_file, kMostPemBytes);
  if (!text) return text.error();
  const auto bundle = net::read_bundle(*text);
  if (!bundle) return Error{fmt::format("{}: {}", settings.authority->ca_file, bundle.error().message)};
  out.ca_hash = bundle->fingerprint;
  return out;
}

std::string join_line(const JoinAddress& address, std::string_view code) {
  return fmt::format("crmpulse-agent join {}{}{} --code {}", address.url, address.ca_hash.empty() ? "" : " --ca-hash ",
                     address.ca_hash, code);
}

}  // namespace crmpulse::collector
