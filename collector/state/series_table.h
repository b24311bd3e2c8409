#pragma once
// Holds every series that was ever received and is not forgotten yet: its identity, what it feeds, its last value.
// Belongs to the loop's thread.

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "collector/state/census.h"
#include "core/labels.h"
#include "core/time/time.h"
#include "rules/engine.h"
#include "wire/remote_write.h"
#include "wire/series_key.h"

namespace crmpulse::collector {

struct LatencyHistogram;
struct NewestSuccess;
struct LivenessStatus;

using SeriesIndex = wire::KnownSeries::Id;
using Point = wire::Reading;

/// The kind of fact the collector itself keeps from a series of a metric, beside its last value and what the rules
/// keep. Each is of one metric.
enum class FactKind : std::uint8_t {
  none,
  up,             ///< crm_up
  success,        ///< crm_operation_success
  duration,       ///< crm_operation_duration_seconds
  phase,          ///< crm_operation_phase_seconds
  failure,        ///< crm_failure
  vendor_status,  ///< crm_vendor_status
  target_info,    ///< crm_agent_target_info
  stretch,        ///< crm_agent_interval_stretch_ratio
  paused,         ///< crm_agent_paused_until_timestamp_seconds
  connectivity,   ///< crm_agent_connectivity_success; of an agent, without a CRM
  heartbeat,      ///< crm_agent_heartbeat_timestamp_seconds; of an agent, without a CRM
  version,        ///< crm_info: the CRM's version, in the labels
  schema,         ///< crm_schema_fingerprint
  dropped,        ///< crm_agent_dropped_samples_total; of an agent, without a CRM
  damaged,        ///< crm_agent_spool_damaged_files; of an agent, without a CRM
  agent_version   ///< crm_agent_info: an agent's version, in the labels, without a CRM
};

/// Where a series' facts are kept: a pointer into the CrmFacts of its CRM, looked up once. monostate: not looked up, or
/// nothing is kept.
using FactSlot = std::variant<std::monostate, LatencyHistogram*, NewestSuccess*, LivenessStatus*, double*>;

/// The owned bytes that identify a series: its metric and labels as in wire::SeriesView::key.
class SeriesKey {
 public:
  SeriesKey() = default;
  explicit SeriesKey(std::string_view bytes);
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  /// Replaces the bytes. Allocates only if their number changes.
  void assign(std::string_view bytes);

 private:
  std::unique_ptr<char[]> bytes_;
  std::uint32_t size_ = 0;
};

/// A known series and its last value. FactSlot small, with the labels in one place, because a request touches
/// thousands.
struct Series {
  SeriesKey key;
  double value = 0;
  TimePoint at;
  Duration interval{};  ///< between the last two values; 0: one value so far
  FactSlot kept;
  rules::Engine::SeriesId feeds = rules::Engine::kNoSeries;
  std::uint32_t crm = 0;                        ///< index into the CrmRegistry; kNoCrm without a `crm` label
  SeriesIndex next = wire::KnownSeries::kNone;  ///< came after this one the last time
  std::uint32_t sender = 0;                     ///< who sent it first; kNobody: not known any more
  std::uint32_t cleared = 0;                    ///< rights under which it was sent last: SenderRights::number()
  FactKind duty = FactKind::none;
  bool bound = false;    ///< `feeds` and `crm` are known
  bool live = false;     ///< `value` and `at` hold; false after a stale marker
  bool spelled = false;  ///< its sender writes the labels in another way than the key does
  bool showable = true;  ///< all of its names can stand in the text format

  // Read from the key; valid as long as the series.
  [[nodiscard]] std::string_view metric() const { return label(wire::kMetricName); }
  [[nodiscard]] std::string_view label(std::string_view name) const { return wire::label_of(key.view(), name); }
  [[nodiscard]] Labels labels() const { return wire::labels_of(key.view()); }  ///< without the metric's name

  /// Takes a value unless a newer one is known.
  void note(TimePoint time, double reading);
};

/// Makes a series from a key, whose labels are canonical.
[[nodiscard]] Series make_series(std::string_view key);

inline constexpr std::uint32_t kNoCrm = ~std::uint32_t{0};
/// The `sender` of series that were stored or replayed.
inline constexpr std::uint32_t kNobody = 0;

/// Returns the reason that is reported for what this bound leaves out.
[[nodiscard]] wire::SkipReason reason_of(Census::Bound bound);

class SeriesTable final : public wire::KnownSeries {
 public:
  explicit SeriesTable(std::size_t max_series = kMaxSeries) : max_series_(max_series) {}

  [[nodiscard]] Guess after(Id before) const override {
    const SeriesIndex id = before == kNone ? first_ : series_[before].next;
    return id == kNone ? Guess{} : Guess{id, series_[id].spelled ? spelling_of(id) : series_[id].key.view()};
  }
  void follows(Id before, Id id) override { (before == kNone ? first_ : series_[before].next) = id; }
  [[nodiscard]] Id find(std::string_view key) const override;
  /// Finds the series or adds it. A known series costs one look-up and no allocation. Ignores the samples of the view.
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override { return find_or_add(view, kNobody); }
  /// Adds new series and CRMs only within the census's bounds.
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view, std::uint32_t sender, const Census::Sender& names = {});
  void spelled(Id id, std::string_view labels) override;

  [[nodiscard]] Series& operator[](SeriesIndex index) { return series_[index]; }
  [[nodiscard]] const std::vector<Series>& all() const { return series_; }
  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] Census& census() { return census_; }
  [[nodiscard]] const Census& census() const { return census_; }
  /// Returns how many more series there is room for.
  [[nodiscard]] std::size_t room() const { return max_series_ - std::min(max_series_, by_key_.size()); }
  /// Returns how many series this sender sent first.
  [[nodiscard]] std::size_t held_by(std::uint32_t sender) const { return sender < held_.size() ? held_[sender] : 0; }
  /// Returns the names of labels that series of a metric came with, of those that were not scraped; empty if none is
  /// known.
  [[nodiscard]] const std::vector<std::string>& label_names(std::string_view metric) const;

  /// Is the last value still worth showing? 5 minutes, or three intervals where they are longer, at most three hours.
  [[nodiscard]] static bool fresh(const Series& series, TimePoint now);
  /// Forgets series without a value since `before`. Indices of the others stay; nobody may hold points of forgotten
  /// ones.
  void forget(TimePoint before);
  /// Moves values later than `after` by `by`, after the clock was corrected.
  void shift(Duration by, TimePoint after = TimePoint::min());

  static constexpr std::size_t kMaxSeries = 1'000'000;

 private:
  [[nodiscard]] std::string_view spelling_of(Id id) const;
  void learn_names(const Series& series);
  void count(std::uint32_t sender, std::ptrdiff_t by);

  std::size_t max_series_;
  Census census_;
  boost::unordered_flat_map<std::string_view, SeriesIndex> by_key_;  ///< views into the series' own keys
  std::vector<Series> series_;
  std::vector<SeriesIndex> free_;
  boost::unordered_flat_map<SeriesIndex, SeriesKey> spellings_;  ///< of those that are `spelled`
  std::vector<std::size_t> held_;                                ///< by sender
  boost::unordered_flat_map<std::string, std::vector<std::string>, TextHash, std::equal_to<>> names_;  ///< by metric
  SeriesIndex first_ = kNone;  ///< of the last body
};

}  // namespace crmpulse::collector
