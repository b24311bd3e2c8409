#pragma once
// Texts with ${} in them. A value is escaped for the place it stands in, never trusted: docs/recipe-format.md has the
// tables. template.cpp parses and fills in, template_faults.cpp finds what is wrong whatever the values are,
// template_sql.cpp and template_times.cpp know SQL and times.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes {

/// `${name-back|filter|…}`: literal text, or a name with what is to become of its value.
struct Piece {
  std::string literal;
  std::string name;                    ///< empty: `literal` counts
  std::string back{};                  ///< of a time: `24h`, `12mo`, or a duration parameter; empty: none
  std::vector<std::string> filters{};  ///< forms of times, quotings, `number`
  friend bool operator==(const Piece&, const Piece&) = default;
};

/// `${…}` and `$${`; a `${` that is never closed or names nothing is an error.
[[nodiscard]] Result<std::vector<Piece>> parse_template(std::string_view text);
/// The text parse_template makes these pieces of.
[[nodiscard]] std::string to_text(const std::vector<Piece>& pieces);
/// The names a text uses, those of `${now-NAME}` too. None of a text that cannot be parsed.
[[nodiscard]] std::vector<std::string> names_in(std::string_view text);

/// The names every template may use beside the recipe's parameters.
inline constexpr std::string_view kRunId = "run_id";
inline constexpr std::string_view kAgent = "agent";
inline constexpr std::string_view kMarker = "marker";
inline constexpr std::string_view kNow = "now";
/// Where the login says requests go.
inline constexpr std::string_view kBaseUrl = "base_url";
/// now, today, month, year
[[nodiscard]] bool is_time_name(std::string_view name);
/// Is it one of those above, so that nothing else can have it?
[[nodiscard]] bool is_taken_name(std::string_view name);

/// `text`: as it is, to be escaped whole by who asked.
enum class Place { sql, url, header, json, text };

/// What ${} may name: the recipe's parameters and what is known beside them where a text stands.
struct Scope {
  Scope(const Recipe& of_recipe) : recipe(of_recipe) {}  // NOLINT: a recipe alone is a scope
  const Recipe& recipe;
  std::map<std::string, ParameterType, std::less<>> names{};  ///< saved values, items of `for`, the login's values
  [[nodiscard]] std::optional<ParameterType> type_of(std::string_view name) const;
};

/// What a recipe's texts may name wherever they stand: its parameters and what its logins give.
[[nodiscard]] Scope scope_of(const Recipe& recipe);

/// What is wrong with a template in this place whatever the values are: unknown names, secrets where they would be
/// logged, text parameters inside an SQL string or comment (escaping would be undone there), texts that stand unquoted
/// in a `select …`.
[[nodiscard]] std::vector<std::string> template_faults(const Scope& scope, std::string_view text, Place place,
                                                       std::optional<Dialect> dialect = std::nullopt);
/// Does the text parameter stand somewhere in a query without quoting?
[[nodiscard]] bool stands_bare(std::string_view name, std::string_view query);
/// Is this a query of a CRM's own language, in which texts must be quoted?
[[nodiscard]] bool is_select(std::string_view text);

/// Values beside the parameters: `run_id`, items of `for`, what earlier requests saved, what the login gave.
using Variables = std::map<std::string, std::string, std::less<>>;

/// The values one run stands for.
struct Values {
  const Recipe& recipe;
  const Arguments& arguments;
  std::string run_id;
  std::string agent;
  TimePoint now{};                       ///< the same for the whole run
  const Variables* variables = nullptr;  ///< may be null
};

/// An error when a value cannot be escaped for the place (a control character in a header, a backslash through ODBC) or
/// is not known.
[[nodiscard]] Result<std::string> expand(std::string_view text, const Values& values, Place place,
                                         Dialect dialect = Dialect::postgresql);

/// A value before it is escaped for its place.
struct Value {
  ParameterType type = ParameterType::string;
  std::string text;
  std::vector<std::string> items{};  ///< of a list
};
/// Returns the value of a text that is just one `${}`, nullopt for other texts. For JSON, which has types.
[[nodiscard]] std::optional<Result<Value>> only_value(std::string_view text, const Values& values);

/// SQL literals and identifiers; exposed for their tests.
[[nodiscard]] Result<std::string> sql_literal(std::string_view value, Dialect dialect);
[[nodiscard]] std::string sql_identifier(std::string_view dotted, Dialect dialect);

/// `a`, `a.b`: letters, digits and `_` between dots.
[[nodiscard]] bool is_identifier(std::string_view text);

/// 16 hex digits, new each time.
[[nodiscard]] std::string new_run_id();
/// The words every test record of an agent bears.
[[nodiscard]] std::string marker_of(std::string_view agent);

}  // namespace crmpulse::probes
