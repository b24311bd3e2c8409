#pragma once
// Names of hosts → addresses, within a deadline; for probes/sql only.

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {

struct Resolved {
  std::vector<std::string> addresses;  ///< numeric; the two families by turns, as RFC 8305 has it
  std::optional<SqlError> error;       ///< `resolve/timeout` when no name server answered, or not in time
  bool asked = false;                  ///< false: the name was an address already
};

/// The system's resolver blocks and cannot be stopped: it runs on a thread of its own, which is left behind when the
/// deadline passes, one for each name at most.
[[nodiscard]] Resolved resolve(const std::string& host, const Limits& limits);
/// Resolves all names at once: one that hangs does not keep the others waiting for long.
[[nodiscard]] std::vector<Resolved> resolve_all(const std::vector<std::string>& hosts, const Limits& limits);

[[nodiscard]] bool is_address(const std::string& host);
/// Is a numeric address a loopback one?
[[nodiscard]] bool is_loopback(const std::string& address);
/// v6, v4, v6, v4, …; the family of the first stays first.
void alternate_families(std::vector<std::string>& addresses);

}  // namespace crmpulse::probes::sql
