#include "probes/sql/drivers/odbc_text.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/text/ascii.h"
#include "core/text/utf8.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/names.h"

namespace crmpulse::probes::sql {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

struct Pair {
  std::string key;  ///< lower case
  std::string value;
};

/// Takes `key=value` off the front; a value in braces may hold anything, `}}` is a brace.
std::optional<Pair> take_pair(std::string_view& rest) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Pair pair{ascii::lower(trimmed(rest.substr(0, equals))), {}};
  rest.remove_prefix(equals + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.starts_with('{')) {
    std::size_t end = rest.find('}', 1);
    while (end != std::string_view::npos && rest.substr(end).starts_with("}}")) end = rest.find('}', end + 2);
    if (end == std::string_view::npos) return std::nullopt;
    pair.value = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  }
  const std::size_t semicolon = rest.find(';');
  if (pair.value.empty()) pair.value = trimmed(rest.substr(0, semicolon));
  rest.remove_prefix(semicolon == std::string_view::npos ? rest.size() : semicolon + 1);
  return pair;
}

/// A driver's word for "with TLS or not at all", and those with which a connection string speaks of TLS itself.
struct DriverTls {
  std::array<std::string_view, 2> drivers;  ///< parts of its name or of its library's, lower case
  std::string_view asks;
  std::array<std::string_view, 5> keys;
};
constexpr std::array kDriverTls{
    DriverTls{{"psqlodbc", "postgresql"}, "SSLmode=require", {"sslmode", "ca", "", "", ""}},
    DriverTls{{"maodbc", "mariadb"}, "FORCETLS=1", {"forcetls", "sslca", "sslcapath", "sslcert", "sslverify"}},
    DriverTls{{"myodbc", "mysql"}, "SSLMODE=REQUIRED", {"sslmode", "ssl-mode", "sslca", "sslcert", "no_ssl"}},
    DriverTls{{"tdsodbc", "freetds"}, "Encryption=require", {"encryption", "encrypt", "", "", ""}},
};

std::map<std::string, std::string> pairs_of(std::string_view text) {
  std::map<std::string, std::string> pairs;
  for (std::string_view rest = trimmed(text); !rest.empty(); rest = trimmed(rest)) {
    auto pair = take_pair(rest);
    if (!pair) break;
    pairs.emplace(std::move(pair->key), std::move(pair->value));
  }
  return pairs;
}

constexpr std::array<std::string_view, 4> kServerKeys{"server", "servername", "host", "address"};

/// Returns the driver that a connection string names, nullptr for one we do not know.
const DriverTls* driver_of(const std::string& driver) {
  const std::string name = ascii::lower(driver);
  const auto* const found = std::find_if(kDriverTls.begin(), kDriverTls.end(), [&](const DriverTls& one) {
    return name.find(one.drivers[0]) != std::string::npos || name.find(one.drivers[1]) != std::string::npos;
  });
  return found == kDriverTls.end() ? nullptr : found;
}

bool is_psqlodbc(const std::map<std::string, std::string>& pairs) {
  const auto driver = pairs.find("driver");
  return driver != pairs.end() && driver_of(driver->second) == kDriverTls.data();
}

bool is_here(const std::string& server) {
  const std::string host =
      ascii::lower(server.substr(0, server.find_first_of(",\\")));  // SQL Server's port and instance
  return host.empty() || host == "localhost" || host.starts_with("/") || is_loopback(host);
}

}  // namespace

std::optional<Error> fault_of_connection_string(std::string_view text) {
  bool says_where = false;
  for (std::string_view rest = trimmed(text); !rest.empty(); rest = trimmed(rest)) {
    const auto pair = take_pair(rest);
    if (!pair || pair->key.empty())
      return Error{"is not an ODBC connection string; write odbc:Driver={…};Server=…;Database=…;UID=…"};
    const std::string& key = pair->key;
    if (key == "pwd" || key == "password") return password_in_url();
    says_where = says_where || key == "driver" || key == "dsn" || key == "filedsn";
  }
  if (!says_where) return Error{"needs a Driver or a DSN"};
  return std::nullopt;
}

std::string with_tls(std::string_view text) {
  auto pairs = pairs_of(text);
  std::string out{text};
  bool beyond = false;
  for (const std::string_view key : kServerKeys) {
    if (const auto server = pairs.find(std::string{key}); server != pairs.end()) beyond = !is_here(server->second);
  }
  const DriverTls* const driver = driver_of(pairs["driver"]);
  if (!beyond || driver == nullptr) return out;
  const auto said = [&](std::string_view key) { return pairs.count(std::string{key}) != 0; };
  if (std::any_of(driver->keys.begin(), driver->keys.end(), said)) return out;
  while (!out.empty() && (out.back() == ';' || out.back() == ' ')) out.pop_back();
  return out + ";" + std::string{driver->asks};
}

bool wants_tls_of_mysql(std::string_view text) {
  const auto pairs = pairs_of(text);
  const auto value = [&](const char* key) {
    const auto found = pairs.find(key);
    return found != pairs.end() ? ascii::lower(found->second) : std::string{};
  };
  const std::string force = value("forcetls");
  if (force == "1" || force == "yes" || force == "true" || force == "on") return true;
  for (const char* key : {"sslmode", "ssl-mode"}) {
    const std::string mode = value(key);
    if (mode == "required" || mode.starts_with("verify")) return true;
  }
  return value("sslverify") == "1";
}

std::optional<std::string> server_name_in(std::string_view text) {
  const auto pairs = pairs_of(text);
  const auto driver = pairs.find("driver");
  if (driver == pairs.end() || driver_of(driver->second) == nullptr) return std::nullopt;
  for (const std::string_view key : kServerKeys) {
    const auto server = pairs.find(std::string{key});
    if (server == pairs.end()) continue;
    const std::string& host = server->second;
    const bool is_name = !host.empty() && host.find_first_of("/,\\") == std::string::npos && !is_address(host);
    return is_name ? std::optional{host} : std::nullopt;
  }
  return std::nullopt;
}

bool takes_address(std::string_view text) {
  const auto pairs = pairs_of(text);
  const auto says = [&](const char* key, std::string_view start) {
    const auto found = pairs.find(key);
    return found != pairs.end() && ascii::lower(found->second).starts_with(start);
  };
  if (is_psqlodbc(pairs)) return pairs.count("pqopt") == 0;
  return !says("sslverify", "1") && !says("sslmode", "verify") && !says("ssl-mode", "verify");
}

std::string with_address(std::string_view text, const std::string& address, std::uint64_t seconds) {
  const auto pairs = pairs_of(text);
  if (is_psqlodbc(pairs)) {
    std::string out{text};
    if (pairs.count("pqopt") != 0) return out;
    while (!out.empty() && (out.back() == ';' || out.back() == ' ')) out.pop_back();
    const std::string where =
        address.empty() ? "" : " hostaddr=" + address + " connect_timeout=" + std::to_string(seconds);
    return out + ";pqopt={tcp_user_timeout=3000 keepalives_idle=30 keepalives_interval=10" + where + "}";
  }
  if (address.empty() || pairs.count("driver") == 0) return std::string{text};
  std::string out;
  for (std::string_view rest = trimmed(text); !rest.empty(); rest = trimmed(rest)) {
    const std::string_view before = rest;
    const auto pair = take_pair(rest);
    if (!pair) return std::string{text};
    const bool is_server = std::find(kServerKeys.begin(), kServerKeys.end(), pair->key) != kServerKeys.end();
    out += is_server ? pair->key + "=" + address : std::string{before.substr(0, before.size() - rest.size())};
    if (!out.ends_with(';')) out += ';';
  }
  // MariaDB's driver waits for as long as it likes, whatever the login timeout.
  const bool is_maodbc = driver_of(pairs.at("driver")) == &kDriverTls[1];
  if (is_maodbc && pairs.count("conn_timeout") == 0) out += "CONN_TIMEOUT=" + std::to_string(seconds) + ";";
  return out;
}

std::string with_password(std::string_view text, const Secret& password) {
  std::string out{text};
  if (password.empty()) return out;
  while (!out.empty() && (out.back() == ';' || out.back() == ' ')) out.pop_back();
  out += ";PWD={";
  for (const char c : password.reveal()) {
    out += c;
    if (c == '}') out += c;
  }
  return out + "}";
}

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t at = 0; at < text.size();) {
    const utf8::Character character = utf8::at(text, at);
    const char32_t point = character.length > 0 ? character.code : 0xfffd;
    at += std::max<std::size_t>(1, character.length);
    if (point >= 0x10000) {
      out += static_cast<char16_t>(0xd800 + ((point - 0x10000) >> 10U));
      out += static_cast<char16_t>(0xdc00 + ((point - 0x10000) & 0x3ffU));
    } else {
      out += static_cast<char16_t>(point);
    }
  }
  return out;
}

void append_utf8(std::string& out, std::u16string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char32_t point = text[i];
    const bool high = point >= 0xd800 && point < 0xdc00;
    if (high && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10U) + (static_cast<char32_t>(text[++i]) - 0xdc00);
    } else if (point >= 0xd800 && point < 0xe000) {
      point = 0xfffd;
    }
    utf8::append(out, point);
  }
}

std::string primary_message(std::string_view text) {
  while (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  text = text.substr(0, text.find("DETAIL:"));
  text = trimmed(text);
  while (text.ends_with(';')) text.remove_suffix(1);
  return std::string{text};
}

}  // namespace crmpulse::probes::sql
