#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "agent/setup/skeleton.h"
#include "core/text/ascii.h"

namespace crmpulse::agent::setup {
namespace {

using probes::Dialect;

constexpr std::size_t kMostTables = 8;
/// A table beyond this many rows is asked only by an index.
constexpr double kLargeTable = 200'000;

/// What columns that say when a record changed are called, the best first.
constexpr std::array<std::string_view, 16> kChanged{"updated_at",   "modified_at",  "changed_at", "date_modified",
                                                    "modifiedtime", "write_date",   "updated",    "modified",
                                                    "changed",      "last_modif",   "tms",        "mtime",
                                                    "created_at",   "date_entered", "created",    "create_date"};
/// Tables that say nothing about people's work.
constexpr std::array<std::string_view, 6> kNoWork{"migration", "session", "cache", "schema_", "queue", "token"};

/// A table that can be asked, and by which column.
struct Chosen {
  const SeenTable* table;
  const SeenColumn* column;
  std::size_t rank;  ///< of the column's name in kChanged
};

bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return ascii::is_letter(c) || ascii::is_digit(c) || c == '_'; });
}

bool is_time(const SeenColumn& column, Dialect dialect) {
  if (column.type.find("timestamp") != std::string::npos || column.type.find("datetime") != std::string::npos)
    return true;
  return dialect == Dialect::sqlite && column.type.find("int") != std::string::npos;
}

std::optional<Chosen> chosen_of(const SeenTable& table, Dialect dialect) {
  std::optional<Chosen> best;
  for (const SeenColumn& column : table.columns) {
    if (!is_time(column, dialect) || !is_plain(column.name)) continue;
    const std::string name = ascii::lower(column.name);
    const auto found = std::find_if(kChanged.begin(), kChanged.end(),
                                    [&](std::string_view one) { return name.find(one) != std::string::npos; });
    if (found == kChanged.end()) continue;
    const auto rank = static_cast<std::size_t>(found - kChanged.begin());
    if (!best || rank < best->rank) best = Chosen{&table, &column, rank};
  }
  return best;
}

bool is_work(const SeenTable& table) {
  const std::string name = ascii::lower(table.name);
  return is_plain(table.name) && std::none_of(kNoWork.begin(), kNoWork.end(), [&](std::string_view part) {
           return name.find(part) != std::string::npos;
         });
}

std::string table_in(const SeenTable& table, Dialect dialect) {
  const std::string name = quoted(table.name, dialect);
  return table.schema.empty() || table.schema == "public" ? name
                                                          : fmt::format("{}.{}", quoted(table.schema, dialect), name);
}

std::string newest_of(const Chosen& one, Dialect dialect) {
  const std::string newest = fmt::format("max({})", quoted(one.column->name, dialect));
  if (dialect == Dialect::mysql) return fmt::format("TIMESTAMPDIFF(SECOND, '1970-01-01', {})", newest);
  if (dialect == Dialect::postgresql) return fmt::format("EXTRACT(EPOCH FROM {})", newest);
  return one.column->type.find("int") != std::string::npos ? newest : fmt::format("strftime('%s', {})", newest);
}

/// One SELECT for each table.
std::string union_of(const std::vector<Chosen>& tables, Dialect dialect, bool counts) {
  std::string out;
  for (const Chosen& one : tables) {
    const std::string value = counts ? "count(*)" : newest_of(one, dialect);
    out += out.empty() ? "      " : "      UNION ALL ";
    out += fmt::format("SELECT '{}' AS object, {} AS {} FROM {}\n", one.table->name, value,
                       counts ? "records" : "newest", table_in(*one.table, dialect));
  }
  return out;
}

std::string rows_text(const SeenTable& table) {
  return table.rows ? fmt::format("about {:.0f} rows", *table.rows) : std::string{"size not known"};
}

std::string left_out(const std::vector<Chosen>& tables) {
  std::string out;
  for (const Chosen& one : tables)
    out += fmt::format("  # left out: {}, {}: {} has no index, so that its newest value costs a look at all of them\n",
                       one.table->name, rows_text(*one.table), one.column->name);
  return out;
}

std::string rights_of(const std::vector<Chosen>& tables, Dialect dialect) {
  std::string out;
  for (const Chosen& one : tables)
    out += fmt::format("  - '{}'\n", fmt::format("GRANT SELECT ON {} TO monitor", table_in(*one.table, dialect)));
  return out;
}

/// Fewer tables than this are somebody else's too.
constexpr std::size_t kFewestSigns = 3;

std::string signs_of(const std::vector<Chosen>& tables) {
  if (tables.size() < kFewestSigns) return {};
  std::vector<std::string> out;
  for (const Chosen& one : tables) out.push_back(fmt::format("{{{}: [{}]}}", one.table->name, one.column->name));
  return fmt::format("recognise:\n  tables: [{}]\n", fmt::join(out, ", "));
}

std::string address_help(Dialect dialect) {
  if (dialect == Dialect::sqlite) return "sqlite:///path/to/file.db";
  return fmt::format("{}://monitor@host/database", to_string(dialect));
}

}  // namespace

std::string recipe_name_of(std::string_view name) {
  std::string out;
  for (const char c : name) out += ascii::is_letter(c) || ascii::is_digit(c) || c == '_' || c == '-' ? c : '-';
  return out.empty() || !ascii::is_letter(out.front()) ? "crm-" + out : out;
}

Result<std::string> database_skeleton(const std::string& name, Dialect dialect, const std::vector<SeenTable>& tables) {
  std::vector<Chosen> chosen;
  for (const SeenTable& table : tables) {
    if (!is_work(table)) continue;
    if (const auto one = chosen_of(table, dialect)) chosen.push_back(*one);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const Chosen& a, const Chosen& b) {
    return a.table->rows.value_or(0) > b.table->rows.value_or(0);
  });
  std::vector<Chosen> large;
  std::erase_if(chosen, [&](const Chosen& one) {
    const bool costs = !one.column->indexed && one.table->rows.value_or(0) > kLargeTable;
    if (costs) large.push_back(one);
    return costs;
  });
  if (chosen.size() > kMostTables) chosen.resize(kMostTables);
  if (chosen.empty())
    return Error{
        "no table has a column that says when a record changed; docs/custom-recipe.md shows how to write a recipe"};
  std::vector<Chosen> small = chosen;
  std::erase_if(small, [](const Chosen& one) { return one.table->rows.value_or(0) > kLargeTable; });
  std::string counted;
  if (!small.empty()) {
    counted = fmt::format(
        "  # How many. A count looks at every row: it is asked seldom, and of no table with more than {:.0f} rows.\n"
        "  - id: records\n    operation: scan\n    object: records\n    interval: 1h\n    timeout: 60s\n    query: "
        "|\n{}"
        "    samples:\n      - {{metric: crm_records, value: records, by: [object]}}\n",
        kLargeTable, union_of(small, dialect, true));
  }
  return fmt::format(
      "# Made by `crmpulse-agent setup` from the tables of a database that no recipe knows. It works as it is: look "
      "at\n"
      "# each part, and add what matters to your people. docs/custom-recipe.md says how.\n"
      "recipe: {0}\ntitle: {{en: {0}, zh: {0}}}\ntransport: sql\ndialects: [{1}]\nrights:\n{2}"
      "{3}\nparameters:\n"
      "  url: {{type: url, required: true, help: \"{4}\"}}\n"
      "  password: {{type: secret, help: Password of the monitoring account}}\n\nmeasurements:\n"
      "  - id: liveness\n    liveness: true\n    query: SELECT 1\n"
      "  - id: login\n    operation: login\n    connection: fresh\n    interval: 60s\n    query: SELECT 1\n"
      "  - id: read\n    operation: read\n    object: {5}\n    interval: 60s\n"
      "    query: SELECT count(*) AS found FROM (SELECT 1 FROM {6} LIMIT 50) found\n\n"
      "  # How fresh: the newest change of each table.\n{7}"
      "  - id: staleness\n    operation: query\n    object: staleness\n    interval: 5m\n    query: |\n{8}"
      "    samples:\n      - {{metric: crm_last_modified_timestamp_seconds, value: newest, by: [object], null: "
      "skip}}\n\n{9}",
      recipe_name_of(name), to_string(dialect),
      dialect == Dialect::sqlite ? "  - read access to the file\n" : rights_of(chosen, dialect), signs_of(chosen),
      address_help(dialect), chosen.front().table->name, table_in(*chosen.front().table, dialect), left_out(large),
      union_of(chosen, dialect, false), counted);
}

}  // namespace crmpulse::agent::setup
