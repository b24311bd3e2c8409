#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "agent/setup/recognise.h"

namespace crmpulse::agent::setup {
namespace {

using probes::Signs;
using probes::TableSign;

/// The tables of one schema by name.
using Tables = std::map<std::string, const SeenTable*, std::less<>>;

std::map<std::string, Tables> by_schema(const std::vector<SeenTable>& tables) {
  std::map<std::string, Tables> out;
  for (const SeenTable& table : tables) out[table.schema].emplace(table.name, &table);
  return out;
}

bool has_column(const SeenTable& table, const std::string& name) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const SeenColumn& column) { return column.name == name; });
}

bool is_there(const Tables& tables, const std::string& prefix, const TableSign& sign) {
  const auto found = tables.find(prefix + sign.table);
  if (found == tables.end()) return false;
  return std::all_of(sign.columns.begin(), sign.columns.end(),
                     [&](const std::string& column) { return has_column(*found->second, column); });
}

/// Everything the first table may begin with, so that it is there; only the empty text if no prefix is known.
std::set<std::string> prefixes_of(const Signs& signs, const Tables& tables) {
  if (signs.prefix.empty()) return {""};
  std::set<std::string> out;
  const std::string& first = signs.tables.front().table;
  for (const auto& [name, table] : tables)
    if (name.ends_with(first)) out.insert(name.substr(0, name.size() - first.size()));
  return out;
}

std::vector<std::string> missing_in(const Signs& signs, const Tables& tables, const std::string& prefix) {
  std::vector<std::string> missing;
  for (const TableSign& sign : signs.tables)
    if (!is_there(tables, prefix, sign)) missing.push_back(prefix + sign.table);
  return missing;
}

bool speaks(const probes::Recipe& recipe, probes::Dialect dialect) {
  return recipe.transport == probes::Transport::sql &&
         std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) != recipe.dialects.end();
}

probes::TextPairs with_of(const probes::DescribedRecipe& known, const Tables& tables, const std::string& prefix) {
  probes::TextPairs with;
  const Signs& signs = *known.signs;
  if (!signs.prefix.empty()) {
    const probes::Parameter* const parameter = known.recipe.parameter(signs.prefix);
    if (parameter == nullptr || parameter->default_text != prefix) with.emplace_back(signs.prefix, prefix);
  }
  for (const probes::GivenSign& given : signs.given) {
    const bool there = std::all_of(given.tables.begin(), given.tables.end(),
                                   [&](const std::string& table) { return tables.contains(prefix + table); });
    const probes::Parameter* const parameter = known.recipe.parameter(given.parameter);
    const std::string value = there ? "true" : "false";
    if (parameter != nullptr && parameter->default_text != value) with.emplace_back(given.parameter, value);
  }
  return with;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

std::string version_in(Database& database, const Signs& signs, const std::string& prefix) {
  std::string query = signs.version.text(database.dialect());
  if (query.empty()) return {};
  if (!signs.prefix.empty()) query = replaced(query, fmt::format("${{{}}}", signs.prefix), prefix);
  const Asked asked = database.ask(query);
  const bool told = !asked.error && !asked.rows.empty() && !asked.rows[0].empty() && asked.rows[0][0];
  return told ? *asked.rows[0][0] : std::string{};
}

/// The schema and prefix of a product that is there whole; in `nearest` what lacks least of one that is not.
struct Look {
  Database& database;
  const KnownRecipe& known;
  std::vector<Candidate> found{};
  std::optional<std::vector<std::string>> nearest{};

  void at(const std::string& schema, const Tables& tables, const std::string& prefix) {
    const Signs& signs = *known->signs;
    const bool another = std::any_of(signs.without.begin(), signs.without.end(),
                                     [&](const std::string& table) { return tables.contains(prefix + table); });
    if (another) return;
    std::vector<std::string> missing = missing_in(signs, tables, prefix);
    if (!missing.empty()) {
      const bool half = missing.size() * 2 <= signs.tables.size();
      if (half && (!nearest || missing.size() < nearest->size())) nearest = std::move(missing);
      return;
    }
    const std::string version = version_in(database, signs, prefix);
    found.push_back(
        {known, version, probes::is_within(signs.bounds, version), schema, prefix, with_of(*known, tables, prefix)});
  }
};

}  // namespace

Recognition recognise_database(Database& database, const std::vector<SeenTable>& tables,
                               const std::vector<KnownRecipe>& recipes) {
  Recognition out;
  const auto schemas = by_schema(tables);
  for (const KnownRecipe& known : recipes) {
    if (!known->signs || !speaks(known->recipe, database.dialect())) continue;
    Look look{database, known};
    for (const auto& [schema, names] : schemas)
      for (const std::string& prefix : prefixes_of(*known->signs, names)) look.at(schema, names, prefix);
    for (Candidate& candidate : look.found) out.found.push_back(std::move(candidate));
    if (look.found.empty() && look.nearest)
      out.near.push_back({known, fmt::format("{}", fmt::join(*look.nearest, ", "))});
  }
  if (!out.found.empty()) out.near.clear();
  return out;
}

probes::TextPairs given_by(const KnownRecipe& known, const std::vector<SeenTable>& tables, const std::string& schema,
                           const std::string& prefix) {
  if (!known->signs) return {};
  const auto schemas = by_schema(tables);
  const auto found = schemas.find(schema);
  return found == schemas.end() ? probes::TextPairs{} : with_of(*known, found->second, prefix);
}

}  // namespace crmpulse::agent::setup
