#pragma once
// Judges recorded samples as fast as it can, touching nothing. Input and output: interface "backtest".

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/rule.h"
#include "core/sample.h"
#include "rules/engine.h"

namespace crmpulse::collector {

class BacktestSummary;

enum class BacktestControl {
  maintenance_start,
  maintenance_end,
  silence_start,
  silence_end,
  inhibit_start,
  inhibit_end,
  ack,
  hours,   ///< when the CRM's people work
  restart  ///< the collector was down since the line before: no deadline in between is met
};

/// One line of input: a sample, a control, or (neither) a tick.
struct BacktestLine {
  TimePoint at;
  std::optional<Sample> sample;
  std::optional<BacktestControl> control;
  std::string crm;                   ///< of a control
  std::string author;                ///< of an ack
  std::optional<TimePoint> until;    ///< of an ack
  std::optional<ActiveHours> hours;  ///< of hours; absent: as the samples say, or as learned
};

/// A BacktestLine in compact form, because a day has millions of them.
struct BacktestEvent {
  static constexpr std::uint32_t kTick = ~std::uint32_t{0};
  static constexpr std::uint32_t kControl = kTick - 1;
  TimePoint at;
  double value = 0;
  std::uint32_t series = kTick;  ///< number of the sample's series, or one of the above
};

struct BacktestBatch {
  struct Name {
    std::string metric;
    Labels labels;
  };
  std::vector<BacktestEvent> events;
  std::vector<Name> names;             ///< of the series that are new in this batch; numbers go on from the one before
  std::vector<BacktestLine> controls;  ///< one for each kControl, in order
};

/// Returns the next batch, nullopt at the end, or an error. Called on a thread of its own, while the batch before is
/// judged.
using BacktestBatches = std::function<Result<std::optional<BacktestBatch>>()>;
/// Returns the next line, nullopt at the end, or an error.
using BacktestSource = std::function<Result<std::optional<BacktestLine>>()>;

struct BacktestOutcome {
  std::uint64_t samples = 0;
  std::uint64_t messages = 0;
  Level worst = Level::healthy;  ///< of any CRM at any time
  TimePoint from;                ///< first and last line
  TimePoint to;
};

struct BacktestOutput {
  std::ostream* lines = nullptr;       ///< a line for every change of state and message; null: none
  BacktestSummary* summary = nullptr;  ///< may be null
  /// Hears of each step of the engine and of its time; may be empty.
  std::function<void(const rules::Engine&, const rules::Outcome&, TimePoint)> note = nullptr;
};

/// Lines in the order of their times; a sample older than the line before it is a late sample. Between two lines
/// every deadline is met at its own time, unless they are more than an hour apart: then nobody watched, and nothing is
/// concluded from the pause. Without receivers there is one, `default`, told from sub-healthy on.
[[nodiscard]] Result<BacktestOutcome> run_backtest(const Ruleset& ruleset,
                                                   const std::vector<rules::ReceiverSpec>& receivers,
                                                   const BacktestBatches& batches, const BacktestOutput& output);
[[nodiscard]] Result<BacktestOutcome> run_backtest(const Ruleset& ruleset,
                                                   const std::vector<rules::ReceiverSpec>& receivers,
                                                   const BacktestSource& source, std::ostream& out);
/// Runs a backtest over JSON lines. An error names the line's number.
[[nodiscard]] Result<BacktestOutcome> run_backtest(const Ruleset& ruleset,
                                                   const std::vector<rules::ReceiverSpec>& receivers,
                                                   std::istream& samples_jsonl, std::ostream& out);

}  // namespace crmpulse::collector
