#pragma once
// What a chart asks of the stored history: readings of some series of one CRM, summed up step by step, from the
// coarsest source that suffices.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/damaged_blocks.h"
#include "collector/history/series.h"
#include "core/failure/error.h"
#include "core/rule.h"
#include "store/history/rollup_block.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

class JournalTail;

struct SeriesChoice {
  std::string metric;
  std::vector<LabelMatch> where;
};

struct HistoryQuery {
  std::string crm;
  std::vector<SeriesChoice> choices;  ///< series that any of them takes
  TimePoint from;
  TimePoint to;     ///< the last instant that belongs to it
  Duration step{};  ///< 0: the least that gives at most `most_points`
  std::int64_t most_points = 0;
};

/// What an answer was summed up from. Of rollups a chart has whole points only: its steps are multiples of theirs.
enum class HistorySource : std::uint8_t { samples = 0, minutes = 1, hours = 2, days = 3 };
[[nodiscard]] std::string_view to_string(HistorySource source);

/// The readings of one step, which begins at `at`; steps begin at multiples of their length since 1970, so that a chart
/// that is asked for again has the same ones. `last` and `sketch` as in rollups.
using HistoryPoint = store::Rollup;

struct HistoryLine {
  HistoryName name;
  bool duration = false;             ///< its points have quantiles
  std::vector<HistoryPoint> points;  ///< in order; steps without readings are left out
};

struct HistoryAnswer {
  std::vector<HistoryLine> lines;  ///< by name
  std::size_t omitted = 0;         ///< series beyond kMostLines
  DamagedBlocks damaged;           ///< what is in them is missing
  std::size_t damaged_rollups = 0;
  HistorySource source = HistorySource::samples;
  Duration step{};  ///< the one asked for, or longer where only rollups tell
};
inline constexpr std::size_t kMostLines = 100;

/// Returns a quantile of a duration's point, which lies between its least and its greatest reading; of four digits,
/// for it is not known better.
[[nodiscard]] double quantile_of(const HistoryPoint& point, double part);

/// Reads blocks and rollups, and the journal for what is not in blocks yet. Charts of hours and days may lack what came
/// within the last minutes, if that is much. Needs a connection and a thread of its own. With `tail`, which belongs to
/// the connection, the journal is not decoded again for each query.
[[nodiscard]] Result<HistoryAnswer> read_history(store::Database& database, const HistoryQuery& query,
                                                 JournalTail* tail = nullptr);

}  // namespace crmpulse::collector
