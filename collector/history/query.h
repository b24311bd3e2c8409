#pragma once
// What a chart asks of the stored history: readings of some series of one CRM, summed up step by step.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "collector/history/damaged_blocks.h"
#include "collector/history/series.h"
#include "core/failure/error.h"
#include "core/rule.h"
#include "store/sqlite/database.h"

namespace crmpulse::collector {

struct SeriesChoice {
  std::string metric;
  std::vector<LabelMatch> where;
};

struct HistoryQuery {
  std::string crm;
  std::vector<SeriesChoice> choices;  ///< series that any of them takes
  TimePoint from;
  TimePoint to;  ///< the last instant that belongs to it
  Duration step{};
};

/// The readings of one step; steps begin at multiples of their length since 1970, so that a chart that is asked for
/// again has the same ones.
struct HistoryPoint {
  TimePoint at;  ///< the step's begin
  std::uint64_t count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
};

struct HistoryLine {
  HistoryName name;
  std::vector<HistoryPoint> points;  ///< in order; steps without readings are left out
};

struct HistoryAnswer {
  std::vector<HistoryLine> lines;  ///< by name
  std::size_t omitted = 0;         ///< series beyond kMostLines
  DamagedBlocks damaged;           ///< what is in them is missing
};
inline constexpr std::size_t kMostLines = 100;

/// Reads the blocks, and the journal for what is not in blocks yet. Needs a connection and a thread of its own.
[[nodiscard]] Result<HistoryAnswer> read_history(store::Database& database, const HistoryQuery& query);

}  // namespace crmpulse::collector
