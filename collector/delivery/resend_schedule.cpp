#include "collector/delivery/resend_schedule.h"

#include <algorithm>
#include <tuple>

namespace crmpulse::collector {
namespace {

/// As Prometheus does: an Alertmanager that was away or restarted must hear of the end as well.
constexpr Duration kRepeatEnds{std::chrono::minutes{15}};

}  // namespace

void ResendSchedule::learn(const store::OutboxRow& row) {
  if (is_sign_of_life(row.event)) return;
  const auto [known, fresh] = rows_.try_emplace(row.dedup_key, row);
  if (!fresh && std::tie(known->second.created, known->second.seq) < std::tie(row.created, row.seq))
    known->second = row;
}

void ResendSchedule::shift(Duration by) {
  for (auto& [key, row] : rows_) row.created += by;
  hurry();
}

std::vector<std::vector<store::OutboxRow>> ResendSchedule::due(TimePoint now, Duration interval, std::size_t batch) {
  std::vector<std::vector<store::OutboxRow>> pieces;
  if (last_ != TimePoint{} && now - last_ < interval) return pieces;
  last_ = now;
  std::erase_if(rows_, [now](const auto& entry) {
    return !lasts(entry.second.event) && now - entry.second.created > kRepeatEnds;
  });
  for (const auto& [key, row] : rows_) {
    if (pieces.empty() || pieces.back().size() >= std::max(batch, std::size_t{1})) pieces.emplace_back();
    pieces.back().push_back(row);
  }
  return pieces;
}

}  // namespace crmpulse::collector
