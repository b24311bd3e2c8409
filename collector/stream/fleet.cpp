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
    missing_ = engine_.rules().crms();
  }
  const auto until = Steady::now() + kSlice;
  // What was judged meanwhile is told as a change: under load there is always something.
  while (!missing_.empty() && Steady::now() < until) {
    (void)renew(missing_.back(), now);
    missing_.pop_back();
  }
  complete_ = missing_.empty();
  return complete_;
}

void Fleet::rest() {
  rows_.clear();
  missing_.clear();
  stale_.clear();
  made_.clear();
  bytes_ = 0;
  awake_ = complete_ = false;
}

void Fleet::judged(std::span<const std::string> crms) {
  if (!awake_) return;
  for (const std::string& crm : crms) {
    if (stands_as_told(crm))
      stale_.add(crm);
    else
      stale_.add_first(crm);
  }
}

bool Fleet::stands_as_told(const std::string& crm) const {
  const auto known = rows_.find(crm);
  if (known == rows_.end()) return false;
  const auto now = engine_.rules().standing(crm);
  const auto& told = known->second.standing;
  if (!now || !told) return false;
  return now->state == told->state && now->data_status == told->data_status && now->maintenance == told->maintenance;
}

std::vector<FleetChange> Fleet::changes(Which which, Steady::time_point now) {
  std::vector<FleetChange> out;
  if (!complete_) return out;
  next_round(now);
  const auto until = Steady::now() + (stale_.any_first() ? kSlice : kValueSlice);
  while (Steady::now() < until) {
    const std::optional<std::string> crm = which == Which::urgent ? stale_.next_first() : stale_.next();
    if (!crm) break;
    if (!renew(*crm, now)) continue;
    const auto row = rows_.find(*crm);
    if (row == rows_.end())
      out.push_back({FleetChange::Kind::gone, gone_data(*crm)});
    else
      out.push_back({FleetChange::Kind::crm, row->second.row});
  }
  return out;
}

bool Fleet::renew(const std::string& crm, Steady::time_point now) {
  const auto status = engine_.rules().status(crm);
  const auto known = rows_.find(crm);
  if (!status) {
    if (known == rows_.end()) return false;
    bytes_ -= known->second.row.size();
    rows_.erase(known);
    return true;
  }
  Told& told = known == rows_.end() ? rows_[crm] : known->second;
  told.made = now;
  told.standing = engine_.rules().standing(crm);
  made_.push_back({told.made, crm});
  std::string row = to_text(fleet_row(engine_, *status));
  if (told.row == row) return false;
  bytes_ += row.size();
  bytes_ -= told.row.size();
  told.row = std::move(row);
  return true;
}

/// Marks the rows that were made so long ago that it is their turn again.
void Fleet::next_round(Steady::time_point now) {
  const Steady::time_point due = now - kRound;
  for (; !made_.empty() && made_.front().at <= due; made_.pop_front()) {
    const auto row = rows_.find(made_.front().crm);
    if (row != rows_.end() && row->second.made == made_.front().at) stale_.add(row->first);
  }
}

void Fleet::append_rows(std::string& out) const {
  out.reserve(out.size() + bytes_ + rows_.size() + 2);
  out += '[';
  for (const auto& [crm, told] : rows_) {
    if (out.back() != '[') out += ',';
    out += told.row;
  }
  out += ']';
}

}  // namespace crmpulse::collector
