#include "collector/history/series.h"

#include <algorithm>

#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

constexpr char kSeparator = '\xff';  // no UTF-8 text holds it

}  // namespace

std::string history_name(std::string_view key) {
  std::string name{wire::label_of(key, wire::kMetricName)};
  wire::KeyLabels labels{key};
  for (auto label = labels.next(); label; label = labels.next()) {
    if (label->name == wire::kMetricName || label->name == "crm") continue;
    name += kSeparator;
    name += label->name;
    name += kSeparator;
    name += label->value;
  }
  return name;
}

HistoryName parse_history_name(std::string_view name) {
  const auto next = [&name] {
    const std::size_t end = std::min(name.find(kSeparator), name.size());
    const std::string_view piece = name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
    return piece;
  };
  HistoryName out{std::string{next()}, {}};
  while (!name.empty()) {
    const std::string_view label = next();
    out.labels.set(label, next());
  }
  return out;
}

bool is_duration(std::string_view name) {
  const std::string_view metric = name.substr(0, name.find(kSeparator));
  return metric.ends_with("_seconds") && metric.find("timestamp") == std::string_view::npos;
}

void put_in_order(std::vector<store::Reading>& readings) {
  const auto earlier = [](const store::Reading& a, const store::Reading& b) { return a.unix_millis < b.unix_millis; };
  if (!std::is_sorted(readings.begin(), readings.end(), earlier))
    std::stable_sort(readings.begin(), readings.end(), earlier);
  const auto same = [](const store::Reading& a, const store::Reading& b) { return a.unix_millis == b.unix_millis; };
  readings.erase(std::unique(readings.begin(), readings.end(), same), readings.end());
}

}  // namespace crmpulse::collector
