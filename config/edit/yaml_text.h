#pragma once
// A YAML file as text, for whoever changes a piece of it and leaves the rest as a person wrote it.

#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace crmpulse::config {

/// Returns the member of a mapping, null if it has none of that name.
[[nodiscard]] const Member* find_member(const Node& mapping, std::string_view key);
/// Places, quotes and the order of keys do not count.
[[nodiscard]] bool means_the_same(const Node& a, const Node& b);
/// Returns the blanks a line begins with.
[[nodiscard]] std::string indent_of(std::string_view line);

/// The lines of a text, each with its end.
class YamlLines {
 public:
  explicit YamlLines(std::string_view text);
  [[nodiscard]] int count() const { return static_cast<int>(lines_.size()); }
  /// 1-based, without its end; empty beyond the last.
  [[nodiscard]] std::string_view at(int line) const;
  void replace(int line, const std::string& text) { lines_.at(static_cast<std::size_t>(line) - 1) = text + end_; }
  /// 0: before the first.
  void insert_after(int line, const std::string& text);
  void append(const std::string& text) { insert_after(count(), text); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::string> lines_;
  std::string end_ = "\n";
};

}  // namespace crmpulse::config
