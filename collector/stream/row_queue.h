#pragma once
// The CRMs whose rows wait to be made anew. There may be more of them than there is time for: each waits its turn, so
// that none waits for ever, and what a page must not miss goes before. Pure.

#include <deque>
#include <optional>
#include <set>
#include <string>

namespace crmpulse::collector {

class RowQueue {
 public:
  /// A CRM that waits already keeps its place.
  void add(const std::string& crm);
  /// Likewise, before all that were added otherwise.
  void add_first(const std::string& crm);
  /// Returns the next one, which waits no longer; nullopt if none waits.
  [[nodiscard]] std::optional<std::string> next();
  /// Likewise, but only of those that go before.
  [[nodiscard]] std::optional<std::string> next_first() { return take(first_); }
  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// Returns false only if none waits that goes before.
  [[nodiscard]] bool any_first() const { return !first_.empty(); }
  void clear();

 private:
  [[nodiscard]] std::optional<std::string> take(std::deque<std::string>& queue);

  std::set<std::string, std::less<>> waiting_;
  std::deque<std::string> first_;  ///< those of both queues that do not wait any more are passed over
  std::deque<std::string> in_turn_;
};

}  // namespace crmpulse::collector
