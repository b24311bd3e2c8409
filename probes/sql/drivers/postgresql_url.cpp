#include "probes/sql/drivers/postgresql_url.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <set>
#include <span>

#include "core/failure/failure.h"
#include "net/base/host_name.h"
#include "probes/sql/driver/driver.h"
#include "probes/sql/driver/url.h"

namespace crmpulse::probes::sql {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, FreeOptions>;

constexpr std::string_view kLoadBalance = "load_balance_hosts";
constexpr std::string_view kCleartext = "cleartext_password";

struct Choice {
  std::string_view key;
  std::span<const std::string_view> values;
};
constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};
constexpr std::array<std::string_view, 3> kPreferences{"disable", "prefer", "require"};
constexpr std::array<std::string_view, 6> kSessions{"any",     "read-write", "read-only",
                                                    "primary", "standby",    "prefer-standby"};
constexpr std::array<std::string_view, 4> kTlsVersions{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
constexpr std::array<std::string_view, 2> kSwitch{"0", "1"};
constexpr std::array<std::string_view, 2> kLoadBalances{"disable", "random"};
constexpr std::array<std::string_view, 2> kCleartexts{"deny", "allow"};
constexpr std::array kChoices{Choice{"sslmode", kSslModes},
                              Choice{"channel_binding", kPreferences},
                              Choice{"gssencmode", kPreferences},
                              Choice{"target_session_attrs", kSessions},
                              Choice{"ssl_min_protocol_version", kTlsVersions},
                              Choice{"ssl_max_protocol_version", kTlsVersions},
                              Choice{"keepalives", kSwitch},
                              Choice{"sslsni", kSwitch},
                              Choice{"sslcompression", kSwitch},
                              Choice{kLoadBalance, kLoadBalances},
                              Choice{kCleartext, kCleartexts}};
constexpr std::array<std::string_view, 5> kNumbers{"connect_timeout", "keepalives_idle", "keepalives_interval",
                                                   "keepalives_count", "tcp_user_timeout"};

Error refused(std::string_view why) {
  return Error{fmt::format("is not a PostgreSQL URL: {}", why)};
}

/// What a URL of ours may say: libpq's words but its secrets and its debugging, and our own.
const std::vector<std::string>& known_options() {
  static const std::vector<std::string> all = [] {
    std::set<std::string> known{std::string{kLoadBalance}, std::string{kCleartext}};
    const OptionsPtr options{PQconndefaults()};
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
      const std::string_view key = option->keyword;
      const bool hidden = option->dispchar[0] == 'D' || option->dispchar[0] == '*' || key == "authtype" || key == "tty";
      if (!hidden) known.emplace(key);
    }
    return std::vector<std::string>{known.begin(), known.end()};
  }();
  return all;
}

/// `key=value` pairs behind the `?`; ours are taken out of the text, for libpq would refuse them.
Result<std::vector<std::pair<std::string, std::string>>> take_own_options(std::string& text) {
  std::vector<std::pair<std::string, std::string>> own;
  const std::size_t question = text.find('?');
  if (question == std::string::npos) return own;
  std::string left;
  for (std::string_view rest = std::string_view{text}.substr(question + 1); !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const auto key = decoded(pair.substr(0, equals));
    const auto value = decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!key || !value) return refused("a % escape is wrong");
    if (*key == "password" || *key == "sslpassword") return password_in_url();
    const auto& known = known_options();
    // Those who come from Java write ssl=true; libpq knows it as sslmode=require.
    if (*key != "ssl" && std::find(known.begin(), known.end(), *key) == known.end())
      return refused(unknown_option(*key, known));
    if (*key == kLoadBalance || *key == kCleartext) {
      own.emplace_back(*key, *value);
    } else {
      left += fmt::format("{}{}", left.empty() ? "?" : "&", pair);
    }
  }
  text = text.substr(0, question) + left;
  return own;
}

std::optional<Error> fault_of_value(std::string_view key, std::string_view value) {
  for (const Choice& choice : kChoices) {
    if (choice.key == key && std::find(choice.values.begin(), choice.values.end(), value) == choice.values.end())
      return Error{unknown_value(key, value, choice.values)};
  }
  if (std::find(kNumbers.begin(), kNumbers.end(), key) == kNumbers.end()) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size())
    return Error{fmt::format("has {} '{}', which is not a whole number", key, value)};
  return std::nullopt;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  for (std::size_t comma = list.find(','); comma != std::string_view::npos; comma = list.find(',')) {
    out.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma + 1);
  }
  out.emplace_back(list);
  return out;
}

std::optional<Error> fault_of_port(const std::string& port) {
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool good = error == std::errc{} && end == port.data() + port.size() && number > 0 && number < 65536;
  if (port.empty() || good) return std::nullopt;
  return refused(fmt::format("'{}' is not a port", port));
}

/// One host or address for each of the other's, and one port for all or one for each.
std::optional<Error> take_hosts(const std::optional<std::string>& host, const std::optional<std::string>& address,
                                const std::optional<std::string>& port, PostgresqlUrl& url) {
  if (!host && !address) {
    if (port) url.settings.emplace_back("port", *port);
    return port ? fault_of_port(*port) : std::nullopt;
  }
  const std::vector<std::string> hosts = split(host.value_or(""));
  const std::vector<std::string> addresses = split(address.value_or(""));
  const std::vector<std::string> ports = split(port.value_or(""));
  const std::size_t count = host ? hosts.size() : addresses.size();
  if (host && address && addresses.size() != hosts.size())
    return refused(fmt::format("it has {} hosts and {} addresses (hostaddr)", hosts.size(), addresses.size()));
  if (ports.size() != 1 && ports.size() != count)
    return refused(fmt::format("it has {} hosts and {} ports", count, ports.size()));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& own_port = ports.size() == 1 ? ports[0] : ports[i];
    if (auto fault = fault_of_port(own_port)) return fault;
    if (auto fault = host ? net::host_fault(hosts[i]) : std::nullopt; fault && !hosts[i].starts_with('/'))
      return Error{*std::move(fault)};
    url.hosts.push_back({host ? hosts[i] : "", address ? addresses[i] : "", own_port});
    if (url.hosts.back().host.empty() && url.hosts.back().address.empty() && count > 1)
      return refused("a host of the list is empty");
  }
  if (count == 1 && url.hosts[0].host.empty() && url.hosts[0].address.empty()) {
    if (!url.hosts[0].port.empty()) url.settings.emplace_back("port", url.hosts[0].port);
    url.hosts.clear();
  }
  return std::nullopt;
}

SessionWanted session_from(std::string_view value) {
  const auto found = std::find(kSessions.begin(), kSessions.end(), value);
  return static_cast<SessionWanted>(found - kSessions.begin());
}

/// Reads it as libpq does: empty, or less than one second, means no limit.
std::optional<Duration> timeout_from(const std::string& value) {
  int seconds = 0;
  (void)std::from_chars(value.data(), value.data() + value.size(), seconds);
  return seconds > 0 ? std::optional<Duration>{std::chrono::seconds{seconds}} : std::nullopt;
}

}  // namespace

bool PostgresqlUrl::has(std::string_view key) const {
  return std::any_of(settings.begin(), settings.end(), [&](const auto& setting) { return setting.first == key; });
}

Result<PostgresqlUrl> parse_postgresql_url(const std::string& text) {
  std::string for_libpq = text;
  const auto own = take_own_options(for_libpq);
  if (!own) return own.error();
  char* error = nullptr;
  const OptionsPtr options{PQconninfoParse(for_libpq.c_str(), &error)};
  if (!options) {
    const std::string why = error != nullptr ? one_line(error) : "out of memory";
    PQfreemem(error);
    return refused(why);
  }
  PostgresqlUrl url;
  std::optional<std::string> host;
  std::optional<std::string> address;
  std::optional<std::string> port;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view key = option->keyword;
    const std::string value = option->val;
    if ((key == "password" || key == "sslpassword") && !value.empty()) return password_in_url();
    if (auto fault = fault_of_value(key, value)) return *fault;
    if (key == "host") {
      host = value;
    } else if (key == "hostaddr") {
      address = value;
    } else if (key == "port") {
      port = value;
    } else if (key == "target_session_attrs") {
      url.wanted = session_from(value);
    } else if (key == "connect_timeout") {
      url.connect_timeout = timeout_from(value);
    } else {
      url.settings.emplace_back(key, value);
    }
  }
  for (const auto& [key, value] : *own) {
    if (auto fault = fault_of_value(key, value)) return *fault;
    url.shuffle = url.shuffle || (key == kLoadBalance && value == "random");
    url.cleartext_password = url.cleartext_password || (key == kCleartext && value == "allow");
  }
  if (auto fault = take_hosts(host, address, port, url)) return *fault;
  return url;
}

}  // namespace crmpulse::probes::sql
