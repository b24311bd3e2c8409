#pragma once
// Defines the label set of a series.

#include <compare>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crmpulse {

/// A label set: names unique and sorted, values never empty (an empty value means "no such label").
/// The metric's name is not in it.
class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  Labels(std::initializer_list<Pair> pairs);

  /// Sets or replaces; an empty value removes the label.
  void set(std::string_view name, std::string_view value);
  /// Returns the value, empty if there is no such label. Valid until the set changes.
  [[nodiscard]] std::string_view get(std::string_view name) const;
  [[nodiscard]] bool empty() const { return pairs_.empty(); }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }
  [[nodiscard]] auto begin() const { return pairs_.begin(); }
  [[nodiscard]] auto end() const { return pairs_.end(); }

  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<Pair> pairs_;
};

/// `{a="x",b="y"}` for messages and tests; empty string for an empty set.
[[nodiscard]] std::string to_string(const Labels& labels);

}  // namespace crmpulse
