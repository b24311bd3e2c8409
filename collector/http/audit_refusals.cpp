#include "collector/http/audit_refusals.h"

#include <fmt/format.h>

namespace crmpulse::collector {

void AuditRefusals::add(const AuditEntry& entry) {
  ++total_;
  const bool told_apart = by_name_.contains(entry.who) || by_name_.size() < kMostNames;
  Sum& sum = by_name_[told_apart ? entry.who : std::string{"others"}];
  if (sum.count++ == 0) sum.first = entry.at;
  sum.newest = entry;
}

AuditEntry AuditRefusals::line_of(const Sum& sum) {
  AuditEntry line = sum.newest;
  line.action = "refused requests";
  line.about = fmt::format("{} since {}; the last: {} ({})", sum.count, format_time(sum.first), sum.newest.action,
                           sum.newest.result);
  line.result = "refused";
  return line;
}

std::vector<AuditEntry> AuditRefusals::take_due(TimePoint now) {
  std::vector<AuditEntry> lines;
  for (auto sum = by_name_.begin(); sum != by_name_.end();) {
    // A clock that went back waits no longer than it would have.
    const bool due = now >= sum->second.first + kGathering || now < sum->second.first;
    if (due) lines.push_back(line_of(sum->second));
    sum = due ? by_name_.erase(sum) : std::next(sum);
  }
  return lines;
}

std::vector<AuditEntry> AuditRefusals::take_all() {
  std::vector<AuditEntry> lines;
  for (const auto& [who, sum] : by_name_) lines.push_back(line_of(sum));
  by_name_.clear();
  return lines;
}

}  // namespace crmpulse::collector
