#pragma once
// The one owner of everything that is judged: folds what was journalled, steps the rules at `now`, and hands what came
// of it to the ledger. All functions run on the loop's thread, recover() before it runs.
//
// Until the journal is caught up with (recovering()), states stand as they were when that part of it was written; what
// is handed to fold() is left to the replay, which finds it in the journal, and nothing else happens.

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "collector/configuration/configuration.h"
#include "collector/engine/clocks.h"
#include "collector/engine/incidents.h"
#include "collector/engine/write_queue.h"
#include "collector/state/agents.h"
#include "collector/state/replay_mark.h"
#include "collector/state/sample_sink.h"
#include "collector/suppression/operations.h"

namespace crmpulse::collector {

class EngineLoop {
 public:
  /// Where agents, vendors and digests are stored: a small named value of the store.
  static constexpr const char* kSharedName = "engine_shared";

  struct Stats {
    std::uint64_t steps = 0;
    double step_seconds = 0;
    std::uint64_t changes = 0;
    std::uint64_t muted_changes = 0;  ///< of those the ones nobody was told of, because of `mute`
    std::uint64_t replayed_records = 0;
    std::uint64_t unreadable_records = 0;
    std::uint64_t set_aside_records = 0;  ///< their folding failed or took too long
    std::uint64_t removed_crms = 0;       ///< nobody watches them any more
    std::uint64_t clock_steps = 0;        ///< of the wall clock while the process ran
    Duration stored_ahead{};              ///< of this start's clock was what was stored; its times were moved
  };
  /// The smallest difference between the engine's clock and the wall clock that is corrected.
  static constexpr Duration kLeastStep{std::chrono::seconds{2}};

  /// `written` hears of messages that are in the outbox now, `refused` of those that are not because the disk refuses.
  EngineLoop(net::Loop& loop, store::Writer& writer, Clocks clocks, std::shared_ptr<const Configuration> configuration,
             WriteQueue::Written written, WriteQueue::Written refused = {});

  /// Loads the last snapshots, replays the journal after them, and stores where that led. Blocks. After `patience` it
  /// leaves the rest of the replay to catch_up().
  [[nodiscard]] Result<void> recover(Duration patience = std::chrono::hours{24});
  [[nodiscard]] bool recovering() const { return replay_ != nullptr; }
  using Failed = std::function<void(const Error&)>;
  /// Goes on with the replay, if still recovering(), in slices beside the other work of the loop. Calls `failed` if the
  /// journal cannot be read; it stays recovering() then.
  void catch_up(Failed failed);

  /// Sets a function that is called about every second during long work, to show progress.
  void on_progress(std::function<void()> progress);

  void fold(const RecordStamp& record, std::span<const Point> points);
  void fold(const RecordStamp& record, std::vector<Evidence> lines);
  /// Steps the rules. Call it after each request's samples.
  void step();
  /// Meets deadlines and retries; begins a snapshot every 15 s. Call it once a second.
  void tick();
  /// Begins to store what has changed of each CRM. Many CRMs are written in slices, between requests and at each tick,
  /// so that nothing waits for all of them. A restart replays from where the last complete snapshot began.
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

  // What operators say; all of it takes effect at once.
  void add(Suppression suppression);
  void end_suppression(const std::string& id, TimePoint at);
  /// Acknowledges the CRM's open incident. `stored` hears whether it is on disk. Returns false, and does nothing, if
  /// the CRM is healthy again already.
  [[nodiscard]] bool acknowledge(const std::string& crm, const Acknowledgement& ack, WriteQueue::Stored stored);
  /// Returns false if nobody had acknowledged it.
  [[nodiscard]] bool unacknowledge(const std::string& crm, const std::string& author, WriteQueue::Stored stored);

  [[nodiscard]] const Configuration& configuration() const { return *configuration_; }
  // What is known, for those who show it; ingest adds series and nobody else changes anything.
  [[nodiscard]] rules::Engine& rules() { return samples_.engine(); }
  [[nodiscard]] const rules::Engine& rules() const { return samples_.engine(); }
  [[nodiscard]] SeriesTable& series() { return samples_.series(); }
  [[nodiscard]] const SeriesTable& series() const { return samples_.series(); }
  [[nodiscard]] const CrmRegistry& crms() const { return samples_.crms(); }
  [[nodiscard]] const ChangeMarkers& changes() const { return samples_.changes(); }
  [[nodiscard]] const FoldCounts& counts() const { return samples_.counts(); }
  [[nodiscard]] std::int64_t folded_seq() const { return samples_.folded_seq(); }
  [[nodiscard]] AgentRegistry& agents() { return agents_; }
  [[nodiscard]] const AgentRegistry& agents() const { return agents_; }
  [[nodiscard]] const Operations& operations() const { return operations_; }
  [[nodiscard]] const IncidentStore& incidents() const { return incidents_; }
  [[nodiscard]] const WriteQueue& write_queue() const { return write_queue_; }
  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] TimePoint now() const { return clocks_.engine.now(); }
  /// Returns what to add to the engine's times to get the machine's wall clock. In whole seconds: two clocks read one
  /// after the other differ by a millisecond now and then, and a time that is told again must be the same.
  [[nodiscard]] Duration wall_ahead() const {
    return std::chrono::round<std::chrono::seconds>(clocks_.wall.now() - clocks_.engine.now());
  }
  [[nodiscard]] TimePoint last_tick() const { return last_tick_; }
  /// Returns the time that retention is counted back from. It stays behind now() for a day after the clock went more
  /// than a day ahead of all known data, so that somebody can correct the clock before anything is deleted.
  [[nodiscard]] TimePoint retention_now() const { return now() - held_; }
  [[nodiscard]] Duration retention_held() const { return held_; }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Replay;
  /// Returns true unless replay has applied, or will apply, this record.
  [[nodiscard]] bool news(const RecordStamp& record) const { return !replay_ && record.seq > samples_.folded_seq(); }
  [[nodiscard]] Result<void> load(store::Database& database);
  [[nodiscard]] Result<void> load_state(const store::StoredState& state);
  [[nodiscard]] Result<void> load_or_begin_anew(store::Database& database, const store::StoredState& state);
  [[nodiscard]] Result<std::vector<rules::Engine::LastWord>> last_words(store::Database& database,
                                                                        const std::string& crm) const;
  void put_aside(const std::string& name, std::string_view bytes, const Error& why) const;
  [[nodiscard]] static Result<void> read_piece(store::Database& database, std::int64_t after,
                                               std::vector<store::JournalRecord>& piece);
  void replay_slice();
  void replay_next(std::vector<store::JournalRecord> piece, const Result<void>& read);
  [[nodiscard]] bool fold_piece(SteadyTime until);
  void finish_replay();
  void replay_record(const store::JournalRecord& record, wire::Decoder& decoder);
  [[nodiscard]] bool replay_content(const store::JournalRecord& record, wire::Decoder& decoder);
  /// Runs `work`. What it throws, or false, sets the record aside: never to be folded again.
  void fold_guarded(std::int64_t seq, const std::function<bool()>& work);
  void set_aside(std::int64_t seq, std::string_view why);
  void bound_folding();
  void bound_windows();
  void tell_progress();
  [[nodiscard]] Result<void> load_set_aside(store::Database& database);
  void step_at(TimePoint now);
  void handle(rules::Outcome outcome, TimePoint now);
  [[nodiscard]] WriteSet changes_of(const rules::Outcome& outcome, TimePoint now);
  [[nodiscard]] Result<void> load_operations(store::Database& database);
  void apply_operations(TimePoint now);
  /// Lines of timelines and change markers that wait to be stored.
  void take_notes(WriteSet& changes, TimePoint now);
  void store_crm(const std::string& crm, TimePoint now, WriteQueue::Stored stored);
  [[nodiscard]] IncidentStore::Context incident_context() const;
  [[nodiscard]] store::OutboxRow message_row(const rules::Message& message) const;
  void add_crm(WriteSet& changes, const std::string& crm, TimePoint now);
  [[nodiscard]] store::StoredState state_of(const std::string& crm);
  [[nodiscard]] WriteSet dirty_states(bool clean);
  void write_slice(std::size_t crms);
  void add_context(WriteSet& changes, std::int64_t folded_seq, bool clean);
  /// Last values of the next so many series; once around every five minutes.
  void write_values(WriteSet& changes);
  [[nodiscard]] Result<void> load_values(store::Database& database);
  /// What is stored is later than the clock says: moved, so that nothing of it lies in the future.
  [[nodiscard]] Result<void> rebase(store::Database& database);
  [[nodiscard]] RecordStamp stamp_of(const store::JournalRecord& record) const;
  [[nodiscard]] Result<void> load_retention(store::Database& database, TimePoint newest);
  void hold_retention(Duration ahead);
  void follow_clock();
  void tell_rebased();
  void reload_suppressions(std::vector<store::StoredSuppression> moved, Duration by);
  void prune();
  void apply_mute();

  net::Loop& loop_;
  store::Writer& writer_;
  Clocks clocks_;
  std::shared_ptr<const Configuration> configuration_;
  SampleSink samples_;
  AgentRegistry agents_;
  IncidentStore incidents_;
  Operations operations_;
  std::int64_t replaying_ = 0;          ///< seq of the record that is folded again; 0: none
  std::set<std::int64_t> passed_over_;  ///< records that were set aside
  ReplayMark mark_;
  std::function<void()> progress_;
  SteadyTime progress_told_;
  std::uint64_t windows_refused_ = 0;  ///< as last seen
  bool windows_told_ = false;          ///< in the log
  std::shared_ptr<Replay> replay_;     ///< while recovering; shared: its type is known in recovery.cpp alone
  net::Loop::Timer retry_;
  WriteQueue write_queue_;
  Stats stats_;

  struct Round {
    std::vector<std::uint32_t> crms;  ///< to be written, by their number in the book
    std::size_t next = 0;
    std::int64_t folded_seq = 0;  ///< when it began
    std::uint64_t bytes = 0;
    bool under_way = false;
  } round_;
  TimePoint last_tick_;
  TimePoint last_snapshot_;
  TimePoint last_values_;
  std::size_t next_values_ = kNoValues;  ///< first series of the next part; kNoValues: none is due
  static constexpr std::size_t kNoValues = ~std::size_t{0};
  TimePoint last_prune_;
  TimePoint begun_;             ///< when this run began
  Duration rebase_{};           ///< added to the times of records that are replayed, when they lie in the future
  Duration untold_{};           ///< of what was stored, as far as nobody was told of it
  TimePoint tell_at_;           ///< somebody may put the clock right until then
  TimePoint forget_future_at_;  ///< until then the clock may turn out to be wrong
  Duration held_{};
  TimePoint held_until_;
};

}  // namespace crmpulse::collector
