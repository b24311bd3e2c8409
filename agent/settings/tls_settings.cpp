#include "agent/settings/tls_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "net/base/pem.h"
#include "net/base/url.h"

namespace crmpulse::agent {
namespace {

void check_file(config::Reader& reader, std::string_view key, const std::string& file) {
  std::error_code error;
  if (!file.empty() && !std::filesystem::is_regular_file(file, error)) {
    reader.problem(key, fmt::format("there is no file '{}'", file));
  }
}

/// The schemes net/client/http_client.h speaks to a proxy with.
void check_proxy(config::Reader& reader, const std::string& proxy) {
  constexpr std::array<std::string_view, 4> kSchemes{"http", "https", "socks5", "socks5h"};
  const Result<net::Url> url = net::parse_url(proxy, net::Schemes::any);
  if (!url) return reader.problem("proxy", url.error().message);
  if (url->has_login())
    return reader.problem("proxy", "must not contain a user or password: write proxy_username and proxy_password_file");
  if (std::find(kSchemes.begin(), kSchemes.end(), url->scheme) == kSchemes.end())
    reader.problem("proxy", fmt::format("begins with {}://, which is not a proxy's: write http://, https://, socks5:// "
                                        "or socks5h://, a host and a port",
                                        url->scheme));
}

/// `http://user:password@proxy:3128`: only the client sees it, and tells it to nobody else.
void read_proxy_login(config::Reader& reader, std::string& proxy) {
  std::string username;
  Secret password;
  const bool named = reader.get("proxy_username", username);
  const bool has_password = reader.get_secret("proxy_password", password);
  if (!named && !has_password) return;
  if (proxy.empty()) return reader.missing("proxy");
  if (!named) return reader.missing("proxy_username");
  if (!has_password) return reader.missing("proxy_password_file");
  proxy = net::with_login(proxy, username, password.reveal());
}

}  // namespace

void check_url(config::Reader& reader, std::string_view key, std::string& url) {
  url = net::with_lower_scheme(std::move(url));
  const Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) return reader.problem(key, parsed.error().message);
  // It would end in logs.
  if (parsed->has_login()) reader.problem(key, "must not contain a user or password; use a token");
}

void read_tls_files(config::Reader& reader, net::ClientTls& tls) {
  if (reader.get_path("ca_file", tls.ca_file)) {
    if (const auto fault = net::authorities_fault(tls.ca_file)) reader.problem("ca_file", *fault);
  }
  if (reader.get_path("cert_file", tls.cert_file)) check_file(reader, "cert_file", tls.cert_file);
  reader.get_secret_path("key", tls.key_file);
  if (tls.cert_file.empty() != tls.key_file.empty()) {
    reader.problem("cert_file and key_file belong together: give both or neither");
  }
}

HttpSettings read_http(config::Reader reader) {
  HttpSettings http;
  if (reader.get("proxy", http.proxy)) {
    http.proxy = net::with_lower_scheme(std::move(http.proxy));
    check_proxy(reader, http.proxy);
  }
  read_proxy_login(reader, http.proxy);
  read_tls_files(reader, http.tls);
  reader.finish();
  return http;
}

}  // namespace crmpulse::agent
