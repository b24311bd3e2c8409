#include "collector/engine/write_queue.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/log.h"

namespace crmpulse::collector {
namespace {

template <class Map>
void merge_map(Map& into, Map& later) {
  for (auto& [key, value] : later) into.insert_or_assign(key, std::move(value));
}

}  // namespace

bool WriteSet::empty() const {
  return states.empty() && removed.empty() && incidents.empty() && messages.empty() && events.empty() &&
         markers.empty() && meta.empty() && state_changes.empty() && !states_until;
}

void WriteSet::merge(WriteSet later) {
  for (const std::string& crm : later.removed) {
    states.erase(crm);
    removed.insert(crm);
  }
  merge_map(states, later.states);
  merge_map(incidents, later.incidents);
  merge_map(meta, later.meta);
  if (later.states_until) {
    const TimePoint until = *later.states_until;
    std::erase_if(state_changes, [until](const store::StateChange& change) { return change.at > until; });
    states_until = std::min(states_until.value_or(until), until);
  }
  std::move(later.state_changes.begin(), later.state_changes.end(), std::back_inserter(state_changes));
  std::move(later.messages.begin(), later.messages.end(), std::back_inserter(messages));
  std::move(later.events.begin(), later.events.end(), std::back_inserter(events));
  std::move(later.markers.begin(), later.markers.end(), std::back_inserter(markers));
}

Result<void> write(store::Database& database, const WriteSet& changes) {
  for (const std::string& crm : changes.removed) {
    if (auto done = store::delete_state(database, crm); !done) return done;
  }
  for (const auto& [crm, state] : changes.states) {
    if (auto done = store::save_state(database, state); !done) return done;
  }
  for (const auto& [id, incident] : changes.incidents) {
    if (auto done = store::save_incident(database, incident); !done) return done;
  }
  for (const store::OutboxRow& message : changes.messages) {
    if (auto done = store::enqueue(database, message); !done) return done;
  }
  for (const store::IncidentEvent& event : changes.events) {
    if (auto done = store::add_event(database, event); !done) return done;
  }
  for (const store::StoredChange& marker : changes.markers) {
    if (auto done = store::save_change(database, marker); !done) return done;
  }
  if (changes.states_until) {
    if (auto done = store::drop_states_after(database, *changes.states_until); !done) return done;
  }
  for (const store::StateChange& change : changes.state_changes) {
    if (auto done = store::save_state_change(database, change); !done) return done;
  }
  for (const auto& [name, value] : changes.meta) {
    if (auto done = store::set_meta(database, name, value); !done) return done;
  }
  return {};
}

void WriteQueue::add(WriteSet changes) {
  hold(std::move(changes));
  // While the disk refuses, one attempt a tick is enough.
  if (!stats_.failing) start();
}

void WriteQueue::add(WriteSet changes, Stored stored) {
  waiting_for_.push_back(std::move(stored));
  hold(std::move(changes));
  // Somebody waits for this one: it is tried although the disk refused before.
  start();
}

void WriteQueue::hold(WriteSet changes) {
  waiting_.merge(std::move(changes));
  bound();
  stats_.waiting_messages = waiting_.messages.size();
}

void WriteQueue::shift(Duration by) {
  for (store::OutboxRow& row : waiting_.messages) {
    row.created += by;
    row.not_before += by;
  }
}

void WriteQueue::retry() {
  CRMPULSE_ON_LOOP(loop_);
  if (!waiting_.empty()) start();
}

void WriteQueue::start() {
  if (under_way_ || waiting_.empty()) return;
  auto changes = std::make_shared<const WriteSet>(std::move(waiting_));
  waiting_ = {};
  const std::vector<Stored> told = std::exchange(waiting_for_, {});
  under_way_ = true;
  const bool queued = writer_.submit([changes](store::Database& database) { return write(database, *changes); },
                                     [this, changes, told](const Result<void>& result) {
                                       loop_.post([this, changes, told, result] { finished(changes, told, result); });
                                     });
  if (!queued) finished(changes, told, Error{"the store's queue is full"});
}

void WriteQueue::finished(const std::shared_ptr<const WriteSet>& changes, const std::vector<Stored>& told,
                          const Result<void>& result) {
  under_way_ = false;
  for (const Stored& stored : told) stored(result);
  if (!result) {
    ++stats_.failures;
    if (!stats_.failing)
      log::error("state and messages cannot be stored; trying again", {{"why", result.error().message}});
    stats_.failing = true;
    WriteSet again = *changes;
    again.merge(std::move(waiting_));
    waiting_ = std::move(again);
    stats_.waiting_messages = waiting_.messages.size();
    if (!refused_ || waiting_.messages.empty()) return;
    refused_(waiting_.messages);
    // They may have been told: an opening that nobody has tried would vanish together with its end.
    for (store::OutboxRow& message : waiting_.messages) message.attempts = std::max(message.attempts, 1);
    return;
  }
  ++stats_.commits;
  if (stats_.failing) log::info("state and messages are stored again");
  stats_.failing = false;
  stats_.waiting_messages = waiting_.messages.size();
  if (written_ && !changes->messages.empty()) written_(changes->messages);
  start();
}

Result<void> WriteQueue::write_now() {
  if (waiting_.empty()) return {};
  WriteSet changes = std::exchange(waiting_, {});
  Result<void> written = writer_.run([&changes](store::Database& database) { return write(database, changes); });
  if (written) return written;
  ++stats_.failures;
  stats_.failing = true;
  waiting_ = std::move(changes);
  stats_.waiting_messages = waiting_.messages.size();
  return written;
}

void WriteQueue::bound() {
  std::vector<store::OutboxRow>& messages = waiting_.messages;
  for (const Event event : dispensable()) {
    if (messages.size() <= kMaxWaiting) return;
    const std::size_t before = messages.size();
    std::erase_if(messages, [event](const store::OutboxRow& row) { return row.event == event; });
    stats_.dropped_messages += before - messages.size();
  }
}

}  // namespace crmpulse::collector
