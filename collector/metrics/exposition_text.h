#pragma once
// Prometheus's text format 0.0.4 and OpenMetrics 1.0, written straight into a string: prometheus-cpp 1.0 writes through
// an ostream, a locale and a structure of strings per series (2 µs each, more than everything else of a scrape
// together), and knows no OpenMetrics. The two formats differ in headers, times and bounds of buckets.

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/metrics/page_form.h"
#include "core/time/time.h"

namespace crmpulse::collector {

using TextLabel = std::pair<std::string_view, std::string_view>;

/// `name="value"` with the value escaped; at once for all of one series, so that the string grows once.
template <class LabelRange>
void append_labels(std::string& out, const LabelRange& labels);

/// The labels of a series' key (wire/series_key.h) but the metric's name, without a copy of them on the way.
void append_key_labels(std::string& out, std::string_view key);

/// The shortest digits that read back as the same double; NaN, +Inf, -Inf.
void append_value(std::string& out, double value);
void append_value(std::string& out, std::uint64_t value);
/// A sample's time as the format has it: Unix milliseconds, in OpenMetrics seconds.
void append_time(std::string& out, TimePoint time, PageFormat format);
/// A bucket's upper bound as the format has it: `1`, in OpenMetrics `1.0`.
void append_bound(std::string& out, double bound, PageFormat format);
/// `# HELP` and `# TYPE`, in OpenMetrics also `# UNIT`. `type` as the text format writes it: gauge, counter, untyped,
/// histogram; the name of a counter ends in `_total`.
void append_header(std::string& out, PageFormat format, std::string_view name, std::string_view help,
                   std::string_view type);
/// A family of gauges, counters or untyped values, if it has any.
void append_family(std::string& out, PageFormat format, const prometheus::MetricFamily& family);
/// What stands behind the last family.
void append_end(std::string& out, PageFormat format);

/// One family's lines while they are collected.
class FamilyText {
 public:
  FamilyText(std::string_view name, std::string_view help, std::string_view type = "gauge")
      : name_(name), help_(help), type_(type) {}
  /// `common`: labels as append_labels() writes them, at least one. A label of `more` without a value is left out.
  void add(std::string_view common, std::initializer_list<TextLabel> more, double value);
  /// One line of a histogram: `name` `suffix` `{` `common` `end` and the value. `end` is what closes the labels.
  void add_part(std::string_view suffix, std::string_view common, std::string_view end, std::uint64_t count);
  void add_part(std::string_view suffix, std::string_view common, std::string_view end, double value);
  /// Appends header and lines, or nothing if there are no lines. Clears what was collected.
  void move_to(std::string& out, PageFormat format);

 private:
  std::string& room();

  std::string_view name_;  ///< static storage, as are the other two
  std::string_view help_;
  std::string_view type_;
  /// In pieces: one string of ten megabytes would be copied each time it grows.
  std::vector<std::string> pieces_;
};

namespace text_format {

/// Most bytes append_labels() writes for one label: each byte of a value may need a backslash.
[[nodiscard]] constexpr std::size_t most_bytes(std::string_view name, std::string_view value) {
  return name.size() + 2 * value.size() + 4;
}
/// Writes `name="value",` and returns the end.
char* put_label(char* at, std::string_view name, std::string_view value);

}  // namespace text_format

template <class LabelRange>
void append_labels(std::string& out, const LabelRange& labels) {
  std::size_t most = 0;
  for (const auto& [name, value] : labels) most += text_format::most_bytes(name, value);
  const std::size_t before = out.size();
  out.resize(before + most);
  char* at = out.data() + before;
  for (const auto& [name, value] : labels) {
    if (!value.empty()) at = text_format::put_label(at, name, value);
  }
  if (at != out.data() + before) --at;  // the last comma
  out.resize(static_cast<std::size_t>(at - out.data()));
}

}  // namespace crmpulse::collector
