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
  fold_.changes().load(*changes);
  return {};
}

void EngineLoop::apply_operations(TimePoint now) {
  for (const std::uint32_t crm : fold_.take_relabelled()) {
    if (crm != kNoCrm) operations_.look_at(fold_.book()[crm].crm);
  }
  Operations::Ahead ahead;
  if (replaying_ > 0) {
    ahead = [this](const std::string& crm) {
      const CrmFacts* facts = fold_.book().find(crm);
      return facts != nullptr && facts->folded_seq >= replaying_;
    };
  }
  const Operations::Applied applied = operations_.apply(fold_.engine(), now, ahead);
  for (const Operations::Switched& switched : applied.switched) {
    if (const Suppression* suppression = operations_.find(switched.id))
      incidents_.switched(switched.crm, *suppression, switched.on, switched.at);
  }
  for (const Operations::Maintained& maintained : applied.maintained) {
    if (CrmFacts* facts = fold_.book().find(maintained.crm)) facts->slo.set_maintenance(maintained.on, maintained.at);
  }
}

IncidentBook::Context EngineLoop::incident_context() const {
  return {fold_.book(), configuration_->remedies, fold_.changes(), operations_};
}

void EngineLoop::take_notes(Changes& changes, TimePoint now) {
  for (const auto& [crm, late] : fold_.take_late()) incidents_.late(fold_.book()[crm].crm, late);
  changes.markers = fold_.changes().take_new();
  std::optional<TimePoint> since;
  for (const store::StoredChange& marker : changes.markers) {
    if (marker.was) since = std::min(since.value_or(marker.at), marker.at);
  }
  if (since) incidents_.changed(fold_.book(), fold_.changes(), *since, now);
  changes.events = incidents_.take_events();
}

void EngineLoop::store_crm(const std::string& crm, TimePoint now, Ledger::Stored stored) {
  Changes changes;
  add_crm(changes, crm, now);
  take_notes(changes, now);
  ledger_.add(std::move(changes), std::move(stored));
}

void EngineLoop::add(Suppression suppression) {
  operations_.add(std::move(suppression));
  step();
}

void EngineLoop::end_suppression(const std::string& id, TimePoint at) {
  operations_.end(id, at);
  step();
}

bool EngineLoop::acknowledge(const std::string& crm, const Acknowledgement& ack, Ledger::Stored stored) {
  const auto status = fold_.engine().status(crm);
  if (!status || status->state == Level::healthy) return false;
  // Timelines come first: the judgement that follows may already end it.
  incidents_.acknowledged(crm, ack);
  fold_.engine().acknowledge(crm, ack.author, ack.until, ack.at);
  step();
  store_crm(crm, now(), std::move(stored));
  return true;
}

bool EngineLoop::unacknowledge(const std::string& crm, const std::string& author, Ledger::Stored stored) {
  const auto status = fold_.engine().status(crm);
  if (!status || !status->acked_by) return false;
  const TimePoint at = now();
  incidents_.unacknowledged(crm, author, at);
  fold_.engine().acknowledge(crm, author, at, at);
  step();
  store_crm(crm, at, std::move(stored));
  return true;
}

}  // namespace crmpulse::collector
