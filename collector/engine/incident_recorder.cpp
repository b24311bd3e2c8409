#include "collector/engine/incident_recorder.h"

#include <algorithm>
#include <utility>

#include "collector/message/compose.h"
#include "collector/message/describe.h"
#include "collector/message/stored.h"
#include "collector/state/snapshot.h"
#include "core/log.h"

namespace crmpulse::collector {

WriteSet IncidentRecorder::record(const rules::Outcome& outcome, TimePoint now) {
  WriteSet changes;
  for (const rules::Message& message : outcome.messages) changes.messages.push_back(message_row(message));
  const std::set<std::string> crms = concerned(outcome);
  note_changes(outcome);
  for (const std::string& crm : outcome.removed) state_.timeline.end(crm, now);
  for (const std::string& crm : crms) add_crm(changes, crm, now);
  for (std::size_t i = 0; i < outcome.messages.size(); ++i)
    state_.incidents.handed_over(outcome.messages[i], changes.messages[i].id);
  add_notes(changes, now);
  if (outcome.shared) changes.meta[EngineState::kSharedName] = state_.rules().save_shared();
  forget_removed(outcome);
  return changes;
}

/// CRMs of which something was told, or whose stored incident or state is not right any more.
std::set<std::string> IncidentRecorder::concerned(const rules::Outcome& outcome) {
  std::set<std::string> crms;
  for (const rules::Message& message : outcome.messages) {
    if (!message.crm.empty()) crms.insert(message.crm);
    crms.insert(message.counted.begin(), message.counted.end());
  }
  for (const std::string& crm : outcome.touched) {
    state_.crms()[state_.crms().index_of(crm, "")].dirty = true;
    const bool gone = !state_.rules().watches(crm);
    if (gone || (state_.incidents.is_open(crm) && state_.incidents.behind(state_.rules().status(crm).value())))
      crms.insert(crm);
  }
  for (const rules::StateChange& change : outcome.changes) crms.insert(change.status.crm);
  return crms;
}

void IncidentRecorder::note_changes(const rules::Outcome& outcome) {
  state_.stats.changes += outcome.changes.size();
  if (state_.settings().mute) state_.stats.muted_changes += outcome.changes.size();
  for (const rules::StateChange& change : outcome.changes) {
    const auto standing = state_.rules().standing(change.status.crm);
    state_.timeline.take(change, standing && standing->maintenance);
    log::info("state changed", {{"crm", change.status.crm},
                                {"from", std::string{to_string(change.previous)}},
                                {"to", std::string{state_name(change.status)}},
                                {"data", std::string{to_string(change.status.data_status)}}});
  }
}

void IncidentRecorder::forget_removed(const rules::Outcome& outcome) {
  state_.stats.removed_crms += outcome.removed.size();
  for (const std::string& crm : outcome.removed) {
    state_.samples.forget(crm);
    state_.census().remove_crm(crm);
    log::info("a CRM is not watched any more", {{"crm", crm}});
  }
}

store::OutboxRow IncidentRecorder::message_row(const rules::Message& message) const {
  store::OutboxRow row;
  row.receiver = message.receiver;
  row.dedup_key = message.subject;
  row.seq = message.seq;
  row.id = message_id(message.at, row.receiver, row.dedup_key, row.seq);
  row.event = message.type;
  row.level = static_cast<int>(message.state);
  row.created = message.at;
  row.not_before = message.at;
  Audience audience;
  for (const ReceiverSettings& receiver : state_.settings().receivers) {
    if (receiver.name == message.receiver) audience = receiver.audience();
  }
  row.body = stored_message(
      compose(message, audience,
              {state_.configuration->remedies, state_.settings().external_url, state_.crms().find(message.crm),
               state_.incidents.opened(message.crm), &state_.crms(), &state_.changes()}));
  return row;
}

void IncidentRecorder::add_crm(WriteSet& changes, const std::string& crm, TimePoint now) {
  const std::optional<rules::CrmStatus> status = state_.rules().status(crm);
  const IncidentStore::Context context{state_.crms(), state_.configuration->remedies, state_.changes(),
                                       state_.operations, state_.settings().time_zone};
  for (store::StoredIncident& incident : state_.incidents.update(crm, status, context, now)) {
    changes.incidents.insert_or_assign(incident.id, std::move(incident));
  }
  if (status) {
    changes.states.insert_or_assign(crm, state_of(crm));
  } else {
    changes.removed.insert(crm);
  }
}

store::StoredState IncidentRecorder::state_of(const std::string& crm) {
  static const CrmFacts kNothing;
  const CrmFacts* facts = state_.crms().find(crm);
  const std::string engine_bytes = state_.rules().save(crm);
  state_.census().weigh(crm, {engine_bytes.size(), state_.rules().window_entries(crm)});
  return {crm, state_.samples.folded_seq(), encode_state(engine_bytes, facts == nullptr ? kNothing : *facts)};
}

void IncidentRecorder::add_notes(WriteSet& changes, TimePoint now) {
  for (const auto& [crm, late] : state_.samples.take_late()) state_.incidents.late(state_.crms()[crm].crm, late);
  changes.markers = state_.changes().take_new();
  std::optional<TimePoint> since;
  for (const store::StoredChange& marker : changes.markers) {
    if (marker.was) since = std::min(since.value_or(marker.at), marker.at);
  }
  if (since) state_.incidents.changed(state_.crms(), state_.changes(), *since, now);
  changes.states_until = state_.timeline.take_cut();
  changes.state_changes = state_.timeline.take_new();
  changes.events = state_.incidents.take_events();
}

}  // namespace crmpulse::collector
