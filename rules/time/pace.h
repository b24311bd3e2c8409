#pragma once
// How much an agent stretches a CRM's intervals, and until when it leaves the CRM alone, so late
// samples are expected and do not count as missing. docs/decisions/0006-stretched-intervals.md.

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

inline constexpr std::string_view kStretchMetric = "crm_agent_interval_stretch_ratio";
inline constexpr std::string_view kPauseMetric = "crm_agent_paused_until_timestamp_seconds";

/// A ratio ≥ 1 in eighths of an octave, so that one byte remembers it; 0: as configured.
using StretchSteps = std::uint8_t;
[[nodiscard]] StretchSteps steps_of(double ratio);
/// Returns the spacing to expect at pace `now` if `spacing` was seen at pace `then`: longer if it is stretched more
/// now, never shorter.
[[nodiscard]] Duration at_pace(Duration spacing, StretchSteps then, StretchSteps now);

/// The pace of a CRM: that of its slowest agent.
struct Pace {
  StretchSteps stretch = 0;
  TimePoint paused_until = kUnset;
  static constexpr auto fields() { return std::tuple{Field{1, &Pace::stretch}, Field{2, &Pace::paused_until}}; }
  friend bool operator==(const Pace&, const Pace&) = default;
};

/// The pace that each agent last reported. Memory is allocated when an agent's series is bound, not with samples.
class Paces {
 public:
  static constexpr std::size_t kMostAgents = 64;
  /// Returns the agent's place, kMostAgents if there is none left.
  [[nodiscard]] std::size_t place_of(std::string_view agent);
  void take_stretch(std::size_t place, TimePoint at, double ratio);
  void take_pause(std::size_t place, TimePoint at, double until_unix_seconds);
  /// Returns the pace of the CRM. An agent that has been silent for ten minutes while another spoke does not count.
  [[nodiscard]] Pace now() const;

  /// Moves times by `by`, after the collector's clock was corrected, but not until when an agent waits: that is its own
  /// time.
  void shift(Duration by);

  static constexpr auto fields() { return std::tuple{Field{1, &Paces::agents_, kMostAgents}}; }

 private:
  struct Agent {
    std::string name;
    TimePoint at = kUnset;
    Pace pace;
    static constexpr auto fields() {
      return std::tuple{Field{1, &Agent::name}, Field{2, &Agent::at}, Field{3, &Agent::pace}};
    }
  };
  std::vector<Agent> agents_;
};

}  // namespace crmpulse::rules
