#include "agent/setup/database.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <utility>

#include "core/text/ascii.h"
#include "probes/sql/open.h"

namespace crmpulse::agent::setup {
namespace {

using probes::Dialect;

constexpr std::chrono::seconds kTimeout{15};
constexpr std::size_t kMostRows = 200'000;

constexpr std::string_view kPostgresqlTables =
    "SELECT n.nspname, c.relname, CASE WHEN c.reltuples >= 0 THEN c.reltuples END "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
    "AND n.nspname !~ '^pg_(toast|temp)' ORDER BY 1, 2";
constexpr std::string_view kPostgresqlColumns =
    "SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, NULL), "
    "EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = "
    "a.attnum)::int "
    "FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' "
    "ORDER BY c.oid, a.attnum";
constexpr std::string_view kMysqlTables =
    "SELECT '', table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 2";
constexpr std::string_view kMysqlColumns =
    "SELECT '', c.table_name, c.column_name, c.data_type, c.column_key <> '' "
    "FROM information_schema.columns c WHERE c.table_schema = DATABASE() ORDER BY c.table_name, c.ordinal_position";
constexpr std::string_view kSqliteTables =
    "SELECT '', name, NULL FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE "
    "'\\' "
    "ORDER BY 2";
constexpr std::string_view kSqliteColumns =
    "SELECT '', m.name, p.name, p.type, p.pk OR EXISTS (SELECT 1 FROM pragma_index_list(m.name) l, "
    "pragma_index_info(l.name) i "
    "WHERE i.seqno = 0 AND i.name = p.name) "
    "FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type IN ('table', 'view') "
    "AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, p.cid";

struct Catalogue {
  std::string_view tables;
  std::string_view columns;
};

Catalogue catalogue_of(Dialect dialect) {
  if (dialect == Dialect::mysql) return {kMysqlTables, kMysqlColumns};
  if (dialect == Dialect::sqlite) return {kSqliteTables, kSqliteColumns};
  return {kPostgresqlTables, kPostgresqlColumns};
}

probes::sql::Limits limits() {
  return {.deadline = std::chrono::steady_clock::now() + kTimeout,
          .statement_timeout = kTimeout,
          .cancel = nullptr,
          .accepted_by = {}};
}

class Collected final : public probes::Rows {
 public:
  explicit Collected(SeenRows& rows) : rows_(rows) {}
  void columns(const std::vector<std::string>& /*names*/) override {}
  bool row(std::span<const probes::Cell> cells) override {
    auto& row = rows_.emplace_back();
    for (const probes::Cell& cell : cells)
      row.push_back(cell.null ? std::optional<std::string>{} : std::string{cell.text});
    return rows_.size() < kMostRows;
  }

 private:
  SeenRows& rows_;
};

std::optional<double> number_of(const std::optional<std::string>& text) {
  double number = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  return error == std::errc{} ? std::optional{number} : std::nullopt;
}

std::string why(const probes::sql::SqlError& error) {
  return fmt::format("{}/{}: {}", to_string(error.stage), to_string(error.reason), error.message);
}

/// `monitor@%` → `'monitor'@'%'`
std::string mysql_account(const std::string& account) {
  const std::size_t at = account.rfind('@');
  if (at == std::string::npos) return account;
  return fmt::format("'{}'@'{}'", account.substr(0, at), account.substr(at + 1));
}

}  // namespace

std::string quoted(std::string_view name, Dialect dialect) {
  const char mark = dialect == Dialect::mysql ? '`' : '"';
  std::string out(1, mark);
  for (const char c : name) {
    out += c;
    if (c == mark) out += c;
  }
  return out + mark;
}

Result<Database> Database::open(const Address& address, const Secret& password) {
  probes::sql::ConnectSpec spec{
      .dialect = address.dialect, .url = address.url, .password = password, .read_only = true};
  auto opened = probes::sql::open(spec, limits());
  if (opened.error) return Error{why(*opened.error)};
  return Database{address.dialect, std::move(opened.connection)};
}

Asked Database::ask(const std::string& statement) {
  Asked asked;
  Collected rows{asked.rows};
  auto result = connection_->query(statement, limits(), rows);
  asked.error = std::move(result.error);
  return asked;
}

Result<SeenRows> Database::rows_of(const std::string& statement) {
  Asked asked = ask(statement);
  if (asked.error) return Error{why(*asked.error)};
  return std::move(asked.rows);
}

std::string Database::account() {
  if (dialect_ == Dialect::sqlite) return {};
  const Asked asked = ask(dialect_ == Dialect::mysql ? "SELECT CURRENT_USER()" : "SELECT current_user");
  if (asked.error || asked.rows.empty() || !asked.rows[0][0]) return "monitor";
  const std::string& account = *asked.rows[0][0];
  if (dialect_ == Dialect::mysql) return mysql_account(account);
  const bool plain = account.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return plain ? account : quoted(account, dialect_);
}

Result<std::vector<SeenTable>> Database::tables() {
  const Catalogue catalogue = catalogue_of(dialect_);
  const auto tables = rows_of(std::string{catalogue.tables});
  if (!tables) return tables.error();
  const auto columns = rows_of(std::string{catalogue.columns});
  if (!columns) return columns.error();
  std::vector<SeenTable> out;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const auto& row : *tables) {
    places.emplace(std::pair{row[0].value_or(""), row[1].value_or("")}, out.size());
    out.push_back({row[0].value_or(""), row[1].value_or(""), number_of(row[2]), {}});
  }
  for (const auto& row : *columns) {
    const auto place = places.find({row[0].value_or(""), row[1].value_or("")});
    if (place == places.end()) continue;
    const bool indexed = row[4] && *row[4] == "1";
    out[place->second].columns.push_back({row[2].value_or(""), ascii::lower(row[3].value_or("")), indexed});
  }
  return out;
}

}  // namespace crmpulse::agent::setup
