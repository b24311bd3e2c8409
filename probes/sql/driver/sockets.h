#pragma once
// Waiting for sockets, for the drivers that speak their protocol themselves (PostgreSQL, MySQL); for probes/sql only.
// POSIX.

#include "probes/sql/driver/driver.h"

namespace crmpulse::probes::sql {

/// Returns the descriptor of a cancel, for poll(); -1, which poll() passes over, if there is none.
[[nodiscard]] int descriptor_of(const Cancel* cancel);
/// poll() for `events` on `fd` until the deadline or the cancel.
[[nodiscard]] Wait wait_for(int fd, short events, const Limits& limits, short* happened = nullptr);
/// What keeps firewalls from forgetting an idle connection, and tells us when they did.
void keep_alive(int socket);

}  // namespace crmpulse::probes::sql
