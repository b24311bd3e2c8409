#pragma once
// A regular expression of a recipe: RE2, so that no pattern and no answer can make matching take long.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"

namespace re2 {
class RE2;
}

namespace crmpulse::probes {

/// Compiled once; copies share it. Thread-safe. A default one is empty and finds nothing.
class Pattern {
 public:
  Pattern() = default;
  [[nodiscard]] static Result<Pattern> make(const std::string& text);
  [[nodiscard]] bool empty() const { return compiled_ == nullptr; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] int groups() const;
  [[nodiscard]] bool found_in(std::string_view text) const;
  /// Returns the first group of the first match, nullopt if there is no match or the group took no part in it.
  [[nodiscard]] std::optional<std::string> group_in(std::string_view text) const;
  /// Returns all groups of the first match, empty if there is no match.
  [[nodiscard]] std::vector<std::string> groups_in(std::string_view text) const;

 private:
  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace crmpulse::probes
