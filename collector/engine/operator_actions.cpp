// EngineLoop: what operators say, and what is written down about incidents.

#include <algorithm>

#include "collector/engine/engine_loop.h"
#include "collector/suppression/text.h"
#include "core/log.h"

namespace crmpulse::collector {

Result<void> EngineLoop::load_operations(store::Database& database) {
  // Those that ended lately too: the journal behind the last snapshot is judged again.
  auto stored = store::list_suppressions(database, std::nullopt, now() - Operations::kRemember, 1'000'000);
  if (!stored) return stored.error();
  std::vector<Suppression> known;
  for (const store::StoredSuppression& row : *stored) {
    if (auto suppression = from_stored(row)) {
      known.push_back(std::move(*suppression));
    } else {
      log::error("a stored silence or maintenance window cannot be read and does not hold", {{"id", row.id}});
    }
  }
  operations_.load(std::move(known));
  auto changes = store::load_changes(database);
  if (!changes) return changes.error();
  samples_.changes().load(*changes);
  return {};
}

void EngineLoop::apply_operations(TimePoint now) {
  for (const std::uint32_t crm : samples_.take_relabelled()) {
    if (crm != kNoCrm) operations_.look_at(samples_.crms()[crm].crm);
  }
  Operations::Ahead ahead;
  if (replaying_ > 0) {
    ahead = [this](const std::string& crm) {
      const CrmFacts* facts = samples_.crms().find(crm);
      return facts != nullptr && facts->folded_seq >= replaying_;
    };
  }
  const Operations::Applied applied = operations_.apply(samples_.engine(), now, ahead);
  for (const Operations::Switched& switched : applied.switched) {
    if (const Suppression* suppression = operations_.find(switched.id))
      incidents_.switched(switched.crm, *suppression, switched.on, switched.at);
  }
  for (const Operations::Maintained& maintained : applied.maintained) {
    if (CrmFacts* facts = samples_.crms().find(maintained.crm))
      facts->slo.set_maintenance(maintained.on, maintained.at);
  }
}

IncidentStore::Context EngineLoop::incident_context() const {
  return {samples_.crms(), configuration_->remedies, samples_.changes(), operations_};
}

void EngineLoop::take_notes(WriteSet& changes, TimePoint now) {
  for (const auto& [crm, late] : samples_.take_late()) incidents_.late(samples_.crms()[crm].crm, late);
  changes.markers = samples_.changes().take_new();
  std::optional<TimePoint> since;
  for (const store::StoredChange& marker : changes.markers) {
    if (marker.was) since = std::min(since.value_or(marker.at), marker.at);
  }
  if (since) incidents_.changed(samples_.crms(), samples_.changes(), *since, now);
  changes.events = incidents_.take_events();
}

void EngineLoop::store_crm(const std::string& crm, TimePoint now, WriteQueue::Stored stored) {
  WriteSet changes;
  add_crm(changes, crm, now);
  take_notes(changes, now);
  write_queue_.add(std::move(changes), std::move(stored));
}

void EngineLoop::add(Suppression suppression) {
  operations_.add(std::move(suppression));
  step();
}

void EngineLoop::end_suppression(const std::string& id, TimePoint at) {
  operations_.end(id, at);
  step();
}

bool EngineLoop::acknowledge(const std::string& crm, const Acknowledgement& ack, WriteQueue::Stored stored) {
  const auto status = samples_.engine().status(crm);
  if (!status || status->state == Level::healthy) return false;
  // Timelines come first: the judgement that follows may already end it.
  incidents_.acknowledged(crm, ack);
  samples_.engine().acknowledge(crm, ack.author, ack.until, ack.at);
  step();
  store_crm(crm, now(), std::move(stored));
  return true;
}

bool EngineLoop::unacknowledge(const std::string& crm, const std::string& author, WriteQueue::Stored stored) {
  const auto status = samples_.engine().status(crm);
  if (!status || !status->acked_by) return false;
  const TimePoint at = now();
  incidents_.unacknowledged(crm, author, at);
  samples_.engine().acknowledge(crm, author, at, at);
  step();
  store_crm(crm, at, std::move(stored));
  return true;
}

}  // namespace crmpulse::collector
