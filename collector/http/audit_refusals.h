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
  /// From the first refusal to its line.
  static constexpr Duration kGathering{std::chrono::minutes{10}};
  /// Tokens told apart until then; all others have one line together.
  static constexpr std::size_t kMostNames = 100;

  /// One request more. `entry`: as it would be written.
  void add(const AuditEntry& entry);
  /// The lines that are due, one for each who was refused something.
  [[nodiscard]] std::vector<AuditEntry> take_due(TimePoint now);
  /// All of them; when the program ends.
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
