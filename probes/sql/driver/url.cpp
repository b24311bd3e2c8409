#include "probes/sql/driver/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/text/percent.h"
#include "net/base/endpoint.h"
#include "net/base/url.h"
#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {
namespace {

Error broken(std::string_view what) {
  return Error{fmt::format("is not a database URL: {}; write mysql://user@host:port/database", what)};
}

std::optional<Error> take_options(std::string_view text, DatabaseUrl& url) {
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

/// CURLU knows no URL without a host: puts `localhost` where a Unix socket's has none. Returns whether it did.
bool add_missing_host(std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return false;
  const std::size_t end = std::min(text.find_first_of("/?#", scheme + 3), text.size());
  if (end != scheme + 3 && text[end - 1] != '@') return false;
  text.insert(end, "localhost");
  return true;
}

}  // namespace

std::optional<std::string> decoded(std::string_view text) {
  std::optional<std::string> out = percent_decoded(text);
  if (out && out->find('\0') != std::string::npos) out.reset();
  return out;
}

std::string unknown_option(std::string_view option, const std::vector<std::string>& known) {
  return fmt::format("it has an unknown option '{}'; known are {}", option, fmt::join(known, ", "));
}

std::string unknown_value(std::string_view option, std::string_view value, std::span<const std::string_view> known) {
  return fmt::format("has {} '{}'; there are {}", option, value, fmt::join(known, ", "));
}

Result<DatabaseUrl> parse_database_url(const std::string& text) {
  std::string whole = text;
  const bool hostless = add_missing_host(whole);
  const Result<net::Url> parsed = net::parse_url(whole, net::Schemes::any);
  if (!parsed) return parsed.error();
  if (!parsed->password.empty()) return password_in_url();
  if (!parsed->fragment.empty()) return broken("it has a #; write %23");
  const auto user = decoded(parsed->user);
  const auto database = decoded(std::string_view{parsed->path}.substr(1));
  if (!user || !database) return broken("a % escape is wrong");
  DatabaseUrl url{*user, hostless ? "" : std::string{net::without_brackets(parsed->host)}, parsed->port, *database, {}};
  if (auto error = take_options(parsed->query, url)) return *error;
  return url;
}

}  // namespace crmpulse::probes::sql
