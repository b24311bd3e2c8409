#pragma once
// Private to store/: a row of the outbox as its queries select it, and its events as they ask for them.

#include <fmt/format.h>

#include <string>

#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {

/// Returns the event as the column `kind` has it. A number that this program does not know is in none of its lists.
[[nodiscard]] inline int kind_of(Event event) {
  return static_cast<int>(event);
}

/// Returns the kinds of all events for which `holds` is true, for SQL: `2, 3, 5`.
template <class Holds>
[[nodiscard]] std::string kinds(Holds holds) {
  std::string list;
  for (const Event event : all_events()) {
    if (holds(event)) list += fmt::format("{}{}", list.empty() ? "" : ", ", kind_of(event));
  }
  return list;
}

/// Columns 0 to 12: id, receiver, dedup_key, seq, event, level, created, not_before, attempts, last_code, last_error,
/// status, lease_until. Without the body.
[[nodiscard]] inline OutboxRow read_outbox_row(const Statement& row) {
  OutboxRow out;
  out.id = row.text(0);
  out.receiver = row.text(1);
  out.dedup_key = row.text(2);
  out.seq = row.integer(3);
  out.event = EventName{row.text(4)};
  out.level = static_cast<int>(row.integer(5));
  out.created = time_at(row, 6);
  out.not_before = time_at(row, 7);
  out.attempts = static_cast<int>(row.integer(8));
  out.last_code = static_cast<int>(row.integer(9));
  out.last_error = row.text(10);
  out.status = static_cast<DeliveryStatus>(row.integer(11));
  out.lease_until = time_at(row, 12);
  return out;
}

}  // namespace crmpulse::store
