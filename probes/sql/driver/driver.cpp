#include "probes/sql/driver/driver.h"

#include <algorithm>

namespace crmpulse::probes::sql {

Error password_in_url() {
  return Error{"has a password in it; write it with password_file, password_env or password_credential instead"};
}

Duration remaining(const Limits& limits) {
  return std::max(Duration{0}, std::chrono::ceil<Duration>(limits.deadline - std::chrono::steady_clock::now()));
}

Duration server_timeout(const Limits& limits) {
  const Duration left = remaining(limits);
  // A fresh run always asks for the same figure, so that a kept connection need not be told again.
  const Duration base = left * 10 >= limits.statement_timeout * 8 ? limits.statement_timeout : left;
  return std::max(Duration{10}, base - base / 10);
}

}  // namespace crmpulse::probes::sql
