#pragma once
// What any answer tells beside its content: the allowance, the certificate's end, the CRM's clock.

#include <mutex>
#include <optional>
#include <vector>

#include "core/sample.h"
#include "net/client/http_client.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// Reads, for one target, what the headers and times of answers tell. Thread-safe.
class Signals {
 public:
  Signals(const Recipe& recipe, const Labels& labels) : recipe_(recipe), labels_(labels) {}

  /// Returns the samples of one answer that came at `now`, which is their stamp: the run may have begun long before.
  [[nodiscard]] std::vector<Sample> read(const net::ClientResponse& response, TimePoint now);

  /// Returns ` (this machine's clock is 120 s ahead of the CRM's)` if the last answer showed more than a minute, else
  /// empty.
  [[nodiscard]] std::string clock_remark() const;

 private:
  void add_quota(const net::ClientResponse& response, std::vector<Sample>& out) const;
  void add_clock(const net::ClientResponse& response, TimePoint now, std::vector<Sample>& out);

  const Recipe& recipe_;
  const Labels& labels_;
  mutable std::mutex mutex_;
  std::optional<double> skew_;  ///< seconds this machine is ahead
  bool told_ = false;           ///< the last sample said that there is one
};

/// Samples that every answer may give: only the first of each counts in a run.
[[nodiscard]] bool is_signal(std::string_view metric);

}  // namespace crmpulse::probes
