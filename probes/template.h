#pragma once
// Texts with ${} in them. A value is escaped for the place it stands in, never trusted: docs/recipe-format.md has the
// table.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "probes/recipe.h"

namespace crmpulse::probes {

/// Literal text or the name of a parameter.
struct Piece {
  std::string literal;
  std::string name;  ///< empty: `literal` counts
  friend bool operator==(const Piece&, const Piece&) = default;
};

/// `${name}` and `$${`; a `${` that is never closed or names nothing is an error.
[[nodiscard]] Result<std::vector<Piece>> parse_template(std::string_view text);

/// The names every template may use beside the recipe's parameters.
inline constexpr std::string_view kRunId = "run_id";
inline constexpr std::string_view kAgent = "agent";

enum class Place { sql, url, header, json };

/// What is wrong with a template in this place whatever the arguments are: unknown names, secrets where they would be
/// logged, text parameters inside an SQL string or comment (escaping would be undone there).
[[nodiscard]] std::vector<std::string> template_faults(const Recipe& recipe, std::string_view text, Place place,
                                                       std::optional<Dialect> dialect = std::nullopt);

/// The values one run stands for.
struct Values {
  const Recipe& recipe;
  const Arguments& arguments;
  std::string run_id;
  std::string agent;
};

/// An error when a value cannot be escaped for the place (a control character in a header, a backslash through ODBC).
[[nodiscard]] Result<std::string> expand(std::string_view text, const Values& values, Place place,
                                         Dialect dialect = Dialect::postgresql);

/// SQL literals and identifiers; exposed for their tests.
[[nodiscard]] Result<std::string> sql_literal(std::string_view value, Dialect dialect);
[[nodiscard]] std::string sql_identifier(std::string_view dotted, Dialect dialect);

/// 16 hex digits, new each time.
[[nodiscard]] std::string new_run_id();

}  // namespace crmpulse::probes
