#pragma once
// What of a body that can be read is left out, series by series and line by line, and why. The others are taken.

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

namespace crmpulse::wire {

/// One more reason: a line here, one in skip.cpp, one in docs/prometheus.md.
enum class SkipReason : std::uint8_t {
  no_name,           ///< there is no `__name__`
  name,              ///< a name is not [a-zA-Z_][a-zA-Z0-9_]*, the metric's with colons
  duplicate_label,   ///< a label is there twice
  encoding,          ///< a value is not UTF-8, or has a NUL
  label_count,       ///< beyond Limits::max_labels_per_series
  name_length,       ///< beyond Limits::max_label_name_bytes
  value_length,      ///< beyond Limits::max_label_value_bytes
  no_samples,        ///< neither samples nor histograms, in 1.0 nor exemplars
  not_ours,          ///< sound, but nothing here reads it
  own_export,        ///< what the collector shows itself comes back to it
  series_limit,      ///< there is no room for one more series
  sender_limit,      ///< its sender holds as much of the room as is left for others
  other_agent,       ///< its sender's token belongs to an agent of another name
  other_crm,         ///< its sender's token is for other CRMs
  crm_limit,         ///< there is no room for one more CRM
  crm_sender_limit,  ///< its sender brought as many CRMs as it may
  crm_series_limit,  ///< its CRM has as many series as it may
  memory_limit,      ///< there is no memory for more series
  evidence_line,     ///< a line of evidence that cannot be read
};
inline constexpr std::size_t kSkipReasons = 19;

/// A label value of /metrics.
[[nodiscard]] std::string_view to_string(SkipReason reason);
/// Is it a fault that the sender should hear of: of the series, or of the room for it? For the others the sender may
/// believe that they are written, because nothing is missed.
[[nodiscard]] bool is_fault(SkipReason reason);

/// Counts what was left out of one body, by reason.
struct Skipped {
  std::array<std::size_t, kSkipReasons> series{};
  std::array<std::size_t, kSkipReasons> samples{};

  void add(SkipReason reason, std::size_t count) {
    ++series[static_cast<std::size_t>(reason)];
    samples[static_cast<std::size_t>(reason)] += count;
  }
  [[nodiscard]] std::size_t all_series() const { return std::accumulate(series.begin(), series.end(), std::size_t{0}); }
  /// Samples its sender must not think written.
  [[nodiscard]] std::size_t faulty_samples() const;
};

}  // namespace crmpulse::wire
