#pragma once
// Rows as any transport reads them.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crmpulse::probes {

/// One value; views are valid during Rows::row only.
struct Cell {
  bool null = true;
  std::optional<double> number;  ///< when the source knows it as a number
  std::string_view text;
};

/// Takes the rows of an answer as they arrive.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual void columns(const std::vector<std::string>& names) = 0;
  /// Returns false to stop: the rest is not read then.
  virtual bool row(std::span<const Cell> cells) = 0;
};

}  // namespace crmpulse::probes
