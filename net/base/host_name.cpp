#include "net/base/host_name.h"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/failure/failure.h"
#include "core/text/ascii.h"

namespace crmpulse::net {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Hosts and ports of a URL: without scheme, user and path.
std::string_view hosts_in(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const std::size_t user = url.rfind('@');
  if (user != std::string_view::npos) url.remove_prefix(user + 1);
  return url;
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host;
  return host.substr(0, host.find(':'));
}

/// `b%C3%BCcher` → `bücher`, since URLs may write it so.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && ascii::hex_value(text[i + 1]) >= 0 &&
                       ascii::hex_value(text[i + 2]) >= 0;
    out += coded ? static_cast<char>(ascii::hex_value(text[i + 1]) * 16 + ascii::hex_value(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return out;
}

}  // namespace

Result<std::string> ascii_host(std::string_view utf8_host) {
  std::string host{utf8_host};
  if (is_ascii(host)) return host;
  std::uint8_t* converted = nullptr;
  const int outcome = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(host.c_str()), &converted,
                                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owned{converted, &idn2_free};
  if (outcome != IDN2_OK) return Error{idn2_strerror(outcome)};
  return reinterpret_cast<const char*>(owned.get());
}

std::optional<std::string> host_fault(std::string_view url) {
  std::string_view rest = hosts_in(url);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const std::string host = percent_decoded(without_port(one));
    if (is_ascii(host)) continue;
    const Result<std::string> ascii = ascii_host(host);
    if (ascii) return fmt::format("the host '{}' is an international name: write it as {}", one_line(host, 80), *ascii);
    return fmt::format("the host '{}' is not a valid name", one_line(host, 80));
  }
  return std::nullopt;
}

std::string with_ascii_host(const std::string& url) {
  const std::string_view host = without_port(hosts_in(url));
  const Result<std::string> ascii = ascii_host(percent_decoded(host));
  if (!ascii || *ascii == host) return url;
  std::string out = url;
  return out.replace(static_cast<std::size_t>(host.data() - std::string_view{url}.data()), host.size(), *ascii);
}

}  // namespace crmpulse::net
