#include "collector/delivery/outbox_lease.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kLease{std::chrono::minutes{10}};
constexpr Duration kTooLate{std::chrono::hours{2}};

bool rises(const store::OutboxRow& row) {
  return row.event == Event::opened || row.event == Event::escalated;
}

Result<bool> supersede_if_late(store::Database& database, store::OutboxRow& row, TimePoint now) {
  if (!rises(row) || now - row.created < kTooLate) return false;
  const auto newer = store::newer_waits(database, row);
  if (!newer || !*newer) return newer;
  row.status = store::DeliveryStatus::superseded;
  if (auto settled = store::settle(database, row); !settled) return settled.error();
  return true;
}

}  // namespace

Result<std::vector<store::OutboxRow>> lease_due(store::Database& database, const LeaseRequest& request, TimePoint now) {
  if (request.newest_only) {
    if (auto kept = store::keep_newest(database, request.receiver); !kept) return kept.error();
  }
  auto rows = store::lease(database, request.receiver, now, now + kLease, request.limit);
  if (!rows) return rows.error();
  std::vector<store::OutboxRow> due;
  for (store::OutboxRow& row : *rows) {
    auto late = supersede_if_late(database, row, now);
    if (!late) return late.error();
    if (!*late) due.push_back(std::move(row));
  }
  return due;
}

}  // namespace crmpulse::collector
