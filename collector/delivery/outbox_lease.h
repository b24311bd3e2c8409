#pragma once
// Takes due messages of one receiver from the outbox.

#include <string>
#include <vector>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {

struct LeaseRequest {
  std::string receiver;
  int limit = 1;
  bool newest_only = false;  ///< of each queue only the newest message matters
};

/// Leases the rows of a receiver that are due, for ten minutes. Bad news that is two hours old is not sent if something
/// newer about the same subject waits behind it. Runs as a job of the store's writer.
[[nodiscard]] Result<std::vector<store::OutboxRow>> lease_due(store::Database& database, const LeaseRequest& request,
                                                              TimePoint now);

}  // namespace crmpulse::collector
