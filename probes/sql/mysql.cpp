// MySQL and MariaDB through libmariadb's non-blocking calls: every wait is a poll() with our deadline.
//
// `mysql://user@host:port/database?ssl-mode=required&ssl-ca=/path`; `localhost` means TCP like any other name, a Unix
// socket is `?socket=/path`. Without ssl-mode the
// connection is encrypted when the server can (preferred).

#include "probes/sql/mysql_session.h"

#include <fmt/format.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <mutex>

#include "probes/sql/driver.h"
#include "probes/sql/url.h"

namespace crmpulse::probes::sql {
namespace {

constexpr std::array<std::string_view, 5> kSslModes{"disabled", "preferred", "required", "verify_ca",
                                                    "verify_identity"};
constexpr std::array<std::string_view, 8> kOptions{"socket",   "ssl-mode", "ssl-ca",     "ssl-capath",
                                                   "ssl-cert", "ssl-key",  "ssl-cipher", "ssl-crl"};

/// Option names and modes are written with `-` or `_`, in any case.
std::string canonical(std::string_view name, char joint) {
  std::string out{name};
  for (char& c : out) {
    if (c == '-' || c == '_') c = joint;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Result<Url> parse_mysql_url(const std::string& text) {
  Result<Url> url = parse_url(text);
  if (!url) return url;
  std::map<std::string, std::string> options;
  for (const auto& [name, value] : url->options) {
    const std::string key = name == "sslmode" ? "ssl-mode" : canonical(name, '-');
    if (key == "password" || key == "pwd") return password_in_url();
    if (std::find(kOptions.begin(), kOptions.end(), key) == kOptions.end())
      return Error{fmt::format("has an unknown option '{}'", name)};
    const std::string mode = canonical(value, '_');
    if (key == "ssl-mode" && std::find(kSslModes.begin(), kSslModes.end(), mode) == kSslModes.end()) {
      return Error{fmt::format(
          "has ssl-mode '{}'; there are disabled, preferred, required, verify_ca and verify_identity", value)};
    }
    options[key] = key == "ssl-mode" ? mode : value;
  }
  url->options = std::move(options);
  if (url->host.empty() && url->options.count("socket") == 0)
    return Error{"names no host: write mysql://user@host:port/database"};
  return url;
}

/// Must the connection be encrypted? The library goes on without when the server cannot.
bool needs_tls(const Url& url) {
  const auto mode = url.options.find("ssl-mode");
  if (mode != url.options.end()) return mode->second == "required" || mode->second.starts_with("verify");
  return url.options.count("ssl-ca") + url.options.count("ssl-capath") + url.options.count("ssl-cert") > 0;
}

void set_tls(MYSQL* mysql, const Url& url) {
  const auto option = [&](const char* key) -> const char* {
    const auto found = url.options.find(key);
    return found == url.options.end() ? nullptr : found->second.c_str();
  };
  const std::string mode = option("ssl-mode") != nullptr ? option("ssl-mode") : "";
  // A Unix socket does not leave the machine.
  if (mode == "disabled" || (mode.empty() && url.options.count("socket") != 0 && !needs_tls(url))) return;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, option("ssl-ca"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CAPATH, option("ssl-capath"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, option("ssl-cert"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, option("ssl-key"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CIPHER, option("ssl-cipher"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CRL, option("ssl-crl"));
  const my_bool enforce = 1;  // the library's name for "ask for it"; needs_tls() has the rest
  const my_bool verify = mode.starts_with("verify") ? 1 : 0;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void set_options(MYSQL* mysql, const Url& url) {
  mysql_optionsv(mysql, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "crmpulse-agent");
  // A row larger than this ends the connection before it is held; the library's own bound is a gigabyte.
  const unsigned long most = kMaxValueBytes;
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &most);
  // A server may ask its client for files and for the password in clear: not this one.
  const unsigned int off = 0;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH,
                 "mysql_native_password,client_ed25519,caching_sha2_password,sha256_password");
  set_tls(mysql, url);
}

}  // namespace

std::optional<Error> check_mysql_url(const std::string& text) {
  const Result<Url> url = parse_mysql_url(text);
  if (!url) return url.error();
  return std::nullopt;
}

Opened open_mysql(const ConnectSpec& spec, const Limits& limits) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  Opened opened;
  const Result<Url> url = parse_mysql_url(spec.url);
  if (!url) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, url.error().message, true};
    return opened;
  }
  const auto socket = url->options.find("socket");
  std::vector<std::string> addresses{url->host};
  if (socket == url->options.end()) {
    const Stopwatch watch;
    Resolved resolved = resolve(url->host);
    if (resolved.asked) opened.phases.emplace_back("dns", watch.seconds());
    if (resolved.error) {
      opened.error = resolved.error;
      return opened;
    }
    // The certificate is checked against the name, so the library must be given it.
    const auto mode = url->options.find("ssl-mode");
    if (mode == url->options.end() || !mode->second.starts_with("verify")) addresses = std::move(resolved.addresses);
  }
  const Stopwatch watch;
  for (const std::string& address : addresses) {
    MysqlSession session{mysql_init(nullptr)};
    set_options(session.mysql(), *url);
    const MysqlTarget target{address,       url->port,     url->user,
                             spec.password, url->database, socket == url->options.end() ? "" : socket->second};
    opened.error = session.connect(target, limits);
    if (!opened.error && needs_tls(*url) && mysql_get_ssl_cipher(session.mysql()) == nullptr) {
      opened.error =
          SqlError{Stage::tls, Reason::refused, {}, "the server does not support TLS, but the URL asks for it", true};
    }
    if (!opened.error) opened.error = session.prepare(spec.read_only, limits, opened.notes);
    if (!opened.error) {
      opened.connection = std::make_unique<MysqlSession>(std::move(session));
      break;
    }
    if (limits.over()) break;
  }
  opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
