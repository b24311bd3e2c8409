// What is wrong with a template whatever its values are.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "probes/template/parts.h"

namespace crmpulse::probes {
namespace {

bool safe_inside_quotes(ParameterType type) {
  return type == ParameterType::integer || type == ParameterType::number || type == ParameterType::duration ||
         type == ParameterType::prefix || type == ParameterType::boolean;
}

/// Cannot change what a query says, even unquoted.
bool safe_in_select(ParameterType type) {
  return safe_inside_quotes(type) || type == ParameterType::identifier;
}

std::string_view name_of(Place place) {
  return place == Place::sql ? "query" : "URL";
}

std::optional<std::string> filter_fault(const Piece& piece, ParameterType type, Place place) {
  const bool time = is_time_name(piece.name);
  for (const std::string& filter : piece.filters) {
    if (filter == "number") {
      if (place == Place::sql) return "'|number' is for JSON";
    } else if (is_time_form(filter)) {
      if (!time) return fmt::format("'|{}' is a form of a time", filter);
    } else if (is_quoting(filter)) {
      if (time) return fmt::format("a time needs no '|{}'", filter);
      if (place == Place::sql)
        return fmt::format("'|{}' is for requests; a query's values are quoted by themselves", filter);
      if (type == ParameterType::secret) return "a secret cannot stand in a query";
    } else {
      return fmt::format(
          "'|{}' is not known; there are soql, coql, odata, number, and for times iso, date, seconds, "
          "millis, offset, sql, year, month, day, hour, minute, second, ym",
          filter);
    }
  }
  return std::nullopt;
}

std::optional<std::string> back_fault(const Scope& scope, const Piece& piece) {
  if (piece.back.empty() || months_of(piece.back) || parse_duration(piece.back).has_value()) return std::nullopt;
  if (scope.type_of(piece.back) == ParameterType::duration) return std::nullopt;
  return fmt::format("'{}' is not a duration, nor months (`12mo`), nor a duration parameter", piece.back);
}

bool has_quoting(const Piece& piece) {
  return std::any_of(piece.filters.begin(), piece.filters.end(), is_quoting);
}

/// A text that could change what a query says.
bool is_bare(const Piece& piece, ParameterType type) {
  return !safe_in_select(type) && piece.name != kRunId && !is_time_name(piece.name) && !has_quoting(piece);
}

/// What is said of one piece behind its name.
std::optional<std::string> fault_of_piece(const Scope& scope, const std::vector<Piece>& pieces, std::size_t index,
                                          Place place, std::optional<Dialect> dialect, bool select) {
  const Piece& piece = pieces[index];
  const auto type = scope.type_of(piece.name);
  if (!type) return " is not a parameter of this recipe";
  if (auto fault = filter_fault(piece, *type, place)) return ": " + *fault;
  if (auto fault = back_fault(scope, piece)) return ": " + *fault;
  if (*type == ParameterType::secret && (place == Place::sql || place == Place::url))
    return fmt::format(" is a secret and cannot stand in a {}", name_of(place));
  if (place == Place::sql && !safe_inside_quotes(*type) && !stands_plain(pieces, index, dialect))
    return " stands inside quotes or a comment; it brings its own quotes, write it bare";
  if (select && is_bare(piece, *type))
    return fmt::format(
        " is a text in a query and stands unquoted: write ${{{0}|soql}}, ${{{0}|coql}} or ${{{0}|odata}}", piece.name);
  return std::nullopt;
}

}  // namespace

std::optional<ParameterType> Scope::type_of(std::string_view name) const {
  if (name == kRunId || name == kAgent || name == kMarker || is_time_name(name)) return ParameterType::string;
  if (const auto known = names.find(name); known != names.end()) return known->second;
  if (const Parameter* parameter = recipe.parameter(name)) return parameter->type;
  return std::nullopt;
}

bool is_select(std::string_view text) {
  constexpr std::string_view kSelect = "select";
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || text.size() - start <= kSelect.size()) return false;
  const std::string_view word = text.substr(start, kSelect.size());
  return ascii::same_without_case(word, kSelect) &&
         std::string_view{" \t\r\n+%"}.find(text[start + kSelect.size()]) != std::string_view::npos;
}

std::vector<std::string> template_faults(const Scope& scope, std::string_view text, Place place,
                                         std::optional<Dialect> dialect) {
  std::vector<std::string> faults;
  const auto pieces = parse_template(text);
  if (!pieces) return {pieces.error().message};
  const bool select = place != Place::sql && is_select(text);
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    if ((*pieces)[i].name.empty()) continue;
    const auto fault = fault_of_piece(scope, *pieces, i, place, dialect, select);
    if (!fault) continue;
    faults.push_back(fmt::format("${{{}}}{}", (*pieces)[i].name, *fault));
  }
  return faults;
}

bool stands_bare(std::string_view name, std::string_view text) {
  const auto pieces = parse_template(text);
  return pieces && std::any_of(pieces->begin(), pieces->end(), [&](const Piece& piece) {
           return piece.name == name && is_bare(piece, ParameterType::string);
         });
}

Scope scope_of(const Recipe& recipe) {
  Scope scope{recipe};
  for (const AuthFlow& flow : recipe.auth.flows) {
    scope.names.emplace("base_url", ParameterType::url);
    for (const auto& [name, pointer] : flow.save) scope.names.emplace(name, ParameterType::string);
    if (flow.flow == "tryton_session") scope.names.emplace("server", ParameterType::url);
    if (flow.flow != "odoo_login") continue;
    scope.names.emplace("uid", ParameterType::integer);
    scope.names.emplace("secret", ParameterType::secret);
  }
  return scope;
}

}  // namespace crmpulse::probes
