#pragma once
// Private to store/: a row of the outbox as its queries select it.

#include "store/collector/collector_store.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {

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
