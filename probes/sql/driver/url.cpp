#include "probes/sql/driver/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "core/text/ascii.h"
#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {
namespace {

Error broken(std::string_view what) {
  return Error{fmt::format("is not a database URL: {}; write mysql://user@host:port/database", what)};
}

std::optional<Error> take_host_and_port(std::string_view text, Url& url) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return broken("the [ is never closed");
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    const auto host = decoded(text.substr(0, colon));
    if (!host) return broken("a % escape is wrong");
    url.host = *host;
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (port.empty()) return std::nullopt;
  if (!port.starts_with(':')) return broken("what follows the ] is not a port");
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc{} || end != port.data() + port.size() || url.port == 0)
    return broken(fmt::format("'{}' is not a port", port));
  return std::nullopt;
}

std::optional<Error> take_options(std::string_view text, Url& url) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return broken(fmt::format("'{}' is not key=value", pair));
    const auto key = decoded(pair.substr(0, equals));
    const auto value = decoded(pair.substr(equals + 1));
    if (!key || !value) return broken("a % escape is wrong");
    url.options[*key] = *value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? ascii::hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? ascii::hex_value(text[i + 2]) : -1;
    if (low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string unknown_option(std::string_view option, const std::vector<std::string>& known) {
  return fmt::format("it has an unknown option '{}'; known are {}", option, fmt::join(known, ", "));
}

std::string unknown_value(std::string_view option, std::string_view value, std::span<const std::string_view> known) {
  return fmt::format("has {} '{}'; there are {}", option, value, fmt::join(known, ", "));
}

Result<Url> parse_url(const std::string& text) {
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return broken("it has no ://");
  std::string_view rest = std::string_view{text}.substr(scheme + 3);
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    if (auto error = take_options(rest.substr(question + 1), url)) return *error;
    rest = rest.substr(0, question);
  }
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  const auto database = decoded(slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1));
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = authority.substr(0, at);
    if (user.find(':') != std::string_view::npos) return password_in_url();
    const auto name = decoded(user);
    if (!name) return broken("a % escape is wrong");
    url.user = *name;
    authority.remove_prefix(at + 1);
  }
  if (!database) return broken("a % escape is wrong");
  url.database = *database;
  if (auto error = take_host_and_port(authority, url)) return *error;
  return url;
}

}  // namespace crmpulse::probes::sql
