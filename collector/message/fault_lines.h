#pragma once
// What a failure's stage and reason alone say about whose fault it is.

#include <string_view>

namespace crmpulse::collector {

/// One line of the table. An empty stage or reason matches any. The first matching line counts. `{}` stands for the
/// operation.
struct FaultLine {
  std::string_view stage;
  std::string_view reason;
  std::string_view verdict;
  std::string_view en;
  std::string_view zh;
};

/// Returns the line for a failure of a CRM that is reached by `transport` (`sql`, `http`), nullptr if none matches.
[[nodiscard]] const FaultLine* find_fault_line(std::string_view transport, std::string_view stage,
                                               std::string_view reason);

}  // namespace crmpulse::collector
