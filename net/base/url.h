#pragma once
// Parses and builds URLs with libcurl's CURLU, the parser that also connects: what a policy reads here is where a
// request goes. A host in digits comes out as the address it means (`127.1`, `0x7f.1`, `2130706433`: all 127.0.0.1).
//
// Left to others is what CURLU does not know: PostgreSQL's addresses (several hosts, Unix sockets), which libpq both
// parses and connects to; ODBC's strings and SQLite's file names; a recipe's texts before their ${} are filled in; and
// the target of a request that a server reads, which is a path.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/failure/error.h"

namespace crmpulse::net {

struct Url {
  std::string scheme;       ///< in small letters
  std::string user;         ///< as written, with % escapes, like the password, the path, the query and the fragment
  std::string password;     ///< empty: none
  std::string host;         ///< decoded; an IPv6 address in brackets
  unsigned short port = 0;  ///< 0: none is written
  std::string path;         ///< `/` if none is written
  std::string query;        ///< without the `?`
  std::string fragment;

  [[nodiscard]] bool has_login() const { return !user.empty() || !password.empty(); }
  /// Returns the written port, else that of http or https, else 0.
  [[nodiscard]] unsigned short port_used() const;
  /// `host:port`, the host in small letters, without the scheme's own port, as browsers write it.
  [[nodiscard]] std::string authority() const;
  /// `https://host:port`: what may stand in a log. URLs of one origin lead to one server.
  [[nodiscard]] std::string origin() const;
};

enum class Schemes { web, any };  ///< `web`: http and https

/// Parses a URL with a scheme and a host. The error says what is wrong and what to write, and nothing of the URL but an
/// international host, since the rest may be secret.
[[nodiscard]] Result<Url> parse_url(const std::string& text, Schemes schemes = Schemes::web);

/// Returns the URL that a reference stands for in the document `base`, without a login and a fragment; an error if that
/// is not a web URL.
[[nodiscard]] Result<std::string> resolve_url(const std::string& base, const std::string& reference);
/// Returns a URL that parse_url() accepts with this user and password.
[[nodiscard]] std::string with_login(const std::string& url, std::string_view user, std::string_view password);
/// Returns the URL with an ASCII host; unchanged if it is not a URL or its host is not a name. For what nobody has
/// written down here: redirects and the environment.
[[nodiscard]] std::string with_ascii_host(const std::string& url);
/// Returns the URL, or the path, with one parameter more. Text is only inserted: CURLU changes the case of other
/// parameters' escapes, which some servers sign, and takes no path alone.
[[nodiscard]] std::string with_parameter(std::string url, std::string_view name, std::string_view value);
/// Returns the decoded `name=value` pairs of a query (`+` is not a blank); nullopt if a % escape is broken.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> query_pairs(std::string_view query);

/// Returns `HTTPS://Crm.example.com/Path` with its scheme in small letters (RFC 3986, section 3.1). Everything after it
/// compares schemes so. Also takes what is not a URL to parse_url(): `SQLite:file`.
[[nodiscard]] std::string with_lower_scheme(std::string url);

}  // namespace crmpulse::net
