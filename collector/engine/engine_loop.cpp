#include "collector/engine/engine_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>
#include <utility>

#include "collector/message/compose.h"
#include "collector/message/describe.h"
#include "collector/message/stored.h"
#include "collector/state/snapshot.h"
#include "core/log.h"
#include "store/history/history.h"

namespace crmpulse::collector {
namespace {

/// Ticks come every second; a longer pause is ours, not the CRMs'.
constexpr Duration kLongestStall{std::chrono::seconds{30}};
constexpr Duration kSnapshotEvery{std::chrono::seconds{15}};
/// Of snapshots on the average: many CRMs with long windows are written down less often.
constexpr std::uint64_t kSnapshotBytesASecond = 8 * 1024 * 1024;
/// A CRM takes about 50 µs: a step stays short beside the request it serves, a tick is not waited for.
constexpr std::size_t kCrmsAStep = 20;
constexpr std::size_t kCrmsATick = 500;
constexpr Duration kValuesEvery{std::chrono::minutes{5}};
constexpr std::size_t kValuesAPart = 20'000;  ///< some ten milliseconds
constexpr Duration kPruneEvery{std::chrono::minutes{1}};
constexpr Duration kKeepDeliveries{std::chrono::hours{24 * 30}};
constexpr std::int64_t kMaxOutboxRows = 100'000;
constexpr int kPruneRows = 5'000;
constexpr int kPruneIncidents = 100;

/// Where a part of the last values is stored.
std::string values_name(std::size_t part) {
  return part == 0 ? "last_values" : fmt::format("last_values_{}", part);
}

}  // namespace

Result<void> EngineLoop::load_values(store::Database& database) {
  for (std::size_t part = 0;; ++part) {
    auto values = store::get_meta(database, values_name(part));
    if (!values) return values.error();
    if (!*values) return {};
    decode_values(**values, samples_.series());
  }
}

EngineLoop::EngineLoop(net::Loop& loop, store::Writer& writer, Clocks clocks,
                       std::shared_ptr<const Configuration> configuration, WriteQueue::Written written,
                       WriteQueue::Written refused)
    : loop_(loop),
      writer_(writer),
      clocks_(clocks),
      configuration_(std::move(configuration)),
      samples_(rules::Engine{configuration_->ruleset, receiver_specs(configuration_->settings.receivers)}),
      mark_(configuration_->settings.state_dir),
      write_queue_(loop, writer, std::move(written), std::move(refused)) {
  operations_.configure(configuration_->settings.maintenance);
  bound_folding();
  samples_.crms().set_vendor_kinds(configuration_->ruleset.settings.vendor_outage.kinds);
  apply_mute();
}

void EngineLoop::step() {
  if (replay_) return;
  step_at(now());
  if (round_.under_way) write_slice(kCrmsAStep);
}

void EngineLoop::step_at(TimePoint now) {
  apply_operations(now);
  const auto before = std::chrono::steady_clock::now();
  rules::Outcome outcome = samples_.engine().step(now);
  stats_.step_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  ++stats_.steps;
  handle(std::move(outcome), now);
}

WriteSet EngineLoop::changes_of(const rules::Outcome& outcome, TimePoint now) {
  WriteSet changes;
  // What was told or changed is stored at once, with its messages; what only moved on waits for the next snapshot, or
  // is folded again from the journal.
  std::set<std::string> crms;
  for (const rules::Message& message : outcome.messages) {
    changes.messages.push_back(message_row(message));
    if (!message.crm.empty()) crms.insert(message.crm);
    crms.insert(message.counted.begin(), message.counted.end());
  }
  for (const std::string& crm : outcome.touched) {
    samples_.crms()[samples_.crms().index_of(crm, "")].dirty = true;
    if (!samples_.engine().watches(crm)) {
      crms.insert(crm);
    } else if (incidents_.is_open(crm) && incidents_.behind(samples_.engine().status(crm).value())) {
      crms.insert(crm);
    }
  }
  for (const rules::StateChange& change : outcome.changes) {
    crms.insert(change.status.crm);
    ++stats_.changes;
    if (configuration_->settings.mute) ++stats_.muted_changes;
    log::info("state changed", {{"crm", change.status.crm},
                                {"from", std::string{to_string(change.previous)}},
                                {"to", std::string{state_name(change.status)}},
                                {"data", std::string{to_string(change.status.data_status)}}});
  }
  for (const std::string& crm : crms) add_crm(changes, crm, now);
  for (std::size_t i = 0; i < outcome.messages.size(); ++i)
    incidents_.handed_over(outcome.messages[i], changes.messages[i].id);
  take_notes(changes, now);
  if (outcome.shared) changes.meta[kSharedName] = samples_.engine().save_shared();
  stats_.removed_crms += outcome.removed.size();
  for (const std::string& crm : outcome.removed) {
    samples_.forget(crm);
    samples_.series().census().remove_crm(crm);
    log::info("a CRM is not watched any more", {{"crm", crm}});
  }
  // What is left of them in the journal must not be judged again.
  if (!outcome.removed.empty() && !replay_) changes.merge(dirty_states(false));
  return changes;
}

void EngineLoop::handle(rules::Outcome outcome, TimePoint now) {
  WriteSet changes = changes_of(outcome, now);
  if (!changes.empty()) write_queue_.add(std::move(changes));
}

bool EngineLoop::forget(const std::string& crm, WriteQueue::Stored stored) {
  if (!samples_.engine().watches(crm)) return false;
  const TimePoint at = now();
  write_queue_.add(changes_of(samples_.engine().remove(crm, at), at), std::move(stored));
  return true;
}

store::OutboxRow EngineLoop::message_row(const rules::Message& message) const {
  store::OutboxRow row;
  row.receiver = message.receiver;
  row.dedup_key = message.subject;
  row.seq = message.seq;
  row.id = message_id(message.at, row.receiver, row.dedup_key, row.seq);
  row.event = message.type;
  row.level = static_cast<int>(message.state);
  row.created = message.at;
  row.not_before = message.at;
  Language language = Language::en;
  for (const ReceiverSettings& receiver : configuration_->settings.receivers) {
    if (receiver.name == message.receiver) language = receiver.language;
  }
  row.body = stored_message(
      compose(message, language,
              {configuration_->remedies, configuration_->settings.external_url, samples_.crms().find(message.crm),
               incidents_.opened(message.crm), &samples_.crms(), &samples_.changes()}));
  return row;
}

void EngineLoop::add_crm(WriteSet& changes, const std::string& crm, TimePoint now) {
  const std::optional<rules::CrmStatus> status = samples_.engine().status(crm);
  for (store::StoredIncident& incident : incidents_.update(crm, status, incident_context(), now)) {
    changes.incidents.insert_or_assign(incident.id, std::move(incident));
  }
  if (status) {
    changes.states.insert_or_assign(crm, state_of(crm));
  } else {
    changes.removed.insert(crm);
  }
}

store::StoredState EngineLoop::state_of(const std::string& crm) {
  static const CrmFacts kNothing;
  const CrmFacts* facts = samples_.crms().find(crm);
  const std::string engine_bytes = samples_.engine().save(crm);
  samples_.series().census().weigh(crm, engine_bytes.size());
  return {crm, samples_.folded_seq(), encode_state(engine_bytes, facts == nullptr ? kNothing : *facts)};
}

WriteSet EngineLoop::dirty_states(bool clean) {
  WriteSet changes;
  for (CrmFacts& facts : samples_.crms().all()) {
    if (!facts.dirty) continue;
    facts.dirty = false;
    if (samples_.engine().watches(facts.crm)) add_crm(changes, facts.crm, now());
  }
  add_context(changes, samples_.folded_seq(), clean);
  return changes;
}

/// What belongs to no CRM; with the last slice of a snapshot.
void EngineLoop::add_context(WriteSet& changes, std::int64_t folded_seq, bool clean) {
  incidents_.settle_late(now());
  take_notes(changes, now());
  changes.meta["folded_seq"] = std::to_string(folded_seq);
  changes.meta["batches"] = agents_.save();
  changes.meta[kSharedName] = samples_.engine().save_shared();
  changes.meta["clean"] = clean ? "1" : "0";
  changes.meta["last_tick"] = format_time(now());
  changes.meta["retention_tick"] = format_time(retention_now());
  changes.meta["retention_held_until"] = held_ > Duration{} ? format_time(held_until_) : std::string{};
}

void EngineLoop::snapshot() {
  last_snapshot_ = now();
  round_ = Round{{}, 0, samples_.folded_seq(), 0, true};
  const auto& all = samples_.crms().all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].dirty) round_.crms.push_back(static_cast<std::uint32_t>(i));
  }
  write_slice(kCrmsATick);
}

void EngineLoop::write_values(WriteSet& changes) {
  changes.meta[values_name(next_values_ / kValuesAPart)] =
      encode_values(samples_.series(), now(), next_values_, kValuesAPart);
  next_values_ += kValuesAPart;
  if (next_values_ >= samples_.series().all().size()) next_values_ = kNoValues;
}

void EngineLoop::write_slice(std::size_t crms) {
  WriteSet changes;
  for (; crms > 0 && round_.next < round_.crms.size(); --crms) {
    CrmFacts& facts = samples_.crms()[round_.crms[round_.next++]];
    if (!std::exchange(facts.dirty, false) || !samples_.engine().watches(facts.crm)) continue;
    add_crm(changes, facts.crm, now());
    if (const auto state = changes.states.find(facts.crm); state != changes.states.end())
      round_.bytes += state->second.blob.size();
  }
  if (round_.next == round_.crms.size()) {
    round_.under_way = false;
    add_context(changes, round_.folded_seq, false);
  }
  write_queue_.add(std::move(changes));
}

void EngineLoop::tick() {
  const TimePoint before = std::exchange(last_tick_, now());
  if (replay_) return write_queue_.retry();
  // The machine slept or the loop stood still: nobody watched, so that time says nothing about any CRM.
  if (before != TimePoint{} && last_tick_ - before > kLongestStall) samples_.engine().restarted(last_tick_);
  write_queue_.retry();
  follow_clock();
  step_at(last_tick_);
  if (last_tick_ - last_values_ >= kValuesEvery) {
    last_values_ = last_tick_;
    next_values_ = 0;
  }
  if (next_values_ != kNoValues) {
    WriteSet changes;
    write_values(changes);
    write_queue_.add(std::move(changes));
  }
  const Duration pause{static_cast<Duration::rep>(round_.bytes * 1000 / kSnapshotBytesASecond)};
  if (round_.under_way) {
    write_slice(kCrmsATick);
  } else if (last_tick_ - last_snapshot_ >= std::max(kSnapshotEvery, pause)) {
    snapshot();
  }
  if (last_tick_ - last_prune_ >= kPruneEvery) prune();
}

Result<void> EngineLoop::close() {
  WriteSet changes = dirty_states(true);
  for (next_values_ = 0; next_values_ != kNoValues;) write_values(changes);
  write_queue_.hold(std::move(changes));
  return write_queue_.write_now();
}

void EngineLoop::reconfigure(std::shared_ptr<const Configuration> configuration) {
  const TimePoint at = now();
  samples_.changes().reloaded(configuration_->ruleset, configuration->ruleset, at);
  configuration_ = std::move(configuration);
  operations_.configure(configuration_->settings.maintenance);
  operations_.warn_of_idle(samples_.engine());
  bound_folding();
  samples_.crms().set_vendor_kinds(configuration_->ruleset.settings.vendor_outage.kinds);
  apply_mute();
  handle(samples_.engine().reconfigure(configuration_->ruleset, receiver_specs(configuration_->settings.receivers), at),
         at);
}

void EngineLoop::apply_mute() {
  const bool mute = configuration_->settings.mute;
  samples_.engine().set_muted(mute);
  if (mute) log::warning("muted by the configuration: states are judged, but no messages are sent");
}

void EngineLoop::prune() {
  last_prune_ = now();
  const Settings& settings = configuration_->settings;
  const TimePoint samples_before = retention_now() - settings.keep_samples;
  const TimePoint deliveries_before = retention_now() - kKeepDeliveries;
  const TimePoint states_before = retention_now() - settings.keep_states;
  const std::uint64_t journal_max = settings.journal_max;
  const bool queued = writer_.submit(
      [samples_before, deliveries_before, states_before, journal_max](store::Database& database) -> Result<void> {
        auto folded = store::get_meta(database, "folded_seq");
        if (!folded) return folded.error();
        const std::int64_t folded_seq = *folded ? std::strtoll((*folded)->c_str(), nullptr, 10) : 0;
        // What is in no block yet waits for the history, unless the journal grows over its bound.
        auto built = store::history_seq(database);
        if (!built) return built.error();
        auto pruned = store::prune_journal(database, samples_before, std::numeric_limits<std::int64_t>::max(),
                                           std::min(folded_seq, *built), kPruneRows);
        if (!pruned) return pruned.error();
        pruned = store::prune_journal(database, TimePoint::min(), journal_max, folded_seq, kPruneRows);
        if (!pruned) return pruned.error();
        auto dropped = store::prune_outbox(database, deliveries_before, kMaxOutboxRows);
        if (!dropped) return dropped.error();
        if (*dropped > 0)
          log::warning("messages dropped: the outbox is full", {{"messages", std::to_string(*dropped)}});
        if (auto gone = store::prune_incidents(database, states_before, kPruneIncidents); !gone) return gone;
        if (auto gone = store::prune_suppressions(database, states_before); !gone) return gone;
        return store::prune_changes(database, states_before);
      },
      [](const Result<void>& result) {
        if (!result) log::warning("old records cannot be deleted", {{"why", result.error().message}});
      });
  if (!queued) log::debug("no room to delete old records now");
}

}  // namespace crmpulse::collector
