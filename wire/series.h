#pragma once
// One TimeSeries of a request: reading it and checking its labels. Internal to wire/.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "wire/remote_write.h"

namespace crmpulse::wire {

using DecodeCheck = std::optional<DecodeError>;  ///< nullopt: sound so far

/// As read, not yet checked. One object is reused for all series; views point into the decompressed body.
struct Series {
  std::vector<LabelView> labels;
  std::vector<SampleView> samples;
  std::string_view block;    ///< the labels' bytes when they stand in the body in canonical form, else empty
  std::string_view spelled;  ///< the labels' bytes when they stand in one piece at the front
  std::size_t histograms = 0;
  std::size_t exemplars = 0;
  bool too_many_labels = false;  ///< those beyond the limit were not kept

  void clear() {
    labels.clear();
    samples.clear();
    block = {};
    spelled = {};
    histograms = 0;
    exemplars = 0;
    too_many_labels = false;
  }
};

/// Both hold to limits.max_labels_per_series and, within one series, limits.max_samples, so that `out` stays bounded.
/// Labels without a value are dropped: they mean the same as none. Broken protobuf is a protozero::exception.
[[nodiscard]] DecodeCheck read_series_v1(std::string_view bytes, const Limits& limits, Series& out);
[[nodiscard]] DecodeCheck read_series_v2(std::string_view bytes, std::span<const std::string_view> symbols,
                                         const Limits& limits, Series& out);

/// The samples of a series of version 1 whose labels are these bytes, shortest form, and nothing else: appended to
/// `out` under the number `id`, at most `room` of them. Returns false, with `out` as it was, if it is not such
/// a series.
[[nodiscard]] bool read_known_series(std::string_view bytes, std::string_view labels, KnownSeries::Id id,
                                     std::size_t room, std::vector<Reading>& out);

using Unsound = std::optional<SkipReason>;  ///< nullopt: sound

/// Sorts and checks label sets, cheaply when they have the names and the metric of the set before.
class LabelCheck {
 public:
  /// Forgets what earlier bodies held: the views would dangle.
  void start();
  /// Labels that had to be sorted have no `block` any more.
  [[nodiscard]] Unsound check(Series& series, const Limits& limits);

 private:
  [[nodiscard]] std::size_t count_known(std::span<const LabelView> labels) const;
  Unsound check_names(std::size_t first, std::span<const LabelView> labels, const Limits& limits);
  Unsound check_metric(std::span<const LabelView> labels);

  std::vector<std::string_view> known_names_;  ///< valid and sorted
  std::size_t metric_at_ = 0;                  ///< where `__name__` stood last
  std::string_view known_metric_;              ///< valid
};

[[nodiscard]] DecodeError malformed(std::string message);
[[nodiscard]] DecodeError over_limit(std::string_view what, std::size_t limit);

}  // namespace crmpulse::wire
