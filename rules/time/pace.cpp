#include "rules/time/pace.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::rules {
namespace {

using namespace std::chrono_literals;

constexpr double kStepsAnOctave = 8;
constexpr Duration kGone = 10min;
constexpr Duration kLongestPause = 24h;
constexpr Duration kLongest = 24h * 3650;

}  // namespace

StretchSteps steps_of(double ratio) {
  if (!(ratio > 1)) return 0;
  // Upwards: expecting a sample a little late does no harm.
  return static_cast<StretchSteps>(std::min(255.0, std::ceil(std::log2(ratio) * kStepsAnOctave)));
}

Duration at_pace(Duration spacing, StretchSteps then, StretchSteps now) {
  if (now <= then) return spacing;
  const double longer = static_cast<double>(spacing.count()) * std::exp2((now - then) / kStepsAnOctave);
  return longer < static_cast<double>(kLongest.count()) ? Duration{static_cast<Duration::rep>(longer)} : kLongest;
}

std::size_t Paces::place_of(std::string_view agent) {
  const auto known = std::find_if(agents_.begin(), agents_.end(), [&](const Agent& a) { return a.name == agent; });
  if (known != agents_.end()) return static_cast<std::size_t>(known - agents_.begin());
  if (agents_.size() >= kMostAgents) return kMostAgents;
  agents_.push_back({std::string{agent}, kUnset, {}});
  return agents_.size() - 1;
}

void Paces::take_stretch(std::size_t place, TimePoint at, double ratio) {
  if (place >= agents_.size()) return;
  Agent& agent = agents_[place];
  if (is_set(agent.at) && at < agent.at) return;
  agent.at = at;
  agent.pace.stretch = steps_of(ratio);
}

void Paces::take_pause(std::size_t place, TimePoint at, double until) {
  if (place >= agents_.size() || !(until > 0)) return;
  const double most = to_seconds((at + kLongestPause).time_since_epoch());
  const Duration time{static_cast<Duration::rep>(std::min(until, most) * 1000)};
  agents_[place].pace.paused_until = std::max(agents_[place].pace.paused_until, TimePoint{time});
}

Pace Paces::now() const {
  TimePoint newest = kUnset;
  for (const Agent& agent : agents_) newest = std::max(newest, agent.at);
  Pace slowest;
  for (const Agent& agent : agents_) {
    if (!is_set(agent.at) || agent.at < newest - kGone) continue;
    slowest.stretch = std::max(slowest.stretch, agent.pace.stretch);
    slowest.paused_until = std::max(slowest.paused_until, agent.pace.paused_until);
  }
  return slowest;
}

void Paces::shift(Duration by) {
  for (Agent& agent : agents_) {
    agent.at = shifted(agent.at, by);
    if (is_set(agent.pace.paused_until) && is_set(agent.at))
      agent.pace.paused_until = std::min(agent.pace.paused_until, agent.at + kLongestPause);
  }
}

}  // namespace crmpulse::rules
