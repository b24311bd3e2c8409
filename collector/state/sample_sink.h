#pragma once
// Applies journalled records to everything that is kept in memory: the engine's windows, last values, facts. Live
// requests and replay both use it, so that they end alike. Belongs to the loop's thread.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "collector/state/change_markers.h"
#include "collector/state/crm_registry.h"
#include "collector/state/series_table.h"
#include "core/evidence.h"
#include "rules/engine.h"

namespace crmpulse::collector {

/// What of a journal record decides how its content is applied.
struct RecordStamp {
  std::int64_t seq = 0;
  TimePoint received;
  Duration skew{};  ///< added to the sender's stamps
};

struct FoldCounts {
  std::uint64_t accepted = 0;
  std::uint64_t late = 0;
  std::uint64_t future = 0;
  std::uint64_t invalid = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t stale = 0;    ///< stale markers
  std::uint64_t no_room = 0;  ///< lines of evidence about CRMs there is no room for
};

/// Samples that came too late to be judged, as from an agent that catches up.
struct LateFacts {
  TimePoint from;
  TimePoint to;
  std::uint64_t samples = 0;
  std::uint64_t failed = 0;  ///< of those that say whether something worked
};

/// Bounds the time that applying one record may take.
struct FoldBound {
  Duration longest{std::chrono::hours{1}};
  std::function<void()> going_on;  ///< called now and then; may be empty
};

/// The longest time a sample may be ahead of the collector's clock. Later ones are refused.
inline constexpr Duration kMaxAhead{std::chrono::minutes{5}};

class SampleSink {
 public:
  explicit SampleSink(rules::Engine engine) : engine_(std::move(engine)) {}

  void set_bound(FoldBound bound) { bound_ = std::move(bound); }
  [[nodiscard]] const FoldBound& bound() const { return bound_; }
  /// Returns false if it took longer than its bound; the rest is left out then.
  [[nodiscard]] bool take(const RecordStamp& record, std::span<const Point> points);
  void take(const RecordStamp& record, std::vector<Evidence> lines);

  [[nodiscard]] rules::Engine& engine() { return engine_; }
  [[nodiscard]] const rules::Engine& engine() const { return engine_; }
  [[nodiscard]] SeriesTable& series() { return series_; }
  [[nodiscard]] const SeriesTable& series() const { return series_; }
  [[nodiscard]] CrmRegistry& crms() { return crms_; }
  [[nodiscard]] const CrmRegistry& crms() const { return crms_; }
  [[nodiscard]] ChangeMarkers& changes() { return changes_; }
  [[nodiscard]] const ChangeMarkers& changes() const { return changes_; }
  [[nodiscard]] const FoldCounts& counts() const { return counts_; }
  /// Forgets what is known of the CRM. Its series start again with their next sample.
  void forget(const std::string& crm);
  /// Binds, after a restart, the failures that are remembered, so that the next success ends them.
  void bind_failures();
  /// Returns the CRMs that got a series since the last call: they are new, or may have other labels.
  [[nodiscard]] std::vector<std::uint32_t> take_relabelled() { return std::exchange(relabelled_, {}); }
  /// Returns late facts by the CRM's index, and forgets them here.
  [[nodiscard]] std::map<std::uint32_t, LateFacts> take_late() { return std::exchange(late_, {}); }
  /// Returns the seq of the newest record applied.
  [[nodiscard]] std::int64_t folded_seq() const { return folded_seq_; }
  void set_folded_seq(std::int64_t seq) { folded_seq_ = seq; }

 private:
  void bind(Series& series);
  void take(const RecordStamp& record, const Point& point);
  void count(rules::SampleVerdict fold);
  void note_late(const Series& series, TimePoint at, double value);

  FoldBound bound_;
  rules::Engine engine_;
  SeriesTable series_;
  CrmRegistry crms_;
  ChangeMarkers changes_;
  FoldCounts counts_;
  std::vector<std::uint32_t> relabelled_;
  std::map<std::uint32_t, LateFacts> late_;
  std::int64_t folded_seq_ = 0;
};

}  // namespace crmpulse::collector
