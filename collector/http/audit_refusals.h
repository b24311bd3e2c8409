#pragma once
// What was refused to whom, summed up: whoever may ask for much that is refused must not push out of the audit log what
// was done. Belongs to the loop's thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "collector/http/audit.h"
#include "core/time/time.h"

namespace crmpulse::collector {

class AuditRefusals {
 public:
  /// Time from the first refusal to its line.
  static constexpr Duration kGathering{std::chrono::minutes{10}};
  /// How many tokens are told apart until then; all others share one line.
  static constexpr std::size_t kMostNames = 100;

  /// Counts one more refusal. `entry` is the line as it would be written.
  void add(const AuditEntry& entry);
  /// Returns the lines that are due, one for each caller that was refused something.
  [[nodiscard]] std::vector<AuditEntry> take_due(TimePoint now);
  /// Returns all lines; for the end of the program.
  [[nodiscard]] std::vector<AuditEntry> take_all();
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  struct Sum {
    TimePoint first;
    std::uint64_t count = 0;
    AuditEntry newest;
  };
  static AuditEntry line_of(const Sum& sum);

  std::map<std::string, Sum, std::less<>> by_name_;
  std::uint64_t total_ = 0;
};

}  // namespace crmpulse::collector
