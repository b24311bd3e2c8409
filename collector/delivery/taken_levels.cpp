#include "collector/delivery/taken_levels.h"

#include <algorithm>
#include <utility>

namespace crmpulse::collector {
namespace {

/// Longer than the end of anything is repeated.
constexpr Duration kKeepEnded{std::chrono::hours{1}};

/// What is not about a CRM has no levels: it is so, or it is over.
int level_of(const store::OutboxRow& row) {
  if (closes(row.event)) return 0;
  return is_incident(row.event) ? row.level : std::max(1, row.level);
}

}  // namespace

void TakenLevels::taken(const std::string& receiver, std::span<const store::OutboxRow> rows) {
  Subjects& subjects = receivers_[receiver];
  TimePoint newest;
  for (const store::OutboxRow& row : rows) {
    newest = std::max(newest, row.created);
    if (!lasts(row.event) && !closes(row.event)) continue;
    Subject& subject = subjects[row.dedup_key];
    if (subject.newest == row.id) continue;
    subject.before = std::exchange(subject.level, level_of(row));
    subject.newest = row.id;
    subject.created = row.created;
  }
  std::erase_if(subjects, [newest](const auto& entry) {
    return entry.second.level == 0 && entry.second.created + kKeepEnded < newest;
  });
}

int TakenLevels::before(const store::OutboxRow& row) const {
  const auto receiver = receivers_.find(row.receiver);
  if (receiver == receivers_.end()) return 0;
  const auto subject = receiver->second.find(row.dedup_key);
  if (subject == receiver->second.end()) return 0;
  return subject->second.newest == row.id ? subject->second.before : subject->second.level;
}

}  // namespace crmpulse::collector
