#pragma once
// Computes the health score (0 to 100) that stands beside a state.

#include <cstdint>
#include <tuple>

#include "core/fields.h"
#include "core/rule.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

/// Returns where a value lies between fine (1), enter_sub (0.8), enter_poor (0.4) and worst (0).
[[nodiscard]] double score_value(const Rule& rule, double value);
/// Like score_value(), but never below the band of the confirmed level: the score must not do by itself what `for`
/// forbids.
[[nodiscard]] double banded_score(const Rule& rule, double value, Level confirmed);

/// Returns the score limited to the state's band, so that the two never contradict each other.
[[nodiscard]] double shown_score(double score, Level state);

/// A score of 0 to 100 over some of a CRM's rules.
struct Score {
  double value = 0;
  int rules = 0;    ///< that it is made of
  int pulling = 0;  ///< of them below 0.8; a single one never makes the CRM poor by way of the score
};

/// The level that the score alone gives, with hysteresis: two evaluations below a line to enter, four at or above line
/// + band to leave.
struct ScoreLevel {
  struct Line {
    bool on = false;
    std::uint8_t below = 0;
    std::uint8_t above = 0;
    void evaluate(bool is_below, bool is_above);
    static constexpr auto fields() {
      return std::tuple{Field{1, &Line::on}, Field{2, &Line::below}, Field{3, &Line::above}};
    }
  };
  Line sub;
  Line poor;
  TimePoint last = kUnset;  ///< newest evaluation

  /// `now` decides about worse; `remembered` must be good too before it gets better.
  void evaluate(const NotificationPolicy& settings, const Score& now, const Score& remembered);
  [[nodiscard]] Level level() const;

  static constexpr auto fields() {
    return std::tuple{Field{1, &ScoreLevel::sub}, Field{2, &ScoreLevel::poor}, Field{3, &ScoreLevel::last}};
  }
};

}  // namespace crmpulse::rules
