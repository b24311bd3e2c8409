#include "rules/level/score.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::rules {
namespace {

constexpr double kAtSub = 0.8;
constexpr double kAtPoor = 0.4;
constexpr std::uint8_t kEnterAfter = 2;
constexpr std::uint8_t kLeaveAfter = 4;

/// `y` on the line through (x0, y0) and (x1, y1).
double on_line(double x, double x0, double y0, double x1, double y1) {
  return y0 + (y1 - y0) * ((x - x0) / (x1 - x0));
}

bool worse(const Rule& rule, double value, double than) {
  return rule.op == Direction::above ? value > than : value < than;
}

}  // namespace

double score_value(const Rule& rule, double value) {
  const double sub = rule.sub.enter;
  const double poor = rule.poor.enter;
  double score = 0;
  if (!std::isnan(rule.score_target) && !worse(rule, value, sub)) {
    score = on_line(value, sub, kAtSub, rule.score_target, 1);
  } else if (!std::isnan(rule.score_worst) && worse(rule, value, poor)) {
    score = on_line(value, poor, kAtPoor, rule.score_worst, 0);
  } else {
    score = on_line(value, sub, kAtSub, poor, kAtPoor);
  }
  return std::isnan(score) ? kAtSub : std::clamp(score, 0.0, 1.0);
}

double banded_score(const Rule& rule, double value, Level confirmed) {
  const double score = score_value(rule, value);
  if (confirmed == Level::healthy) return std::max(score, kAtSub);
  return confirmed == Level::sub_healthy ? std::max(score, kAtPoor) : score;
}

double shown_score(double score, Level state) {
  switch (state) {
    case Level::poor: return std::clamp(score, 0.0, 49.0);
    case Level::sub_healthy: return std::clamp(score, 50.0, 79.0);
    case Level::healthy: break;
  }
  return std::clamp(score, 80.0, 100.0);
}

void ScoreLevel::Line::evaluate(bool is_below, bool is_above) {
  below = is_below ? static_cast<std::uint8_t>(std::min<int>(below + 1, kEnterAfter)) : std::uint8_t{0};
  above = is_above ? static_cast<std::uint8_t>(std::min<int>(above + 1, kLeaveAfter)) : std::uint8_t{0};
  if (!on && below >= kEnterAfter) on = true;
  if (on && above >= kLeaveAfter) on = false;
}

void ScoreLevel::evaluate(const NotificationPolicy& settings, const Score& now, const Score& remembered) {
  const double good = std::min(now.value, remembered.value);
  sub.evaluate(now.value < settings.score_sub, good >= settings.score_sub + settings.score_band);
  poor.evaluate(now.value < settings.score_poor && now.pulling >= 2,
                good >= settings.score_poor + settings.score_band || remembered.pulling < 2);
}

Level ScoreLevel::level() const {
  return poor.on ? Level::poor : sub.on ? Level::sub_healthy : Level::healthy;
}

}  // namespace crmpulse::rules
