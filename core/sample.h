#pragma once
// Defines the sample, the one value that travels from a probe to the rules.

#include <string>

#include "core/labels.h"
#include "core/time/time.h"

namespace crmpulse {

/// One reading: `metric{labels} value @at`. Units are the metric's own (base units: seconds, bytes, ratio 0…1).
struct Sample {
  std::string metric;
  Labels labels;
  double value = 0;
  TimePoint at;
  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace crmpulse
