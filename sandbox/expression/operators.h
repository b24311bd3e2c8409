#pragma once
// Says how a language's comparing words compare, each language with a table of its own.

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "sandbox/company/query.h"

namespace crmpulse::sandbox::expression {

struct Operator {
  std::string_view word;
  Compare compare = Compare::equal;
};

/// Returns how `word` compares, nullopt if it is not in the table.
[[nodiscard]] std::optional<Compare> compare_of(std::span<const Operator> table, std::string_view word);

/// As SQL writes them.
inline constexpr std::array kSigns{Operator{"=", Compare::equal},         Operator{"!=", Compare::not_equal},
                                   Operator{"<>", Compare::not_equal},    Operator{"<", Compare::less},
                                   Operator{"<=", Compare::less_equal},   Operator{">", Compare::greater},
                                   Operator{">=", Compare::greater_equal}};

}  // namespace crmpulse::sandbox::expression
