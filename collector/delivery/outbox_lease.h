#pragma once
#include <string>
#include <vector>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {

struct LeaseRequest {
  std::string receiver;
  int limit = 1;
  bool newest_only = false;  ///< of each queue only the newest message matters
};

/// The rows of a receiver that are due, taken for ten minutes. Bad news that is two hours old is not sent when
/// something newer about the same subject waits behind it. A job of the store's writer.
[[nodiscard]] Result<std::vector<store::OutboxRow>> lease_due(store::Database& database, const LeaseRequest& request,
                                                              TimePoint now);

}  // namespace crmpulse::collector
