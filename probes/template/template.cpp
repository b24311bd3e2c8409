#include "probes/template/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "config/reader.h"
#include "core/text/percent.h"
#include "probes/template/parts.h"

namespace crmpulse::probes {
namespace {

constexpr std::string_view kMarkerWords = "zz-crm-health-probe";

std::string number_text(std::string_view text) {
  const Result<double> value = config::parse_number(text);
  return fmt::format("{}", value ? *value : 0);
}

std::string json_inner(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::string> header_value(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return Error{"a control character cannot stand in a header"};
  }
  return std::string{text};
}

/// What a login gives has the type scope_of() says.
ParameterType type_of_variable(std::string_view name) {
  if (name == kBaseUrl) return ParameterType::url;
  if (name == "uid") return ParameterType::integer;
  return ParameterType::string;
}

/// Before any filter.
Result<Value> value_of(const Piece& piece, const Values& values) {
  const std::string& name = piece.name;
  if (is_time_name(name)) {
    const bool literal = months_of(piece.back) || parse_duration(piece.back).has_value();
    return time_value(piece, values.now, literal ? piece.back : values.arguments.text(piece.back));
  }
  if (name == kRunId) return Value{ParameterType::string, values.run_id};
  if (name == kAgent) return Value{ParameterType::string, values.agent};
  if (name == kMarker) return Value{ParameterType::string, marker_of(values.agent)};
  if (values.variables != nullptr) {
    const auto known = values.variables->find(name);
    if (known != values.variables->end()) return Value{type_of_variable(name), known->second};
  }
  const Parameter* parameter = values.recipe.parameter(name);
  if (parameter == nullptr) return Error{"has no value yet"};
  switch (parameter->type) {
    case ParameterType::secret: return Value{parameter->type, values.arguments.secret(name).reveal()};
    case ParameterType::list: return Value{parameter->type, {}, values.arguments.list(name)};
    default: return Value{parameter->type, values.arguments.text(name)};
  }
}

std::string plain_text(const Value& value, const std::function<std::string(std::string_view)>& encode) {
  switch (value.type) {
    case ParameterType::integer:
    case ParameterType::number: return plain_number(value);
    case ParameterType::duration: return seconds_text(value.text);
    case ParameterType::list: {
      std::string out;
      for (const std::string& item : value.items) out += (out.empty() ? "" : ",") + encode(item);
      return out;
    }
    default: return encode(value.text);
  }
}

std::string as_it_is(std::string_view text) {
  return std::string{text};
}

/// The value as a quoted literal; a list as several with commas between.
Result<Value> quoted_value(const Value& value, std::string_view quoting) {
  const auto items = value.type == ParameterType::list ? value.items : std::vector{plain_text(value, as_it_is)};
  std::string out;
  for (const std::string& item : items) {
    const Result<std::string> literal = quoted(item, quoting);
    if (!literal) return literal.error();
    out += (out.empty() ? "" : ",") + *literal;
  }
  // `x IN ()` is not a valid query.
  return Value{ParameterType::string, out.empty() ? "''" : out};
}

Result<Value> filtered_value(const Piece& piece, const Values& values) {
  Result<Value> value = value_of(piece, values);
  for (const std::string& filter : piece.filters) {
    if (!value) break;
    if (is_quoting(filter)) value = quoted_value(*value, filter);
    if (filter != "number") continue;
    const std::string text = plain_text(*value, as_it_is);
    if (!config::parse_number(text)) return Error{"is not a number"};
    const bool whole = text.find_first_not_of("-0123456789") == std::string::npos;
    value = Value{whole ? ParameterType::integer : ParameterType::number, text};
  }
  return value;
}

Result<std::string> escaped(const Value& value, Place place, Dialect dialect, bool at_start) {
  switch (place) {
    case Place::sql: return sql_value(value, dialect);
    case Place::url:
      // A base URL, or the whole one: as it is.
      if (value.type == ParameterType::url && at_start) return value.text;
      return plain_text(value, [](std::string_view text) { return percent_encoded(text); });
    case Place::json: return plain_text(value, json_inner);
    case Place::text: return plain_text(value, as_it_is);
    case Place::header: return header_value(plain_text(value, as_it_is));
  }
  throw std::logic_error("unknown place of a template");
}

/// What stands between `${` and `}`.
std::optional<Piece> parse_piece(std::string_view inside) {
  Piece piece;
  std::size_t bar = inside.find('|');
  std::string_view expression = inside.substr(0, bar);
  while (bar != std::string_view::npos) {
    inside.remove_prefix(bar + 1);
    bar = inside.find('|');
    if (!is_word(inside.substr(0, bar))) return std::nullopt;
    piece.filters.emplace_back(inside.substr(0, bar));
  }
  if (const std::size_t minus = expression.find('-'); minus != std::string_view::npos) {
    piece.back = expression.substr(minus + 1);
    expression = expression.substr(0, minus);
    if (!is_time_name(expression) || !is_word(piece.back)) return std::nullopt;
  }
  if (!is_word(expression)) return std::nullopt;
  piece.name = expression;
  return piece;
}

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                              std::string_view::npos;
}

bool is_identifier(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_word(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_taken_name(std::string_view name) {
  return name == kRunId || name == kAgent || name == kMarker || is_time_name(name);
}

std::string plain_number(const Value& value) {
  // Whole numbers keep their digits; others lose a `%` and what a double cannot hold.
  return value.type == ParameterType::integer ? value.text : number_text(value.text);
}

std::string seconds_text(std::string_view duration) {
  const Result<Duration> value = parse_duration(duration);
  return fmt::format("{}", value ? to_seconds(*value) : 0);
}

Result<std::vector<Piece>> parse_template(std::string_view text) {
  std::vector<Piece> pieces;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) pieces.push_back({std::move(literal), {}});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("$${")) {
      literal += "${";
      i += 2;
    } else if (text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      auto piece = end == std::string_view::npos ? std::nullopt : parse_piece(text.substr(i + 2, end - i - 2));
      if (!piece)
        return Error{fmt::format("'{}' is not ${{NAME}}; write $${{ for a literal ${{", one_line(text.substr(i, 24)))};
      flush();
      pieces.push_back(std::move(*piece));
      i = end;
    } else {
      literal += text[i];
    }
  }
  flush();
  return pieces;
}

std::string to_text(const std::vector<Piece>& pieces) {
  std::string out;
  for (const Piece& piece : pieces) {
    if (!piece.name.empty()) {
      out += "${" + piece.name + (piece.back.empty() ? "" : "-" + piece.back);
      for (const std::string& filter : piece.filters) out += "|" + filter;
      out += "}";
      continue;
    }
    for (std::size_t i = 0; i < piece.literal.size(); ++i) {
      if (std::string_view{piece.literal}.substr(i).starts_with("${")) out += '$';
      out += piece.literal[i];
    }
  }
  return out;
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  const auto pieces = parse_template(text);
  if (!pieces) return names;
  for (const Piece& piece : *pieces) {
    if (piece.name.empty()) continue;
    names.push_back(piece.name);
    const bool literal = piece.back.empty() || months_of(piece.back) || parse_duration(piece.back).has_value();
    if (!literal) names.push_back(piece.back);
  }
  return names;
}

Result<std::string> expand(std::string_view text, const Values& values, Place place, Dialect dialect) {
  const auto pieces = parse_template(text);
  if (!pieces) return pieces.error();
  std::string out;
  for (const Piece& piece : *pieces) {
    if (piece.name.empty()) {
      // `${url}/path` with a base that ends with a slash.
      const bool doubled = place == Place::url && out.ends_with('/') && piece.literal.starts_with('/');
      out += doubled ? piece.literal.substr(1) : piece.literal;
      continue;
    }
    const Result<Value> value = filtered_value(piece, values);
    if (!value) return Error{fmt::format("${{{}}}: {}", piece.name, value.error().message)};
    const Result<std::string> part = escaped(*value, place, dialect, out.empty());
    if (!part) return Error{fmt::format("${{{}}}: {}", piece.name, part.error().message)};
    out += *part;
  }
  return out;
}

std::optional<Result<Value>> only_value(std::string_view text, const Values& values) {
  if (!text.starts_with("${")) return std::nullopt;
  const auto pieces = parse_template(text);
  if (!pieces || pieces->size() != 1 || pieces->front().name.empty()) return std::nullopt;
  Result<Value> value = filtered_value(pieces->front(), values);
  if (!value) return Result<Value>{Error{fmt::format("${{{}}}: {}", pieces->front().name, value.error().message)}};
  return value;
}

std::string new_run_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}", random());
}

std::string marker_of(std::string_view agent) {
  return fmt::format("{} {}", kMarkerWords, agent);
}

}  // namespace crmpulse::probes
