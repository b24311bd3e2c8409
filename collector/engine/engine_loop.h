#pragma once
// The one owner of everything that is judged: folds what was journalled, steps the rules at `now`, and hands what came
// of it to the write queue. Its parts do the rest: Replayer, Snapshotter, IncidentRecorder, FoldGuard, ClockSteps. All
// functions run on the loop's thread, recover() before it runs.
//
// Until the journal is caught up with (recovering()), states stand as they were when that part of it was written; what
// is handed to fold() is left to the replay, which finds it in the journal, and nothing else happens.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "collector/engine/clock_steps.h"
#include "collector/engine/engine_state.h"
#include "collector/engine/fold_guard.h"
#include "collector/engine/incident_recorder.h"
#include "collector/engine/replayer.h"
#include "collector/engine/retention_hold.h"
#include "collector/engine/snapshotter.h"
#include "collector/engine/write_queue.h"

namespace crmpulse::collector {

class EngineLoop {
 public:
  /// `written` hears of messages that are in the outbox now, `refused` of those that are not because the disk refuses.
  EngineLoop(net::Loop& loop, store::Writer& writer, Clocks clocks, std::shared_ptr<const Configuration> configuration,
             WriteQueue::Written written, WriteQueue::Written refused = {});

  /// Loads the last snapshots, replays the journal after them, and stores where that led. Blocks. After `patience` it
  /// leaves the rest of the replay to catch_up().
  [[nodiscard]] Result<void> recover(Duration patience = std::chrono::hours{24});
  [[nodiscard]] bool recovering() const { return replayer_.under_way(); }
  /// Goes on with the replay, if still recovering(), in slices beside the other work of the loop. Calls `failed` if the
  /// journal cannot be read; it stays recovering() then.
  void catch_up(Replayer::Failed failed);

  /// Sets a function that is called about every second during long work, to show progress.
  void on_progress(std::function<void()> progress) { guard_.on_progress(std::move(progress)); }

  /// Sets a function that hears which CRMs were judged, after each step.
  void on_judged(std::function<void(std::span<const std::string>)> judged) { judged_ = std::move(judged); }

  void fold(const RecordStamp& record, std::span<const Point> points);
  void fold(const RecordStamp& record, std::vector<Evidence> lines);
  /// Steps the rules. Call it after each request's samples.
  void step();
  /// Meets deadlines and retries; begins a snapshot every 15 s. Call it once a second.
  void tick();
  /// Begins to store what has changed of each CRM.
  void snapshot();
  /// Writes the last snapshot before it returns. Blocks; call it when the loop is about to end.
  [[nodiscard]] Result<void> close();
  void reconfigure(std::shared_ptr<const Configuration> configuration);
  /// Follows the wall clock, which was set: moves now() and all times by `by`. Levels and timers stay; active hours and
  /// windows are evaluated anew. Must not be called while recovering().
  void clock_stepped(Duration by);

  /// Forgets a CRM: receivers get the end of what they were told. `stored` hears whether that is on disk. Returns
  /// false, and does nothing, if the CRM is not watched.
  [[nodiscard]] bool forget(const std::string& crm, WriteQueue::Stored stored);

  /// Hands over messages that are about none of what is judged, with what must be stored with them.
  void hand_over(WriteSet changes) { write_queue_.add(std::move(changes)); }

  // What operators say; all of it takes effect at once.
  void add(Suppression suppression);
  void end_suppression(const std::string& id, TimePoint at);
  /// Acknowledges the CRM's open incident. `stored` hears whether it is on disk. Returns false, and does nothing, if
  /// the CRM is healthy again already.
  [[nodiscard]] bool acknowledge(const std::string& crm, const Acknowledgement& ack, WriteQueue::Stored stored);
  /// Returns false if nobody had acknowledged it.
  [[nodiscard]] bool unacknowledge(const std::string& crm, const std::string& author, WriteQueue::Stored stored);

  [[nodiscard]] const Configuration& configuration() const { return *state_.configuration; }
  /// The same for who needs it longer than until the next reload.
  [[nodiscard]] std::shared_ptr<const Configuration> shared_configuration() const { return state_.configuration; }
  // What is known, for those who show it; ingest adds series and nobody else changes anything.
  [[nodiscard]] const rules::Engine& rules() const { return state_.rules(); }
  [[nodiscard]] SeriesTable& series() { return state_.series(); }
  [[nodiscard]] const SeriesTable& series() const { return state_.series(); }
  [[nodiscard]] const CrmRegistry& crms() const { return state_.crms(); }
  [[nodiscard]] const ChangeMarkers& changes() const { return state_.changes(); }
  [[nodiscard]] const FoldCounts& counts() const { return state_.samples.counts(); }
  [[nodiscard]] std::int64_t folded_seq() const { return state_.samples.folded_seq(); }
  /// Returns what the CRM's last 24 hours were like, as 48 digits (StateStrip::text).
  [[nodiscard]] std::string strip_of(std::string_view crm) { return state_.timeline.strip_of(crm, now()); }
  [[nodiscard]] AgentRegistry& agents() { return state_.agents; }
  [[nodiscard]] const AgentRegistry& agents() const { return state_.agents; }
  [[nodiscard]] const Operations& operations() const { return state_.operations; }
  [[nodiscard]] const IncidentStore& incidents() const { return state_.incidents; }
  [[nodiscard]] const WriteQueue& write_queue() const { return write_queue_; }
  [[nodiscard]] const EngineStats& stats() const { return state_.stats; }
  [[nodiscard]] TimePoint now() const { return state_.now(); }
  /// Returns what to add to the engine's times to get the machine's wall clock. In whole seconds: two clocks read one
  /// after the other differ by a millisecond now and then, and a time that is told again must be the same.
  [[nodiscard]] Duration wall_ahead() const {
    return std::chrono::round<std::chrono::seconds>(state_.clocks.wall.now() - now());
  }
  [[nodiscard]] TimePoint last_tick() const { return last_tick_; }
  /// Returns the time that retention is counted back from.
  [[nodiscard]] TimePoint retention_now() const { return now() - retention_.held(); }
  [[nodiscard]] Duration retention_held() const { return retention_.held(); }

 private:
  /// Returns true unless replay has applied, or will apply, this record.
  [[nodiscard]] bool news(const RecordStamp& record) const { return !recovering() && record.seq > folded_seq(); }
  void finish_replay();
  void step_at(TimePoint now);
  void apply_operations(TimePoint now);
  void look_at_states(TimePoint now, std::size_t crms);
  void take(const rules::Outcome& outcome, TimePoint now);
  [[nodiscard]] WriteSet changes_of(const rules::Outcome& outcome, TimePoint now);
  void store_crm(const std::string& crm, TimePoint now, WriteQueue::Stored stored);
  void apply_configuration();

  net::Loop& loop_;
  store::Writer& writer_;
  EngineState state_;
  WriteQueue write_queue_;
  RetentionHold retention_;
  IncidentRecorder recorder_;
  Snapshotter snapshotter_;
  FoldGuard guard_;
  ClockSteps clock_steps_;
  Replayer replayer_;
  TimePoint last_tick_;
  TimePoint last_prune_;
  std::function<void(std::span<const std::string>)> judged_;
  TimePoint stopped_;          ///< the newest time known of the run before
  std::size_t next_look_ = 0;  ///< CRM whose state is looked at next
};

}  // namespace crmpulse::collector
