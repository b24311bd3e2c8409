#include "collector/stream/fleet.h"

#include <algorithm>

#include "collector/stream/fleet_row.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

std::string gone_data(const std::string& crm) {
  return to_text(boost::json::object{{"crm", crm}});
}

}  // namespace

bool Fleet::prepare(Steady::time_point now) {
  if (complete_) return true;
  if (!awake_) {
    awake_ = true;
    round_step_ = now;
    for (std::string& crm : engine_.rules().crms()) stale_.insert(std::move(crm));
  }
  const auto until = Steady::now() + kSlice;
  while (!stale_.empty() && Steady::now() < until) {
    const auto next = stale_.extract(stale_.begin());
    (void)renew(next.value());
  }
  complete_ = stale_.empty();
  return complete_;
}

void Fleet::rest() {
  rows_.clear();
  stale_.clear();
  round_at_.clear();
  bytes_ = 0;
  awake_ = complete_ = false;
}

void Fleet::judged(std::span<const std::string> crms) {
  if (!awake_) return;
  for (const std::string& crm : crms) stale_.insert(crm);
}

std::vector<FleetChange> Fleet::changes(Steady::time_point now) {
  std::vector<FleetChange> out;
  if (!complete_) return out;
  next_round(now);
  const auto until = Steady::now() + kSlice;
  while (!stale_.empty() && Steady::now() < until) {
    const auto next = stale_.extract(stale_.begin());
    const std::string& crm = next.value();
    if (!renew(crm)) continue;
    const auto row = rows_.find(crm);
    if (row == rows_.end())
      out.push_back({FleetChange::Kind::gone, gone_data(crm)});
    else
      out.push_back({FleetChange::Kind::crm, row->second});
  }
  return out;
}

bool Fleet::renew(const std::string& crm) {
  const auto status = engine_.rules().status(crm);
  const auto known = rows_.find(crm);
  if (!status) {
    if (known == rows_.end()) return false;
    bytes_ -= known->second.size();
    rows_.erase(known);
    return true;
  }
  std::string row = to_text(fleet_row(engine_, *status));
  if (known != rows_.end() && known->second == row) return false;
  bytes_ += row.size();
  if (known != rows_.end()) {
    bytes_ -= known->second.size();
    known->second = std::move(row);
  } else {
    rows_.emplace(crm, std::move(row));
  }
  return true;
}

/// Marks as many rows as are due in the time since the last call, so that each has its turn once in a kRound.
void Fleet::next_round(Steady::time_point now) {
  const auto passed = std::chrono::duration_cast<Duration>(now - round_step_);
  const auto due = static_cast<std::size_t>(std::max<Duration::rep>(passed.count(), 0)) * rows_.size() /
                   static_cast<std::size_t>(kRound.count());
  if (due == 0) return;
  round_step_ = now;
  auto row = rows_.upper_bound(round_at_);
  for (std::size_t i = 0; i < std::min(due, rows_.size()); ++i, ++row) {
    if (row == rows_.end()) row = rows_.begin();
    stale_.insert(row->first);
    round_at_ = row->first;
  }
}

void Fleet::append_rows(std::string& out) const {
  out.reserve(out.size() + bytes_ + rows_.size() + 2);
  out += '[';
  for (const auto& [crm, row] : rows_) {
    if (out.back() != '[') out += ',';
    out += row;
  }
  out += ']';
}

}  // namespace crmpulse::collector
