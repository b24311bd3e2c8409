#include "probes/recipe_file/signs.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/text/ascii.h"
#include "probes/json/json.h"
#include "probes/recipe_file/arguments.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Node;
using config::Reader;

/// Takes `${prefix}` from the front of a table's name; the parameter is the same for all tables.
std::string table_of(const std::string& written, const Recipe& recipe, Signs& signs, Reader& reader) {
  if (!written.starts_with("${")) return written;
  const std::size_t end = written.find('}');
  const std::string name = written.substr(2, end == std::string::npos ? end : end - 2);
  const Parameter* const parameter = recipe.parameter(name);
  const bool fits = parameter != nullptr && parameter->type == ParameterType::prefix && end != std::string::npos &&
                    (signs.prefix.empty() || signs.prefix == name);
  if (!fits) {
    reader.problem("tables", fmt::format("'{}' must begin with ${{}} of one parameter of type prefix", written));
    return written;
  }
  signs.prefix = name;
  return written.substr(end + 1);
}

TableSign read_table(const Node& item, const Recipe& recipe, Signs& signs, Reader& reader) {
  if (item.kind == Node::Kind::scalar) return {table_of(item.scalar, recipe, signs, reader), {}};
  if (item.kind != Node::Kind::mapping || item.members.size() != 1) {
    reader.problem_at(item, "tables", "must be a table's name, or {table: [columns]}");
    return {};
  }
  const auto& [table, columns] = item.members.front();
  TableSign sign{table_of(table, recipe, signs, reader), {}};
  const std::vector<Node>& names = columns.items;
  const bool texts = std::all_of(names.begin(), names.end(), [](const Node& name) { return !name.scalar.empty(); });
  if (names.empty() || !texts) reader.problem_at(columns, "tables", "must be a list of columns");
  for (const Node& name : names) sign.columns.push_back(name.scalar);
  return sign;
}

void read_tables(Reader& reader, const Recipe& recipe, Signs& signs) {
  const Node* const tables = reader.raw("tables");
  if (tables == nullptr) return reader.missing("tables");
  if (tables->kind != Node::Kind::sequence || tables->items.empty())
    return reader.problem("tables", "must be a list of tables");
  for (const Node& item : tables->items) signs.tables.push_back(read_table(item, recipe, signs, reader));
}

void read_given(Reader reader, const Recipe& recipe, Signs& signs) {
  for (const std::string& name : reader.keys()) {
    const Parameter* const parameter = recipe.parameter(name);
    if (parameter == nullptr || parameter->type != ParameterType::boolean)
      reader.problem(name, "is not a parameter of type boolean");
    GivenSign sign{name, {}};
    reader.get(name, sign.tables);
    for (std::string& table : sign.tables) table = table_of(table, recipe, signs, reader);
    signs.given.push_back(std::move(sign));
  }
}

void read_version_query(Reader& reader, const Recipe& recipe, Signs& signs) {
  const Node* const node = reader.raw("version");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::mapping) {
    reader.get("version", signs.version.any);
    return;
  }
  Reader texts = reader.child("version");
  for (const std::string& name : texts.keys()) {
    const auto dialect = std::find_if(recipe.dialects.begin(), recipe.dialects.end(),
                                      [&](Dialect one) { return to_string(one) == name; });
    if (dialect == recipe.dialects.end()) texts.problem(name, "is not one of this recipe's dialects");
    std::string text;
    if (texts.get(name, text) && dialect != recipe.dialects.end()) signs.version.by_dialect.emplace(*dialect, text);
  }
}

VersionBounds read_bounds_of(Reader& parent) {
  VersionBounds bounds;
  if (!parent.has("versions")) return bounds;
  Reader reader = parent.child("versions");
  reader.get("from", bounds.from);
  reader.get("below", bounds.below);
  if (bounds.from.empty() && bounds.below.empty()) reader.problem("needs from or below");
  reader.finish();
  return bounds;
}

void read_database_signs(Reader& reader, const Recipe& recipe, Signs& signs) {
  read_tables(reader, recipe, signs);
  reader.get("without", signs.without);
  for (std::string& table : signs.without) table = table_of(table, recipe, signs, reader);
  read_version_query(reader, recipe, signs);
  signs.bounds = read_bounds_of(reader);
  read_given(reader.child("given"), recipe, signs);
}

/// A value for a parameter of the recipe; what it cannot have becomes a problem.
void read_value(Reader& reader, const std::string& name, const Recipe& recipe, TextPairs& out) {
  std::string value;
  if (!reader.get(name, value)) return;
  const Parameter* const parameter = recipe.parameter(name);
  if (parameter == nullptr) return reader.problem(name, "is not a parameter of this recipe");
  if (const auto fault = fault_of(*parameter, value)) return reader.problem(name, *fault);
  out.emplace_back(name, std::move(value));
}

void read_hosts_of(Reader& reader, const Recipe& recipe, Signs& signs) {
  const Node* const hosts = reader.raw("hosts");
  if (hosts == nullptr) return;
  if (hosts->kind != Node::Kind::sequence) return reader.problem("hosts", "must be a list");
  for (const Node& item : hosts->items) {
    if (item.kind == Node::Kind::scalar) {
      signs.hosts.push_back({ascii::lower(item.scalar), true, {}});
      continue;
    }
    if (item.kind != Node::Kind::mapping || item.members.size() != 1) {
      reader.problem_at(item, "hosts", "must be a host, or {host: {parameter: value}}");
      continue;
    }
    HostSign sign{ascii::lower(item.members.front().first), false, {}};
    Reader with = reader.reader_for(item.members.front().second, "hosts");
    for (const std::string& name : with.keys()) read_value(with, name, recipe, sign.with);
    signs.hosts.push_back(std::move(sign));
  }
}

/// Patterns by name: headers, or JSON pointers.
std::vector<std::pair<std::string, Pattern>> read_patterns(Reader reader, bool pointers) {
  std::vector<std::pair<std::string, Pattern>> out;
  for (const std::string& name : reader.keys()) {
    Pattern pattern;
    if (!get_pattern(reader, name, pattern, 0)) continue;
    if (const auto fault = pointers ? pointer_fault(name) : std::nullopt) reader.problem(name, *fault);
    out.emplace_back(pointers ? name : ascii::lower(name), std::move(pattern));
  }
  return out;
}

std::vector<ToldSign> read_told(Reader reader, const Recipe& recipe) {
  std::vector<ToldSign> out;
  for (const std::string& name : reader.keys()) {
    ToldSign told{.parameter = name, .header = {}, .at = {}, .match = {}};
    Reader entry = reader.child(name);
    if (recipe.parameter(name) == nullptr) reader.problem(name, "is not a parameter of this recipe");
    entry.get("header", told.header);
    get_pointer(entry, "at", told.at);
    if (told.header.empty() == told.at.empty()) entry.problem("needs either header or at");
    get_pattern(entry, "match", told.match, 1);
    told.header = ascii::lower(told.header);
    entry.finish();
    out.push_back(std::move(told));
  }
  return out;
}

AnswerSign read_answer(Reader& reader, const Recipe& recipe) {
  AnswerSign sign;
  if (!reader.has("request")) reader.missing("request");
  Reader request = reader.child("request");
  sign.call = read_call(request);
  if (sign.call.url.find("${") != std::string::npos || sign.call.body.find("${") != std::string::npos)
    reader.problem("request", "is made before anything is known: it cannot hold ${}");
  if (!sign.call.url.starts_with('/')) reader.problem("request", "its url must be a path");
  reader.get("status", sign.status, 100, 599);
  reader.get("contains", sign.contains);
  sign.headers = read_patterns(reader.child("headers"), false);
  sign.at = read_patterns(reader.child("at"), true);
  if (sign.contains.empty() && sign.headers.empty() && sign.at.empty())
    reader.problem("a status alone says nothing: needs contains, headers or at");
  get_pointer(reader, "version", sign.version);
  sign.bounds = read_bounds_of(reader);
  sign.told = read_told(reader.child("told"), recipe);
  reader.finish();
  return sign;
}

void read_api_signs(Reader& reader, const Recipe& recipe, Signs& signs) {
  reader.get("address", signs.address);
  const Parameter* const address = recipe.parameter(signs.address);
  if (address == nullptr || address->type != ParameterType::url)
    reader.problem("address", fmt::format("'{}' is not a parameter of type url", signs.address));
  read_hosts_of(reader, recipe, signs);
  for (Reader& entry : reader.each("answers")) signs.answers.push_back(read_answer(entry, recipe));
  if (signs.hosts.empty() && signs.answers.empty()) reader.problem("needs hosts or answers");
}

/// The number a text begins with; the text goes on behind it and its dot.
long next_number(std::string_view& text) {
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(error == std::errc{} ? static_cast<std::size_t>(end - text.data()) : text.size());
  text = text.starts_with('.') ? text.substr(1) : std::string_view{};
  return number;
}

bool comes_before(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    const long left = next_number(a);
    const long right = next_number(b);
    if (left != right) return left < right;
  }
  return false;
}

}  // namespace

std::optional<Signs> read_signs(Reader& parent, const Recipe& recipe) {
  if (!parent.has("recognise")) return std::nullopt;
  Signs signs;
  Reader reader = parent.child("recognise");
  if (recipe.transport == Transport::sql)
    read_database_signs(reader, recipe, signs);
  else
    read_api_signs(reader, recipe, signs);
  reader.finish();
  return signs;
}

bool is_within(const VersionBounds& bounds, std::string_view version) {
  if (version.empty() || !ascii::is_digit(version.front())) return true;
  if (!bounds.from.empty() && comes_before(version, bounds.from)) return false;
  return bounds.below.empty() || comes_before(version, bounds.below);
}

}  // namespace crmpulse::probes
