#pragma once
// How much an agent stretches a CRM's intervals, and until when it leaves the CRM alone, so late
// samples are expected and do not count as missing. docs/decisions/0006-stretched-intervals.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec.h"
#include "rules/moment.h"

namespace crmpulse::rules {

inline constexpr std::string_view kStretchMetric = "crm_agent_interval_stretch_ratio";
inline constexpr std::string_view kPauseMetric = "crm_agent_paused_until_timestamp_seconds";

/// A ratio ≥ 1 in eighths of an octave, so that one byte remembers it; 0: as configured.
using StretchSteps = std::uint8_t;
[[nodiscard]] StretchSteps steps_of(double ratio);
/// A spacing seen at `then`, as it is to be expected at `now`: longer when it is stretched more now, never shorter.
[[nodiscard]] Duration at_pace(Duration spacing, StretchSteps then, StretchSteps now);

/// What holds for a CRM: of its agents the slowest.
struct Pace {
  StretchSteps stretch = 0;
  TimePoint paused_until = kUnset;
  friend bool operator==(const Pace&, const Pace&) = default;
};

/// What each agent last said. Room is made when an agent's series is bound; taking a sample allocates nothing.
class Paces {
 public:
  static constexpr std::size_t kMostAgents = 64;
  /// Returns the agent's place, kMostAgents if there is none left.
  [[nodiscard]] std::size_t place_of(std::string_view agent);
  void take_stretch(std::size_t place, TimePoint at, double ratio);
  void take_pause(std::size_t place, TimePoint at, double until_unix_seconds);
  /// An agent that has been silent for ten minutes while another spoke no longer counts.
  [[nodiscard]] Pace now() const;

  /// The collector's clock was put right by `by`; until when an agent waits is that agent's own word.
  void shift(Duration by);

  void save(Encoder& encoder) const;
  void load(Decoder& decoder);

 private:
  struct Agent {
    std::string name;
    TimePoint at = kUnset;
    Pace pace;
  };
  std::vector<Agent> agents_;
};

}  // namespace crmpulse::rules
