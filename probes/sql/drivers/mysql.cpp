// MySQL and MariaDB through libmariadb's non-blocking calls: every wait is a poll() with our deadline.
//
// `mysql://user@host:port/database?ssl-mode=required&ssl-ca=/path`; `localhost` means TCP like any other name, a Unix
// socket is `?socket=/path`. Without ssl-mode the connection must be encrypted beyond this machine, and is when the
// server can on loopback.

#include "core/text/ascii.h"
#include "probes/sql/drivers/drivers.h"
#include "probes/sql/drivers/mysql_session.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>

#include "probes/sql/driver/dial.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/names.h"
#include "probes/sql/driver/url.h"

namespace crmpulse::probes::sql {
namespace {

constexpr std::array<std::string_view, 5> kSslModes{"disabled", "preferred", "required", "verify_ca",
                                                    "verify_identity"};
constexpr std::array<std::string_view, 2> kCleartexts{"deny", "allow"};
/// The library is given what begins with ssl- and the server's key; the rest is ours.
const std::vector<std::string> kOptions{
    "cleartext-password", "connect-timeout", "server-public-key", "socket",  "ssl-ca",  "ssl-capath",
    "ssl-cert",           "ssl-cipher",      "ssl-crl",           "ssl-key", "ssl-mode"};
constexpr const char* kSafePlugins = "mysql_native_password,client_ed25519";
/// Over these a password goes as it is, or enciphered with a key that whoever answers has just sent.
constexpr const char* kTrustingPlugins = ",caching_sha2_password,sha256_password";
constexpr const char* kClearPlugin = ",mysql_clear_password,dialog";

/// Option names and modes are written with `-` or `_`, in any case.
std::string canonical(std::string_view name, char joint) {
  std::string out{name};
  for (char& c : out) {
    if (c == '-' || c == '_') c = joint;
    c = ascii::lower(c);
  }
  return out;
}

Result<DatabaseUrl> parse_mysql_url(const std::string& text) {
  Result<DatabaseUrl> url = parse_database_url(text);
  if (!url) return url;
  std::map<std::string, std::string> options;
  for (const auto& [name, value] : url->options) {
    const std::string key = name == "sslmode" ? "ssl-mode" : canonical(name, '-');
    if (key == "password" || key == "pwd") return password_in_url();
    if (std::find(kOptions.begin(), kOptions.end(), key) == kOptions.end())
      return Error{fmt::format("is not a MySQL URL: {}", unknown_option(name, kOptions))};
    const std::string word = canonical(value, '_');
    if (key == "ssl-mode" && std::find(kSslModes.begin(), kSslModes.end(), word) == kSslModes.end())
      return Error{unknown_value(name, value, kSslModes)};
    if (key == "cleartext-password" && std::find(kCleartexts.begin(), kCleartexts.end(), word) == kCleartexts.end())
      return Error{unknown_value(name, value, kCleartexts)};
    if (key == "connect-timeout" &&
        (value.empty() || value.size() > 6 || value.find_first_not_of("0123456789") != std::string::npos))
      return Error{fmt::format("has {} '{}', which is not a whole number of seconds", name, value)};
    const std::string& mode = word;
    options[key] = key == "ssl-mode" ? mode : value;
  }
  url->options = std::move(options);
  if (url->host.empty() && url->options.count("socket") == 0)
    return Error{"names no host: write mysql://user@host:port/database"};
  return url;
}

const char* option(const DatabaseUrl& url, const char* key) {
  const auto found = url.options.find(key);
  return found == url.options.end() ? nullptr : found->second.c_str();
}

enum class Tls { disabled, preferred, required };

/// What holds for this address.
struct Protection {
  Tls tls = Tls::preferred;
  bool verify = false;
  bool by_default = false;  ///< the URL says nothing of it
  bool trusted_way = true;  ///< nobody listens between us and the server
};

Protection protection_of(const DatabaseUrl& url, const std::string& address) {
  Protection out;
  out.trusted_way = url.options.count("socket") != 0 || is_loopback(address);
  const std::string mode = option(url, "ssl-mode") != nullptr ? option(url, "ssl-mode") : "";
  out.verify = mode.starts_with("verify");
  if (mode == "disabled") {
    out.tls = Tls::disabled;
  } else if (mode == "required" || out.verify ||
             url.options.count("ssl-ca") + url.options.count("ssl-capath") + url.options.count("ssl-cert") > 0) {
    out.tls = Tls::required;
  } else if (mode.empty() && !out.trusted_way) {
    out.tls = Tls::required;
    out.by_default = true;
  } else if (mode.empty() && url.options.count("socket") != 0) {
    out.tls = Tls::disabled;  // a Unix socket does not leave the machine
  }
  return out;
}

void set_tls(MYSQL* mysql, const DatabaseUrl& url, const Protection& protection) {
  if (protection.tls == Tls::disabled) return;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, option(url, "ssl-ca"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CAPATH, option(url, "ssl-capath"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CERT, option(url, "ssl-cert"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_KEY, option(url, "ssl-key"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CIPHER, option(url, "ssl-cipher"));
  mysql_optionsv(mysql, MYSQL_OPT_SSL_CRL, option(url, "ssl-crl"));
  const my_bool enforce = 1;  // the library's name for "ask for it"; what the server greets with decides the rest
  const my_bool verify = protection.verify ? 1 : 0;
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

/// How the password may be shown to the server: it may ask for it in clear, or send a key of anybody's to encipher it.
void restrict_plugins(MYSQL* mysql, const DatabaseUrl& url, const Protection& protection, bool encrypted) {
  const std::string word = option(url, "cleartext-password") != nullptr ? option(url, "cleartext-password") : "deny";
  const bool allowed = word == "allow";
  std::string plugins = kSafePlugins;
  if (encrypted || allowed || protection.trusted_way || option(url, "server-public-key") != nullptr)
    plugins += kTrustingPlugins;
  if (allowed) plugins += kClearPlugin;
  mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, plugins.c_str());
}

void set_options(MYSQL* mysql, const DatabaseUrl& url, const Protection& protection) {
  mysql_optionsv(mysql, MYSQL_OPT_NONBLOCK, nullptr);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "crmpulse-agent");
  // A row larger than this ends the connection before it is held; the library's own bound is a gigabyte.
  const unsigned long most = kMaxValueBytes;
  mysql_optionsv(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &most);
  if (option(url, "socket") == nullptr) {
    // By itself the library takes `localhost` for its own socket.
    const unsigned int tcp = MYSQL_PROTOCOL_TCP;
    mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  }
  // A server may ask its client for files: not this one.
  const unsigned int off = 0;
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  if (const char* key = option(url, "server-public-key")) mysql_optionsv(mysql, MYSQL_SERVER_PUBLIC_KEY, key);
  set_tls(mysql, url, protection);
  restrict_plugins(mysql, url, protection, protection.tls == Tls::required);
}

class MysqlAttempt final : public Attempt {
 public:
  MysqlAttempt(const DatabaseUrl& url, const ConnectSpec& spec, std::string address)
      : url_(url),
        protection_(protection_of(url, address)),
        session_(std::make_unique<MysqlSession>(mysql_init(nullptr))) {
    set_options(session_->mysql(), url, protection_);
    const char* socket = option(url, "socket");
    target_ = {std::move(address), url.port, url.user, spec.password, url.database, socket != nullptr ? socket : ""};
  }

  State begin() override { return state(session_->begin(target_)); }
  State go_on() override { return state(session_->go_on()); }
  int socket() const override { return mysql_get_socket(session_->mysql()); }
  SqlError error() const override {
    return with_hint(while_connecting(mysql_error_of(mysql_errno(session_->mysql()), mysql_sqlstate(session_->mysql()),
                                                     mysql_error(session_->mysql()))),
                     protection_.tls == Tls::required);
  }

  /// For a certificate that is checked against the name: the library must be given it, and so resolves it itself.
  std::optional<SqlError> reach_by_name(const std::string& name, const Limits& limits,
                                        std::optional<Duration> per_address) {
    target_.host = name;
    return session_->connect(target_, limits, per_address);
  }

  /// From the server's greeting on.
  std::optional<SqlError> log_in(bool read_only, const Limits& limits, std::vector<std::string>& notes) {
    bool encrypted = protection_.tls == Tls::required;
    // On a Unix socket the library does not stop to let us look, and nobody else is at its other end.
    if (target_.socket.empty()) {
      bool offers_tls = false;
      if (auto error = session_->wait_for_greeting(limits, offers_tls)) return error;
      if (!offers_tls && protection_.tls == Tls::required) return no_tls();
      encrypted = offers_tls && protection_.tls != Tls::disabled;
      restrict_plugins(session_->mysql(), url_, protection_, encrypted);
    }
    if (auto error = session_->log_in(limits)) return with_hint(*error, encrypted);
    if (encrypted && mysql_get_ssl_cipher(session_->mysql()) == nullptr) return no_tls();
    return session_->prepare(read_only, limits, notes);
  }

  [[nodiscard]] std::unique_ptr<MysqlSession> take() { return std::move(session_); }

 private:
  [[nodiscard]] State state(bool stands) const {
    if (stands) return State::reached;
    return session_->has_failed() ? State::failed : State::connecting;
  }

  [[nodiscard]] SqlError no_tls() const {
    return SqlError{
        Stage::tls,
        Reason::refused,
        {},
        protection_.by_default
            ? "the server does not support TLS, which is required beyond this machine; ssl-mode=disabled in "
              "the url allows a connection without"
            : "the server does not support TLS, but the URL asks for it",
        true};
  }

  SqlError with_hint(SqlError error, bool encrypted) const {
    const unsigned int number = mysql_errno(session_->mysql());
    if (number == CR_SSL_CONNECTION_ERROR && !session_->offers_tls()) return no_tls();
    if (number != CR_PLUGIN_NOT_ALLOWED) return error;
    error.stage = Stage::auth;
    error.reason = Reason::refused;
    error.message =
        one_line(fmt::format("the server asks for the password in a way that shows it to {}: {}; "
                             "cleartext-password=allow in the url permits it",
                             encrypted ? "the server" : "whoever listens", error.message));
    return error;
  }

  const DatabaseUrl& url_;
  const Protection protection_;
  MysqlTarget target_;
  std::unique_ptr<MysqlSession> session_;
};

/// Only silence and refused connections lead to another address: what a server says is to be seen.
bool leads_on(const SqlError& error) {
  return error.reason == Reason::timeout ||
         (error.stage == Stage::connect && (error.reason == Reason::refused || error.reason == Reason::unreachable));
}

std::optional<Duration> connect_timeout(const DatabaseUrl& url) {
  const char* text = option(url, "connect-timeout");
  const int seconds = text != nullptr ? std::atoi(text) : 0;
  return seconds > 0 ? std::optional<Duration>{std::chrono::seconds{seconds}} : std::nullopt;
}

void open_by_name(const DatabaseUrl& url, const ConnectSpec& spec, std::size_t addresses, const Limits& limits,
                  Opened& opened) {
  MysqlAttempt attempt{url, spec, url.host};
  std::optional<Duration> per_address = connect_timeout(url);
  if (!per_address && addresses > 1) per_address = remaining(limits) / static_cast<std::int64_t>(addresses + 1);
  opened.error = attempt.reach_by_name(url.host, limits, per_address);
  if (!opened.error) opened.error = attempt.log_in(spec.read_only, limits, opened.notes);
  if (!opened.error) opened.connection = attempt.take();
}

void open_by_address(const DatabaseUrl& url, const ConnectSpec& spec, const std::vector<std::string>& addresses,
                     const Limits& limits, Opened& opened) {
  Dialer dialer{addresses, [&](std::size_t i) { return std::make_unique<MysqlAttempt>(url, spec, addresses[i]); },
                connect_timeout(url)};
  while (auto reached = dialer.next(limits)) {
    auto& attempt = static_cast<MysqlAttempt&>(*reached->attempt);
    opened.error = attempt.log_in(spec.read_only, dialer.share(limits, *reached), opened.notes);
    if (!opened.error) opened.connection = attempt.take();
    if (!opened.error || !leads_on(*opened.error)) return;
    dialer.failed(reached->index, *opened.error);
  }
  opened.error = dialer.error(limits);
}

}  // namespace

std::optional<Error> check_mysql_url(const std::string& text) {
  const Result<DatabaseUrl> url = parse_mysql_url(text);
  if (!url) return url.error();
  return std::nullopt;
}

Opened open_mysql(const ConnectSpec& spec, const Limits& limits) {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
  Opened opened;
  const Result<DatabaseUrl> url = parse_mysql_url(spec.url);
  if (!url) {
    opened.error = SqlError{Stage::connect, Reason::bad_content, {}, url.error().message, true};
    return opened;
  }
  std::vector<std::string> addresses{url->host};
  if (url->options.count("socket") == 0) {
    const Stopwatch watch;
    Resolved resolved = resolve(url->host, limits);
    if (resolved.asked) opened.phases.emplace_back("dns", watch.seconds());
    if (resolved.error) {
      opened.error = resolved.error;
      return opened;
    }
    addresses = std::move(resolved.addresses);
  }
  const Stopwatch watch;
  const char* mode = option(*url, "ssl-mode");
  if (mode != nullptr && std::string_view{mode}.starts_with("verify") && !is_address(url->host)) {
    open_by_name(*url, spec, addresses.size(), limits, opened);
  } else {
    open_by_address(*url, spec, addresses, limits, opened);
  }
  opened.phases.emplace_back("connect", watch.seconds());
  return opened;
}

}  // namespace crmpulse::probes::sql
