#include "collector/history/chart.h"

#include <algorithm>
#include <utility>

namespace crmpulse::collector {

std::vector<HistoryPoint>* Chart::line_of(const std::string& name) {
  const auto known = lines_.find(name);
  if (known != lines_.end()) return &known->second;
  if (lines_.size() >= kMostLines) {
    omitted_.insert(name);
    return nullptr;
  }
  return &lines_[name];
}

HistoryPoint& Chart::point_at(std::vector<HistoryPoint>& line, TimePoint time) const {
  const TimePoint at = from_unix_millis(unix_millis(time) / step_.count() * step_.count());
  if (!line.empty() && line.back().at == at) return line.back();
  const auto place = std::lower_bound(line.begin(), line.end(), at,
                                      [](const HistoryPoint& point, TimePoint wanted) { return point.at < wanted; });
  if (place != line.end() && place->at == at) return *place;
  return *line.insert(place, HistoryPoint{at});
}

void Chart::add(const std::string& name, std::span<const store::Reading> readings) {
  if (readings.empty()) return;
  std::vector<HistoryPoint>* line = line_of(name);
  if (line == nullptr) return;
  const bool duration = is_duration(name);
  for (const store::Reading& reading : readings)
    point_at(*line, from_unix_millis(reading.unix_millis)).add(reading.value, duration);
}

void Chart::add(const std::string& name, std::span<const store::Rollup> points) {
  if (points.empty()) return;
  std::vector<HistoryPoint>* line = line_of(name);
  if (line == nullptr) return;
  for (const store::Rollup& point : points) point_at(*line, point.at).merge(point);
}

void Chart::finish(HistoryAnswer& answer) {
  answer.omitted = omitted_.size();
  for (auto& [name, points] : lines_)
    answer.lines.push_back({parse_history_name(name), is_duration(name), std::move(points)});
}

}  // namespace crmpulse::collector
