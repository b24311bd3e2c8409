#pragma once
// Prints aligned tables for people, as `probe` and `check` show them.

#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::agent {

/// Columns a terminal needs for a UTF-8 text: Chinese characters take two.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// Aligned columns for people: two blanks between columns, a line under the heading, no trailing blanks.
class TextTable {
 public:
  enum class Align { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Every line starts with `indent`; columns that are empty in every row are left out.
  [[nodiscard]] std::string text(std::string_view indent = "") const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace crmpulse::agent
