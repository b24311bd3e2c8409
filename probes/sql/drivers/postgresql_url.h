#pragma once
// `postgresql://user@host,host:port/database?option=value`: what libpq is told, and what we do ourselves because libpq
// does it only in its blocking calls (connect_timeout), not at all before version 16 (load_balance_hosts), or one
// address after another (target_session_attrs). For postgresql.cpp. libpq parses the address, not CURLU: it is libpq
// that connects, and only it knows several hosts, sockets and `?host=`. Only the options it would refuse are taken out
// first.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::probes::sql {

enum class SessionWanted { any, read_write, read_only, primary, standby, prefer_standby };

struct PostgresqlHost {
  std::string host;     ///< a name, an address, or a socket's directory; empty: only an address was given
  std::string address;  ///< hostaddr: numeric; empty: to be resolved
  std::string port;     ///< empty: libpq's default
  [[nodiscard]] bool is_socket() const {
    return address.empty() && !host.empty() && (host[0] == '/' || host[0] == '@');
  }
};

struct PostgresqlUrl {
  std::vector<std::pair<std::string, std::string>> settings;  ///< for libpq, but those below
  std::vector<PostgresqlHost> hosts;                          ///< empty: wherever libpq goes by itself
  SessionWanted wanted = SessionWanted::any;
  bool shuffle = false;                     ///< load_balance_hosts=random
  std::optional<Duration> connect_timeout;  ///< of each address
  bool cleartext_password = false;          ///< may go over a connection without TLS
  [[nodiscard]] bool has(std::string_view key) const;
};

/// Refuses a password in it, options nobody knows and values they do not have; lists those there are.
[[nodiscard]] Result<PostgresqlUrl> parse_postgresql_url(const std::string& text);

}  // namespace crmpulse::probes::sql
