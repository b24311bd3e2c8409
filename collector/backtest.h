#pragma once
// Judges recorded samples as fast as it can, touching nothing. Input and output: interface "backtest".

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/rule.h"
#include "core/sample.h"
#include "rules/engine.h"

namespace crmpulse::collector {

enum class BacktestControl {
  maintenance_start,
  maintenance_end,
  silence_start,
  silence_end,
  inhibit_start,
  inhibit_end,
  ack,
  restart  ///< the collector was down since the line before: no deadline in between is met
};

/// One line of input: a sample, a control, or (neither) a tick.
struct BacktestLine {
  TimePoint at;
  std::optional<Sample> sample;
  std::optional<BacktestControl> control;
  std::string crm;                 ///< of a control
  std::string author;              ///< of an ack
  std::optional<TimePoint> until;  ///< of an ack
};

/// Gives the next line, nothing at the end, or what is wrong with it.
using BacktestSource = std::function<Result<std::optional<BacktestLine>>()>;

/// Lines in the order of their times; a sample older than the line before it is a late sample. Between two lines
/// every deadline is met at its own time, unless they are more than an hour apart: then nobody watched, and nothing is
/// concluded from the pause. Without receivers there is one, `default`, told from sub-healthy on.
[[nodiscard]] Result<void> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                                        const BacktestSource& source, std::ostream& out);
/// The same over JSON lines; an error names the line's number.
[[nodiscard]] Result<void> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                                        std::istream& samples_jsonl, std::ostream& out);

/// One JSON line. Blank lines are the caller's to skip.
[[nodiscard]] Result<BacktestLine> parse_backtest_line(std::string_view text);

}  // namespace crmpulse::collector
