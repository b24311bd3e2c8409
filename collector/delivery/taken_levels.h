#pragma once
// What receivers that keep states have taken: the level of each subject. An end is sent only of what began there.

#include <map>
#include <span>
#include <string>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// Belongs to the notifier's thread.
class TakenLevels {
 public:
  /// The receiver took these, in this order. The same message again changes nothing.
  void taken(const std::string& receiver, std::span<const store::OutboxRow> rows);
  /// Returns the level of the subject that the receiver knew before it took this message; 0: healthy, or nothing.
  [[nodiscard]] int before(const store::OutboxRow& row) const;
  void forget(const std::string& receiver) { receivers_.erase(receiver); }

 private:
  struct Subject {
    std::string newest;  ///< id of the message
    int level = 0;
    int before = 0;
    TimePoint created;
  };
  using Subjects = std::map<std::string, Subject, std::less<>>;  ///< by dedup key

  std::map<std::string, Subjects, std::less<>> receivers_;
};

}  // namespace crmpulse::collector
