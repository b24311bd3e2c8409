#pragma once
// Which series a query wants: remembers what was decided of each name, for names come back in every block. Internal to
// collector/history/.

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "collector/history/query.h"

namespace crmpulse::collector {

class Chooser {
 public:
  explicit Chooser(const std::vector<SeriesChoice>& choices) : choices_(choices) {}
  [[nodiscard]] bool wants(std::string_view name) {
    if (const auto known = decided_.find(name); known != decided_.end()) return known->second;
    const HistoryName parsed = parse_history_name(name);
    const bool wanted = std::any_of(choices_.begin(), choices_.end(), [&](const SeriesChoice& choice) {
      return choice.metric == parsed.metric && matches(choice.where, parsed.labels);
    });
    decided_.emplace(name, wanted);
    return wanted;
  }

 private:
  const std::vector<SeriesChoice>& choices_;
  std::map<std::string, bool, std::less<>> decided_;
};

}  // namespace crmpulse::collector
