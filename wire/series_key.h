#pragma once
// Reads the labels back from a SeriesView's key, so that nobody needs to keep labels a second time. Malformed input is
// safe: parsing stops at the first invalid byte.

#include <optional>
#include <string>
#include <string_view>

#include "core/labels.h"
#include "wire/remote_write.h"

namespace crmpulse::wire {

/// Walks over the labels of a key in their order, `__name__` among them. Views into the key.
class KeyLabels {
 public:
  explicit KeyLabels(std::string_view key) : rest_(key) {}
  /// Returns nullopt after the last label.
  [[nodiscard]] std::optional<LabelView> next();

 private:
  std::string_view rest_;
};

/// A series' key, also when the labels hold a `__name__` of their own, which gives way to the metric.
[[nodiscard]] std::string series_key(std::string_view metric, const Labels& labels);

/// The value of a label, empty without it. `kMetricName` gives the metric's name.
[[nodiscard]] std::string_view label_of(std::string_view key, std::string_view name);
/// All labels but the metric's name.
[[nodiscard]] Labels labels_of(std::string_view key);

}  // namespace crmpulse::wire
