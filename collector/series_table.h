#pragma once
// Every series that was ever received and is not forgotten yet: its identity, what it feeds, its last value.
// Belongs to the loop's thread.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/labels.h"
#include "core/time.h"
#include "rules/engine.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {

using SeriesIndex = std::uint32_t;

/// One reading of a decoded request.
struct Point {
  SeriesIndex series;
  std::int64_t unix_millis;  ///< the sender's stamp
  double value;
};

/// What the collector itself keeps about a metric, beside its last value and the rules.
enum class Duty : std::uint8_t {
  none,
  up,
  success,
  duration,
  phase,
  failure,
  vendor_status,
  target_info,
  stretch,
  paused,
  connectivity,  ///< of an agent, without a CRM
  heartbeat,     ///< of an agent, without a CRM
  version,       ///< of the CRM, in the labels
  schema,
  agent_version  ///< of an agent, without a CRM, in the labels
};

struct Series {
  std::string metric;
  Labels labels;  ///< without the metric's name
  rules::Engine::SeriesId feeds = rules::Engine::kNoSeries;
  std::uint32_t crm = 0;  ///< index into the CrmBook; kNoCrm without a `crm` label
  Duty duty = Duty::none;
  bool bound = false;  ///< `feeds` and `crm` are known
  bool live = false;   ///< `value` and `at` hold; false after a stale marker
  double value = 0;
  TimePoint at;
  Duration interval{};  ///< between the last two values; 0: one value so far

  /// Takes a value unless a newer one is known.
  void note(TimePoint time, double reading);
};

inline constexpr std::uint32_t kNoCrm = ~std::uint32_t{0};

class SeriesTable {
 public:
  explicit SeriesTable(std::size_t max_series = kMaxSeries) : max_series_(max_series) {}

  /// The series of these labels, new ones are added. Nothing when the table is full. Known series cost one look-up
  /// and no allocation.
  [[nodiscard]] std::optional<SeriesIndex> find_or_add(const wire::SeriesView& view);
  [[nodiscard]] Series& operator[](SeriesIndex index) { return series_[index]; }
  [[nodiscard]] const std::vector<Series>& all() const { return series_; }
  [[nodiscard]] std::size_t size() const { return by_key_.size(); }

  /// Is the last value still worth showing? 5 minutes, or three intervals where they are longer, at most three hours.
  [[nodiscard]] static bool fresh(const Series& series, TimePoint now);
  /// Forgets series without a value since `before`. Indices of the others stay; nobody may hold points of forgotten
  /// ones.
  void forget(TimePoint before);

  static constexpr std::size_t kMaxSeries = 1'000'000;

 private:
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };
  struct KeyEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };

  std::size_t max_series_;
  boost::unordered_flat_map<std::string, SeriesIndex, KeyHash, KeyEqual> by_key_;
  std::vector<Series> series_;
  std::vector<SeriesIndex> free_;
};

}  // namespace crmpulse::collector
