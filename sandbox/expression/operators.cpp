#include "sandbox/expression/operators.h"

#include <algorithm>

namespace crmpulse::sandbox::expression {

std::optional<Compare> compare_of(std::span<const Operator> table, std::string_view word) {
  const auto found = std::find_if(table.begin(), table.end(), [word](const Operator& one) { return one.word == word; });
  return found == table.end() ? std::nullopt : std::optional{found->compare};
}

}  // namespace crmpulse::sandbox::expression
