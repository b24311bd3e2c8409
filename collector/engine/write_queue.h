#pragma once
// What has changed and is not on disk yet. One commit is under way at a time, so that everything arrives in order; when
// the disk refuses, the changes wait in memory and are tried again. Belongs to the loop's thread.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "net/loop/loop.h"
#include "store/collector/collector_store.h"
#include "store/collector/writer.h"
#include "store/history/states.h"

namespace crmpulse::collector {

/// Pending writes that belong together, in one transaction.
struct WriteSet {
  std::map<std::string, store::StoredState> states;        ///< by CRM
  std::set<std::string> removed;                           ///< CRMs; deleted before the states are written
  std::map<std::string, store::StoredIncident> incidents;  ///< by id
  std::vector<store::OutboxRow> messages;
  std::vector<store::IncidentEvent> events;
  std::vector<store::StoredChange> markers;
  std::optional<TimePoint> states_until;          ///< later rows of the timeline of states are deleted first
  std::vector<store::StateChange> state_changes;  ///< of that timeline
  std::map<std::string, std::string> meta;

  [[nodiscard]] bool empty() const;
  /// Adds later changes to these.
  void merge(WriteSet later);
};
[[nodiscard]] Result<void> write(store::Database& database, const WriteSet& changes);

class WriteQueue {
 public:
  struct Stats {
    std::uint64_t commits = 0;
    std::uint64_t failures = 0;
    std::uint64_t dropped_messages = 0;  ///< over kMaxWaiting; reminders and improvements only
    std::size_t waiting_messages = 0;
    bool failing = false;
  };
  using Written = std::function<void(const std::vector<store::OutboxRow>&)>;

  /// `refused` hears of messages the disk did not take. They stay here and are tried again, and are reported again each
  /// time.
  WriteQueue(net::Loop& loop, store::Writer& writer, Written written, Written refused = {})
      : loop_(loop), writer_(writer), written_(std::move(written)), refused_(std::move(refused)) {}

  void add(WriteSet changes);
  /// Hears the outcome of the first attempt to store what was added. What failed is tried again all the same. Called on
  /// the loop.
  using Stored = std::function<void(const Result<void>&)>;
  void add(WriteSet changes, Stored stored);
  /// Like add(), but does not start writing: for write_now().
  void hold(WriteSet changes);
  /// Moves the times of waiting messages by `by`, after the clock was corrected.
  void shift(Duration by);
  /// Tries again what failed. Call it once a tick.
  void retry();
  /// Writes what waits and blocks until it is done: for start and end, when the loop does not run. A commit under way
  /// is included if its outcome is already known. What the disk refuses is kept for retry().
  [[nodiscard]] Result<void> write_now();
  [[nodiscard]] bool idle() const { return !under_way_ && waiting_.empty(); }
  [[nodiscard]] const Stats& stats() const { return stats_; }

  static constexpr std::size_t kMaxWaiting = 100'000;

 private:
  void start();
  void finished(const std::shared_ptr<const WriteSet>& changes, const std::vector<Stored>& told,
                const Result<void>& result);
  void bound();

  net::Loop& loop_;
  store::Writer& writer_;
  Written written_;
  Written refused_;
  WriteSet waiting_;
  std::vector<Stored> waiting_for_;  ///< told of the attempt that takes `waiting_`
  bool under_way_ = false;
  Stats stats_;
};

}  // namespace crmpulse::collector
