#pragma once
// The lines of a chart while they are summed up. Internal to collector/history/.

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "collector/history/query.h"
#include "store/history/history_block.h"

namespace crmpulse::collector {

/// Takes readings and rollups in about the order of their times; later ones of a step tell its last value.
class Chart {
 public:
  explicit Chart(Duration step) : step_(step) {}
  /// Each reading is there once, and they are in order.
  void add(const std::string& name, std::span<const store::Reading> readings);
  void add(const std::string& name, std::span<const store::Rollup> points);
  /// Moves the lines into the answer.
  void finish(HistoryAnswer& answer);

 private:
  [[nodiscard]] std::vector<HistoryPoint>* line_of(const std::string& name);
  [[nodiscard]] HistoryPoint& point_at(std::vector<HistoryPoint>& line, TimePoint time) const;

  Duration step_;
  std::map<std::string, std::vector<HistoryPoint>> lines_;
  std::set<std::string> omitted_;
};

}  // namespace crmpulse::collector
