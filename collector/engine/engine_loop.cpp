#include "collector/engine/engine_loop.h"

#include <algorithm>
#include <utility>

#include "collector/engine/pruning.h"
#include "collector/engine/snapshot_loader.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

/// Ticks come every second; a longer pause is ours, not the CRMs'.
constexpr Duration kLongestStall{std::chrono::seconds{30}};
constexpr Duration kPruneEvery{std::chrono::minutes{1}};
/// Data gets old without any event: every CRM is looked at once in so many ticks.
constexpr std::size_t kTicksARound = 15;

}  // namespace

EngineLoop::EngineLoop(net::Loop& loop, store::Writer& writer, Clocks clocks,
                       std::shared_ptr<const Configuration> configuration, WriteQueue::Written written,
                       WriteQueue::Written refused)
    : loop_(loop),
      writer_(writer),
      state_{clocks,
             SampleSink{rules::Engine{configuration->ruleset, receiver_specs(configuration->settings.receivers)}},
             std::move(configuration),
             {},
             {},
             {},
             {},
             {}},
      write_queue_(loop, writer, std::move(written), std::move(refused)),
      recorder_(state_),
      snapshotter_(state_, recorder_, retention_, write_queue_),
      guard_(state_, writer, write_queue_),
      clock_steps_(loop, writer, state_, retention_, write_queue_),
      replayer_(loop, writer, state_, guard_, clock_steps_, [this](TimePoint at) { step_at(at); }) {
  apply_configuration();
}

Result<void> EngineLoop::recover(Duration patience) {
  CRMPULSE_ON_LOOP(loop_);
  const auto until = std::chrono::steady_clock::now() + patience;
  // The state is touched on the writer's thread, while this one waits.
  const Result<void> loaded = writer_.run([this](store::Database& database) -> Result<void> {
    if (auto done = load_snapshots(database, state_, guard_); !done) return done;
    if (auto done = state_.timeline.load(database, now()); !done) return done;
    const auto stopped = ClockSteps::newest_known(database);
    if (!stopped) return stopped.error();
    stopped_ = *stopped;
    return clock_steps_.rebase(database);
  });
  if (!loaded) return loaded;
  const Result<bool> replayed = replayer_.run(until);
  if (!replayed) return replayed.error();
  if (!*replayed) return {};
  finish_replay();
  const Result<void> written = write_queue_.write_now();
  if (written || written.error().code != ErrorCode::disk) return written;
  // A collector that does not run tells nobody anything: it judges on from memory, as it does when a disk gets full.
  log::error("state and messages cannot be stored; trying again", {{"why", written.error().message}});
  return {};
}

void EngineLoop::catch_up(Replayer::Failed failed) {
  CRMPULSE_ON_LOOP(loop_);
  replayer_.go_on(std::move(failed), [this] {
    finish_replay();
    write_queue_.retry();
  });
}

/// From now on what happens is folded as it happens.
void EngineLoop::finish_replay() {
  const TimePoint at = now();
  state_.samples.bind_failures();
  state_.rules().restarted(at);
  state_.timeline.gap(stopped_, at);
  step_at(at);
  state_.timeline.end_unwatched(rules(), at);
  look_at_states(at, crms().all().size());
  write_queue_.hold(snapshotter_.everything());
  snapshotter_.restart(at);
  last_prune_ = last_tick_ = at;
  const std::string unreadable = std::to_string(stats().unreadable_records);
  log::info("state recovered", {{"crms", std::to_string(rules().crms().size())},
                                {"replayed", std::to_string(stats().replayed_records)},
                                {"unreadable", unreadable}});
  if (stats().unreadable_records > 0)
    log::warning("records of the journal cannot be read; their samples are lost", {{"records", unreadable}});
}

void EngineLoop::fold(const RecordStamp& record, std::span<const Point> points) {
  CRMPULSE_ON_LOOP(loop_);
  if (news(record)) guard_.fold(record.seq, [&] { return state_.samples.take(record, points); });
}

void EngineLoop::fold(const RecordStamp& record, std::vector<Evidence> lines) {
  CRMPULSE_ON_LOOP(loop_);
  if (!news(record)) return;
  guard_.fold(record.seq, [&] {
    state_.samples.take(record, std::move(lines));
    return true;
  });
}

void EngineLoop::step() {
  CRMPULSE_ON_LOOP(loop_);
  if (recovering()) return;
  step_at(now());
  snapshotter_.step();
}

void EngineLoop::step_at(TimePoint now) {
  apply_operations(now);
  const auto before = std::chrono::steady_clock::now();
  const rules::Outcome outcome = state_.rules().step(now);
  state_.stats.step_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  ++state_.stats.steps;
  take(outcome, now);
}

void EngineLoop::apply_operations(TimePoint now) {
  for (const std::uint32_t crm : state_.samples.take_relabelled()) {
    if (crm != kNoCrm) state_.operations.look_at(state_.crms()[crm].crm);
  }
  Operations::Ahead ahead;
  if (const std::int64_t replaying = replayer_.folding(); replaying > 0) {
    ahead = [this, replaying](const std::string& crm) {
      const CrmFacts* facts = crms().find(crm);
      return facts != nullptr && facts->folded_seq >= replaying;
    };
  }
  const Operations::Applied applied = state_.operations.apply(state_.rules(), now, ahead);
  for (const Operations::Switched& switched : applied.switched) {
    if (const Suppression* suppression = state_.operations.find(switched.id))
      state_.incidents.switched(switched.crm, *suppression, switched.on, switched.at);
  }
  for (const Operations::Maintained& maintained : applied.maintained) {
    if (CrmFacts* facts = state_.crms().find(maintained.crm)) facts->slo.set_maintenance(maintained.on, maintained.at);
    state_.timeline.set_maintenance(maintained.crm, maintained.on, maintained.at);
  }
}

/// Brings the timeline of states up to date with the next CRMs, so many of them.
void EngineLoop::look_at_states(TimePoint now, std::size_t crms) {
  const std::deque<CrmFacts>& all = state_.crms().all();
  for (std::size_t left = std::min(crms, all.size()); left > 0; --left) {
    next_look_ = next_look_ < all.size() ? next_look_ : 0;
    state_.timeline.look(rules(), all[next_look_++].crm, now);
  }
}

void EngineLoop::take(const rules::Outcome& outcome, TimePoint now) {
  WriteSet changes = changes_of(outcome, now);
  if (!changes.empty()) write_queue_.add(std::move(changes));
  if (judged_ && !outcome.touched.empty()) judged_(outcome.touched);
}

WriteSet EngineLoop::changes_of(const rules::Outcome& outcome, TimePoint now) {
  WriteSet changes = recorder_.record(outcome, now);
  // What is left in the journal of CRMs that were removed must not be judged again.
  if (!outcome.removed.empty() && !recovering()) changes.merge(snapshotter_.unsaved());
  return changes;
}

void EngineLoop::tick() {
  CRMPULSE_ON_LOOP(loop_);
  const TimePoint before = std::exchange(last_tick_, now());
  write_queue_.retry();
  if (recovering()) return;
  // The machine slept or the loop stood still: nobody watched, so that time says nothing about any CRM.
  if (before != TimePoint{} && last_tick_ - before > kLongestStall) {
    state_.rules().restarted(last_tick_);
    state_.timeline.gap(before, last_tick_);
  }
  clock_steps_.tick();
  look_at_states(last_tick_, crms().all().size() / kTicksARound + 1);
  step_at(last_tick_);
  snapshotter_.tick(last_tick_);
  if (last_tick_ - last_prune_ < kPruneEvery) return;
  last_prune_ = last_tick_;
  prune(writer_, state_.settings().retention, retention_now());
}

void EngineLoop::snapshot() {
  CRMPULSE_ON_LOOP(loop_);
  snapshotter_.begin();
}

Result<void> EngineLoop::close() {
  write_queue_.hold(snapshotter_.last());
  return write_queue_.write_now();
}

void EngineLoop::reconfigure(std::shared_ptr<const Configuration> configuration) {
  CRMPULSE_ON_LOOP(loop_);
  const TimePoint at = now();
  state_.changes().reloaded(state_.configuration->ruleset, configuration->ruleset, at);
  state_.configuration = std::move(configuration);
  guard_.configure();
  apply_configuration();
  state_.operations.warn_of_idle(rules());
  take(state_.rules().reconfigure(state_.configuration->ruleset, receiver_specs(state_.settings().receivers), at), at);
}

void EngineLoop::apply_configuration() {
  state_.operations.configure(state_.settings().maintenance);
  state_.crms().set_vendor_kinds(state_.configuration->ruleset.settings.vendor_outage.kinds);
  state_.rules().set_muted(state_.settings().mute);
  if (state_.settings().mute) log::warning("muted by the configuration: states are judged, but no messages are sent");
}

void EngineLoop::clock_stepped(Duration by) {
  CRMPULSE_ON_LOOP(loop_);
  clock_steps_.apply(by, [this] { step(); });
  snapshotter_.clock_stepped(by);
  state_.timeline.clock_stepped(now());
  last_tick_ += by;
  last_prune_ += by;
  step_at(now());
  // A restart must not meet states of both clocks.
  write_queue_.add(snapshotter_.everything());
}

bool EngineLoop::forget(const std::string& crm, WriteQueue::Stored stored) {
  CRMPULSE_ON_LOOP(loop_);
  if (!rules().watches(crm)) return false;
  const TimePoint at = now();
  write_queue_.add(changes_of(state_.rules().remove(crm, at), at), std::move(stored));
  return true;
}

void EngineLoop::add(Suppression suppression) {
  CRMPULSE_ON_LOOP(loop_);
  state_.operations.add(std::move(suppression));
  step();
}

void EngineLoop::end_suppression(const std::string& id, TimePoint at) {
  CRMPULSE_ON_LOOP(loop_);
  state_.operations.end(id, at);
  step();
}

bool EngineLoop::acknowledge(const std::string& crm, const Acknowledgement& ack, WriteQueue::Stored stored) {
  CRMPULSE_ON_LOOP(loop_);
  const auto status = rules().status(crm);
  if (!status || status->state == Level::healthy) return false;
  // Timelines come first: the judgement that follows may already end it.
  state_.incidents.acknowledged(crm, ack);
  state_.rules().acknowledge(crm, ack.author, ack.until, ack.at, ack.from);
  step();
  store_crm(crm, now(), std::move(stored));
  return true;
}

bool EngineLoop::unacknowledge(const std::string& crm, const std::string& author, WriteQueue::Stored stored) {
  CRMPULSE_ON_LOOP(loop_);
  const auto status = rules().status(crm);
  if (!status || !status->acked_by) return false;
  const TimePoint at = now();
  state_.incidents.unacknowledged(crm, author, at);
  state_.rules().acknowledge(crm, author, at, at);
  step();
  store_crm(crm, at, std::move(stored));
  return true;
}

void EngineLoop::store_crm(const std::string& crm, TimePoint now, WriteQueue::Stored stored) {
  WriteSet changes;
  recorder_.add_crm(changes, crm, now);
  recorder_.add_notes(changes, now);
  write_queue_.add(std::move(changes), std::move(stored));
}

}  // namespace crmpulse::collector
