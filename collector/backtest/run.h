#pragma once
// One engine over the batches of a backtest: the clock goes from line to line, and meets every deadline in between.

#include <set>
#include <string>
#include <vector>

#include "collector/backtest/backtest.h"

namespace crmpulse::collector {

/// Belongs to one thread.
class BacktestRun {
 public:
  /// `ruleset` outlives this object. Without receivers there is one, `default`, told from sub-healthy on.
  BacktestRun(const Ruleset& ruleset, std::vector<rules::ReceiverSpec> receivers, BacktestOutput output);

  /// Takes the next batch, whose lines come behind those of the one before.
  void take(const BacktestBatch& batch);
  /// Judges what is left and returns what came of all.
  [[nodiscard]] BacktestOutcome finish();

 private:
  static constexpr rules::Engine::SeriesId kUnbound = rules::Engine::kNoSeries - 1;

  void take(const BacktestEvent& event, const BacktestLine* control);
  void judge() { note(engine_.step(now_)); }
  void meet_deadlines(TimePoint before);
  void apply(const BacktestLine& line);
  void restart();
  void note(const rules::Outcome& outcome);

  const Ruleset& ruleset_;
  std::vector<rules::ReceiverSpec> receivers_;
  rules::Engine engine_;
  BacktestOutput output_;
  BacktestOutcome outcome_;
  std::vector<BacktestBatch::Name> names_;    ///< by number
  std::vector<rules::Engine::SeriesId> ids_;  ///< by number
  std::set<std::string> marked_;              ///< CRMs a control named: they may be unknown still
  TimePoint now_;
  bool started_ = false;
};

}  // namespace crmpulse::collector
