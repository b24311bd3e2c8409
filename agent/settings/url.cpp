#include "agent/settings/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/base/host_name.h"

namespace crmpulse::agent {
namespace {

std::string_view after_scheme(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme)) return url.substr(scheme.size());
  }
  return {};
}

}  // namespace

std::optional<std::string> url_fault(std::string_view url) {
  const std::string_view rest = after_scheme(url);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority.front() == ':') {
    return fmt::format("'{}' is not an http:// or https:// address", url);
  }
  if (authority.find('@') != std::string_view::npos) return "must not contain a user or password; use a token";
  if (auto fault = net::host_fault(url)) return fault;
  const auto printable = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
  if (!std::all_of(url.begin(), url.end(), printable)) return "must hold no blanks or control characters";
  return std::nullopt;
}

std::string evidence_url(std::string_view write_url) {
  const std::size_t tail = std::min(write_url.find_first_of("?#"), write_url.size());
  const std::string_view query = write_url.substr(tail);
  std::string_view base = write_url.substr(0, tail);
  while (base.ends_with('/')) base.remove_suffix(1);
  const std::size_t authority = base.find("://") + 3;
  const std::size_t slash = base.rfind('/');
  if (slash == std::string_view::npos || slash < authority) return fmt::format("{}/evidence{}", base, query);
  return fmt::format("{}/evidence{}", base.substr(0, slash), query);
}

}  // namespace crmpulse::agent
