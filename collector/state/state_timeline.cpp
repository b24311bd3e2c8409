#include "collector/state/state_timeline.h"

#include <algorithm>
#include <utility>

namespace crmpulse::collector {
namespace {

/// A change may be stored that much after the last tick that is.
constexpr Duration kLate{std::chrono::minutes{1}};
constexpr Duration kDay{std::chrono::hours{24}};

bool same(const store::StateChange& one, const store::StateChange& other) {
  return one.state == other.state && one.data_status == other.data_status && one.maintenance == other.maintenance;
}

}  // namespace

Result<void> StateTimeline::load(store::Database& database, TimePoint now) {
  const auto crms = store::crms_with_states(database);
  if (!crms) return crms.error();
  for (const std::string& crm : *crms) {
    const auto read = store::read_state_changes(database, crm, now - kDay, now, [this](const store::StateChange& one) {
      strips_.add(one);
      last_.insert_or_assign(one.crm, one);
    });
    if (!read) return read;
  }
  cut_ = now;
  return {};
}

void StateTimeline::look(const rules::Engine& engine, const std::string& crm, TimePoint at) {
  const auto standing = engine.standing(crm);
  if (!standing) return;
  const auto known = last_.find(crm);
  const store::StateChange is{at, crm, standing->state, standing->data_status, {}, standing->maintenance};
  if (known != last_.end() && same(known->second, is)) return;
  store::StateChange change = is;
  if (const auto status = engine.status(crm)) change.score = status->score;
  add(std::move(change));
}

void StateTimeline::take(const rules::StateChange& change, bool maintenance) {
  const rules::CrmStatus& status = change.status;
  store::StateChange is{change.at, status.crm, status.state, status.data_status, status.score, maintenance};
  const auto known = last_.find(status.crm);
  if (known == last_.end() || !same(known->second, is)) add(std::move(is));
}

void StateTimeline::set_maintenance(const std::string& crm, bool on, TimePoint at) {
  const auto known = last_.find(crm);
  if (known == last_.end() || known->second.maintenance == on) return;
  store::StateChange change = known->second;
  change.at = at;
  change.maintenance = on;
  add(std::move(change));
}

void StateTimeline::gap(TimePoint from, TimePoint to) {
  if (to - from < kLeastGap) return;
  std::vector<store::StateChange> unwatched;
  for (const auto& [crm, last] : last_) {
    if (last.at > from + kLate || last.data_status == DataStatus::no_data) continue;
    unwatched.push_back(last);
    unwatched.back().at = std::max(from, last.at);
    unwatched.back().data_status = DataStatus::no_data;
    unwatched.back().score.reset();
  }
  for (store::StateChange& change : unwatched) add(std::move(change));
}

void StateTimeline::end(const std::string& crm, TimePoint at) {
  const auto known = last_.find(crm);
  if (known == last_.end()) return;
  if (known->second.data_status != DataStatus::no_data || known->second.maintenance)
    add({at, crm, known->second.state, DataStatus::no_data, {}, false});
  last_.erase(crm);
  strips_.forget(crm);
}

void StateTimeline::end_unwatched(const rules::Engine& engine, TimePoint at) {
  std::vector<std::string> gone;
  for (const auto& [crm, last] : last_) {
    if (!engine.watches(crm)) gone.push_back(crm);
  }
  for (const std::string& crm : gone) end(crm, at);
}

void StateTimeline::clock_stepped(TimePoint now) {
  cut_ = now;
  std::erase_if(new_, [now](const store::StateChange& change) { return change.at > now; });
  std::vector<store::StateChange> later;
  for (auto& [crm, last] : last_) {
    if (last.at <= now) continue;
    last.at = now;
    later.push_back(last);
  }
  for (store::StateChange& change : later) add(std::move(change));
}

void StateTimeline::add(store::StateChange change) {
  const auto known = last_.find(change.crm);
  // Rows are in order: what began before the newest row is known only now.
  if (known != last_.end()) change.at = std::max(change.at, known->second.at);
  strips_.add(change);
  last_.insert_or_assign(change.crm, change);
  new_.push_back(std::move(change));
}

std::vector<store::StateChange> StateTimeline::take_new() {
  return std::exchange(new_, {});
}

std::optional<TimePoint> StateTimeline::take_cut() {
  return std::exchange(cut_, {});
}

}  // namespace crmpulse::collector
