#include "probes/sql/odbc_url/address.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>
#include <utility>

#include "core/text/ascii.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/url.h"
#include "probes/sql/odbc_url/family.h"

namespace crmpulse::probes::sql {
namespace {

/// The pairs of a connection string.
class Text {
 public:
  void add(std::string_view key, std::string_view value) {
    // Only where it must be: psqlODBC keeps the braces of a server or a database.
    const bool plain =
        value.find_first_of(";{}") == std::string_view::npos && !value.starts_with(' ') && !value.ends_with(' ');
    out_ += fmt::format("{}{}={}", out_.empty() ? "" : ";", key, plain ? std::string{value} : braced(value));
  }
  void add_if(std::string_view key, std::string_view value) {
    if (!value.empty()) add(key, value);
  }
  /// In braces whatever it is: what stands inside is a text of its own.
  void add_braced(std::string_view key, std::string_view value) {
    out_ += fmt::format("{}{}={}", out_.empty() ? "" : ";", key, braced(value));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  static std::string braced(std::string_view value) {
    std::string out = "{";
    for (const char c : value) {
      out += c;
      if (c == '}') out += c;
    }
    return out + "}";
  }
  std::string out_;
};

std::string_view scheme_of(std::string_view url) {
  return url.substr(0, url.find(':'));
}

Error not_by_odbc(std::string_view option, std::string_view why) {
  return Error{fmt::format("has {}, which {} on Windows", option, why)};
}

Result<Duration> seconds_from(std::string_view key, const std::string& value) {
  int seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc{} || end != value.data() + value.size() || seconds < 0 || value.size() > 6)
    return Error{fmt::format("has {} '{}', which is not a whole number of seconds", key, value)};
  return Duration{std::chrono::seconds{seconds}};
}

Result<void> take_timeout(std::string_view key, const std::string& value, OdbcAddress& address) {
  const auto seconds = seconds_from(key, value);
  if (!seconds) return seconds.error();
  if (*seconds > Duration::zero()) address.connect_timeout = *seconds;
  return {};
}

// PostgreSQL.

constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
/// What psqlODBC hands on to libpq as it is.
const std::vector<std::string> kLibpqOptions{"application_name",
                                             "channel_binding",
                                             "gssencmode",
                                             "hostaddr",
                                             "keepalives",
                                             "keepalives_count",
                                             "keepalives_idle",
                                             "keepalives_interval",
                                             "krbsrvname",
                                             "options",
                                             "ssl_max_protocol_version",
                                             "ssl_min_protocol_version",
                                             "sslcert",
                                             "sslcrl",
                                             "sslcrldir",
                                             "sslkey",
                                             "sslrootcert",
                                             "sslsni",
                                             "target_session_attrs",
                                             "tcp_user_timeout"};

struct Hosts {
  std::string names;  ///< with commas
  std::string port;   ///< of all
};

/// `user@a:1,b:1/db` → `user@a:1/db` and its hosts: a URL of one host is what parses.
Result<Hosts> take_hosts(std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.rfind('@', end);
  const std::size_t from = at == std::string::npos || at < begin ? begin : at + 1;
  Hosts hosts;
  std::string rest = url.substr(from, end - from);
  if (rest.find(',') == std::string::npos) return hosts;
  url.replace(from, end - from, rest.substr(0, rest.find(',')));
  bool first = true;
  for (rest += ','; !rest.empty();) {
    const std::string one = rest.substr(0, rest.find(','));
    if (one.empty()) return Error{"is not a PostgreSQL URL: a host of the list is empty"};
    rest.erase(0, one.size() + 1);
    const auto parsed = parse_database_url("postgresql://" + one + "/");
    if (!parsed) return parsed.error();
    const std::string port = parsed->port == 0 ? "" : std::to_string(parsed->port);
    if (!first && port != hosts.port)
      return not_by_odbc("several hosts with different ports", "psqlODBC cannot be given");
    hosts.names += (first ? "" : ",") + parsed->host;
    hosts.port = port;
    first = false;
  }
  return hosts;
}

/// `key='value'`, as libpq reads it.
std::string libpq_pair(std::string_view key, std::string_view value) {
  std::string out = fmt::format("{}='", key);
  for (const char c : value) {
    if (c == '\\' || c == '\'') out += '\\';
    out += c;
  }
  return out + "'";
}

/// What the options of a URL say beside host, port, user and database.
struct PostgresqlOptions {
  std::string ssl_mode;
  std::vector<std::string> for_libpq;
};

std::vector<std::string> known_postgresql() {
  std::vector<std::string> known = kLibpqOptions;
  for (const char* key : {"connect_timeout", "dbname", "host", "port", "sslmode", "user"}) known.emplace_back(key);
  std::sort(known.begin(), known.end());
  return known;
}

Result<void> take_postgresql_option(const std::string& key, const std::string& value, DatabaseUrl& url,
                                    PostgresqlOptions& options, OdbcAddress& address) {
  if (key == "password" || key == "sslpassword") return password_in_url();
  if (key == "sslmode" || (key == "ssl" && value == "true")) {
    options.ssl_mode = key == "ssl" ? "require" : value;
    if (std::find(kSslModes.begin(), kSslModes.end(), options.ssl_mode) == kSslModes.end())
      return Error{unknown_value(key, value, kSslModes)};
  } else if (key == "connect_timeout") {
    return take_timeout(key, value, address);
  } else if (key == "host") {
    url.host = value;
  } else if (key == "user") {
    url.user = value;
  } else if (key == "dbname") {
    url.database = value;
  } else if (key == "port") {
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), url.port);
    if (error != std::errc{} || end != value.data() + value.size() || url.port == 0)
      return Error{fmt::format("is not a PostgreSQL URL: '{}' is not a port", value)};
  } else if (key == "load_balance_hosts" || key == "cleartext_password") {
    return not_by_odbc(key, "psqlODBC does not know");
  } else if (std::find(kLibpqOptions.begin(), kLibpqOptions.end(), key) != kLibpqOptions.end()) {
    options.for_libpq.push_back(libpq_pair(key, value));
  } else {
    return Error{fmt::format("is not a PostgreSQL URL: {}", unknown_option(key, known_postgresql()))};
  }
  return {};
}

Result<OdbcAddress> postgresql_address(std::string text, const std::string& driver) {
  const auto hosts = take_hosts(text);
  if (!hosts) return hosts.error();
  Result<DatabaseUrl> url = parse_database_url(text);
  if (!url) return url.error();
  OdbcAddress address;
  PostgresqlOptions options;
  for (const auto& [key, value] : url->options) {
    if (auto taken = take_postgresql_option(key, value, *url, options, address); !taken) return taken.error();
  }
  const std::string server = hosts->names.empty() ? url->host : hosts->names;
  if (server.starts_with('/') || server.starts_with('@')) return not_by_odbc("a Unix socket", "psqlODBC does not know");
  const std::string port = url->port != 0 ? std::to_string(url->port) : "5432";
  Text out;
  out.add_braced("Driver", driver);
  // An address alone stands where the name would.
  out.add("Server", server.empty() && options.for_libpq.empty() ? "localhost" : server);
  out.add("Port", hosts->port.empty() ? port : hosts->port);
  out.add_if("Database", url->database.empty() ? url->user : url->database);
  out.add_if("UID", url->user);
  out.add_if("SSLmode", options.ssl_mode);
  if (!options.for_libpq.empty()) out.add_braced("pqopt", fmt::format("{}", fmt::join(options.for_libpq, " ")));
  address.text = out.take();
  return address;
}

// MySQL and MariaDB.

constexpr std::array<std::string_view, 5> kMysqlSslModes{"disabled", "preferred", "required", "verify_ca",
                                                         "verify_identity"};
constexpr std::array<std::string_view, 2> kCleartexts{"deny", "allow"};

/// A URL's option and what each driver calls it; empty: it does not know it.
struct MysqlOption {
  std::string_view key;
  std::string_view mysql;
  std::string_view mariadb;
};
constexpr std::array kMysqlOptions{
    MysqlOption{"ssl-ca", "SSLCA", "SSLCA"},       MysqlOption{"ssl-capath", "SSLCAPATH", "SSLCAPATH"},
    MysqlOption{"ssl-cert", "SSLCERT", "SSLCERT"}, MysqlOption{"ssl-cipher", "SSLCIPHER", "SSLCIPHER"},
    MysqlOption{"ssl-crl", "SSL-CRL", "SSLCRL"},   MysqlOption{"ssl-key", "SSLKEY", "SSLKEY"},
    MysqlOption{"server-public-key", "RSAKEY", ""}};

std::vector<std::string> known_mysql() {
  std::vector<std::string> known{"cleartext-password", "connect-timeout", "ssl-mode"};
  for (const MysqlOption& option : kMysqlOptions) known.emplace_back(option.key);
  std::sort(known.begin(), known.end());
  return known;
}

std::string canonical(std::string_view name, char joint) {
  std::string out = ascii::lower(name);
  for (char& c : out)
    if (c == '-' || c == '_') c = joint;
  return out;
}

Result<std::string> one_of(std::string_view option, const std::string& value,
                           std::span<const std::string_view> values) {
  std::string word = canonical(value, '_');
  if (std::find(values.begin(), values.end(), word) == values.end()) return Error{unknown_value(option, value, values)};
  return word;
}

void add_tls(Text& out, const std::string& mode, OdbcFamily family) {
  if (mode.empty()) return;
  if (family == OdbcFamily::mysql) return out.add("SSLMODE", ascii::upper(mode));
  const bool verify = mode.starts_with("verify");
  out.add("FORCETLS", verify || mode == "required" ? "1" : "0");
  if (verify) out.add("SSLVERIFY", "1");
}

struct MysqlOptions {
  std::string ssl_mode;
  bool cleartext = false;
  std::vector<std::pair<std::string, std::string>> others;  ///< as the driver calls them
};

Result<void> take_mysql_option(const std::string& name, const std::string& value, OdbcFamily family,
                               MysqlOptions& options, OdbcAddress& address) {
  const std::string key = name == "sslmode" ? "ssl-mode" : canonical(name, '-');
  if (key == "password" || key == "pwd") return password_in_url();
  if (key == "connect-timeout") return take_timeout(name, value, address);
  if (key == "socket") return not_by_odbc("a Unix socket", "ODBC does not know");
  if (key == "ssl-mode") {
    auto mode = one_of(name, value, kMysqlSslModes);
    if (!mode) return mode.error();
    options.ssl_mode = std::move(*mode);
    return {};
  }
  if (key == "cleartext-password") {
    const auto word = one_of(name, value, kCleartexts);
    if (!word) return word.error();
    options.cleartext = *word == "allow";
    return {};
  }
  const auto* const known = std::find_if(kMysqlOptions.begin(), kMysqlOptions.end(),
                                         [&](const MysqlOption& option) { return option.key == key; });
  if (known == kMysqlOptions.end())
    return Error{fmt::format("is not a MySQL URL: {}", unknown_option(name, known_mysql()))};
  const std::string_view own = family == OdbcFamily::mysql ? known->mysql : known->mariadb;
  if (own.empty()) return not_by_odbc(name, "MariaDB Connector/ODBC does not know");
  options.others.emplace_back(own, value);
  return {};
}

Result<OdbcAddress> mysql_address(const std::string& text, const OdbcDriver& driver) {
  const Result<DatabaseUrl> url = parse_database_url(text);
  if (!url) return url.error();
  OdbcAddress address;
  MysqlOptions options;
  for (const auto& [name, value] : url->options) {
    if (auto taken = take_mysql_option(name, value, driver.family, options, address); !taken) return taken.error();
  }
  if (url->host.empty()) return Error{"names no host: write mysql://user@host:port/database"};
  // Whoever names an authority or a certificate wants TLS.
  const bool tls_files = std::any_of(options.others.begin(), options.others.end(),
                                     [](const auto& option) { return option.first.starts_with("SSLC"); });
  if (options.ssl_mode.empty() && tls_files) options.ssl_mode = "required";
  Text out;
  out.add_braced("Driver", driver.name);
  out.add("Server", url->host);
  out.add("Port", url->port != 0 ? std::to_string(url->port) : "3306");
  out.add_if("Database", url->database);
  out.add_if("UID", url->user);
  add_tls(out, options.ssl_mode, driver.family);
  for (const auto& [key, value] : options.others) out.add(key, value);
  if (options.cleartext && driver.family == OdbcFamily::mysql) out.add("ENABLE_CLEARTEXT_PLUGIN", "1");
  address.text = out.take();
  return address;
}

Result<OdbcAddress> address_for(const std::string& url, const OdbcDriver& driver) {
  return driver.family == OdbcFamily::postgresql ? postgresql_address(url, driver.name) : mysql_address(url, driver);
}

/// The driver of the scheme's own makers: knows most of what a URL may say.
OdbcDriver usual_driver(std::string_view scheme) {
  if (scheme.starts_with("postgres")) return {"PostgreSQL Unicode(x64)", OdbcFamily::postgresql};
  return {"MySQL ODBC Unicode Driver", OdbcFamily::mysql};
}

}  // namespace

Result<OdbcAddress> odbc_address(const std::string& url, const std::vector<std::string>& installed) {
  const std::string_view scheme = scheme_of(url);
  const auto driver = best_driver(scheme, installed);
  if (driver) return address_for(url, *driver);
  return Error{missing_driver(scheme, installed)};
}

std::optional<Error> fault_for_odbc(const std::string& url) {
  const auto address = address_for(url, usual_driver(scheme_of(url)));
  return address ? std::nullopt : std::optional{address.error()};
}

}  // namespace crmpulse::probes::sql
