#include "rules/crm/inhibition.h"

#include <algorithm>

namespace crmpulse::rules {
namespace {

constexpr Duration kFresh = std::chrono::minutes{5};

bool speaks(const RuleState& source, TimePoint now) {
  const Instance& worst = source.worst();
  const Duration patience = std::max(kFresh, worst.interval(source.rule()) * 3 / 2);
  return worst.has_data() && now < std::max(worst.dimension.last_data, worst.counted_from) + patience;
}

/// `depth` bounds rules that inhibit each other; config/ refuses them.
std::string_view inhibitor_of(const Crm& crm, const RuleState& state, TimePoint now, std::size_t depth) {
  const std::vector<std::string>& ids = state.rule().inhibited_by;
  if (ids.empty() || depth == 0 || state.worst().dimension.shown() == Level::healthy) return {};
  for (const std::string& id : ids) {
    const auto found =
        std::find_if(crm.rules.begin(), crm.rules.end(), [&](const auto& other) { return other->rule().id == id; });
    if (found == crm.rules.end()) continue;
    const RuleState& source = **found;
    const bool older = source.worst().dimension.since <= state.worst().dimension.since;
    if (source.confirmed() != Level::poor || !older || !speaks(source, now)) continue;
    if (inhibitor_of(crm, source, now, depth - 1).empty()) return source.rule().id;
  }
  return {};
}

}  // namespace

std::string_view inhibitor(const Crm& crm, const RuleState& state, TimePoint now) {
  return inhibitor_of(crm, state, now, crm.rules.size());
}

}  // namespace crmpulse::rules
