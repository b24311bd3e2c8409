#include "rules/level/dimension.h"

#include <algorithm>

namespace crmpulse::rules {

Level level_of(const Rule& rule, double value, Level confirmed) {
  const bool above = rule.op == Direction::above;
  const auto entered = [&](const Threshold& line) { return above ? value >= line.enter : value <= line.enter; };
  const auto stays = [&](const Threshold& line) { return above ? value > line.exit : value < line.exit; };
  if (entered(rule.poor) || (confirmed == Level::poor && stays(rule.poor))) return Level::poor;
  if (entered(rule.sub) || (confirmed >= Level::sub_healthy && stays(rule.sub))) return Level::sub_healthy;
  return Level::healthy;
}

void Dimension::evaluate(const Rule& rule, TimePoint at, double value, Duration interval, bool fresh) {
  const Level level = level_of(rule, value, confirmed);
  Duration dt = is_set(last_data) && at > last_data ? at - last_data : Duration{0};
  if (2 * dt > 3 * interval) dt = Duration{0};
  last_data = is_set(last_data) ? std::max(last_data, at) : at;
  up_sub.observe(level >= Level::sub_healthy, dt);
  up_poor.observe(level == Level::poor, dt);
  down_poor.observe(level < Level::poor, dt);
  down_sub.observe(level == Level::healthy, dt);

  if (confirmed < Level::poor && up_poor.reached(rule.poor.hold)) {
    confirm(Level::poor, at);
  } else if (confirmed < Level::sub_healthy && up_sub.reached(rule.sub.hold)) {
    confirm(Level::sub_healthy, at);
  } else if (confirmed >= Level::sub_healthy && down_sub.reached(rule.recover_sub)) {
    confirm(Level::healthy, at);
  } else if (confirmed == Level::poor && down_poor.reached(rule.recover_poor)) {
    confirm(Level::sub_healthy, at);
  }

  if (!latched) return;
  if (level != Level::healthy) {
    clean = 0;
  } else if (fresh) {
    ++clean;
  }
  if (!fresh || (clean < 2 && confirmed == Level::healthy)) return;
  latched = false;
  if (confirmed == Level::healthy) since = at;
}

void Dimension::revise(const Rule& rule, double value, TimePoint now) {
  const Level before = confirmed;
  evaluate(rule, last_data, value, Duration{0}, false);
  if (confirmed != before) since = now;
}

void Dimension::confirm(Level level, TimePoint at) {
  confirmed = level;
  since = at;
}

void Dimension::latch(TimePoint at) {
  clean = 0;
  if (latched) return;
  latched = true;
  if (confirmed == Level::healthy) since = at;
}

void Dimension::clear_timers() {
  up_sub = up_poor = down_poor = down_sub = Timer{};
}

}  // namespace crmpulse::rules
