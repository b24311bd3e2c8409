#include "agent/setup/rights.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/text/ascii.h"

namespace crmpulse::agent::setup {
namespace {

using probes::Dialect;
using probes::Right;

/// `GRANT SELECT (a, b) ON t, u TO monitor` in its parts.
struct Grant {
  std::string columns;  ///< `*` where none are named
  std::vector<std::string> tables;
  std::string schema;  ///< of `USAGE ON SCHEMA`
};

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::optional<Grant> parsed(const std::string& text) {
  const std::string lower = ascii::lower(text);
  const std::size_t on = lower.find(" on ");
  const std::size_t to = lower.rfind(" to ");
  if (!lower.starts_with("grant ") || on == std::string::npos || to == std::string::npos || to < on)
    return std::nullopt;
  std::string_view objects = trimmed(std::string_view{text}.substr(on + 4, to - on - 4));
  Grant grant{"*", {}, {}};
  if (lower.starts_with("grant usage on schema ")) {
    grant.schema = std::string{trimmed(objects.substr(std::string_view{"schema "}.size()))};
    return grant;
  }
  if (!lower.starts_with("grant select")) return std::nullopt;
  const std::size_t open = text.find('(');
  if (open < on) grant.columns = text.substr(open + 1, text.find(')') - open - 1);
  while (!objects.empty()) {
    const std::size_t comma = std::min(objects.find(','), objects.size());
    grant.tables.emplace_back(trimmed(objects.substr(0, comma)));
    objects.remove_prefix(std::min(comma + 1, objects.size()));
  }
  return grant;
}

std::string value_of(const probes::Recipe& recipe, const probes::TextPairs& with, std::string_view name) {
  const auto found = std::find_if(with.begin(), with.end(), [&](const auto& pair) { return pair.first == name; });
  if (found != with.end()) return found->second;
  const probes::Parameter* const parameter = recipe.parameter(name);
  return parameter == nullptr ? std::string{} : parameter->default_text.value_or("");
}

/// `only for helpdesk`, `not with sales: false`, `only for version; this table …`.
bool is_needed(const Right& right, const probes::Recipe& recipe, const probes::TextPairs& with) {
  constexpr std::string_view kOnly = "only for ";
  constexpr std::string_view kNot = "not with ";
  std::string_view remark = right.remark;
  const bool only = remark.starts_with(kOnly);
  if (!only && !remark.starts_with(kNot)) return true;
  remark.remove_prefix(kOnly.size());
  const std::string_view name = remark.substr(0, remark.find_first_of(":; ,"));
  const std::string value = value_of(recipe, with, name);
  return only ? !value.empty() && value != "false" : value != "false";
}

/// A recipe writes its usual prefix, schema and account; these are the ones of this database.
class Rewriter {
 public:
  Rewriter(const Candidate& candidate, std::string account) : account_(std::move(account)), schema_(candidate.schema) {
    const probes::DescribedRecipe& known = *candidate.known;
    if (!known.signs || known.signs->prefix.empty()) return;
    const probes::Parameter* const parameter = known.recipe.parameter(known.signs->prefix);
    if (parameter != nullptr) usual_prefix_ = parameter->default_text.value_or("");
    prefix_ = candidate.prefix;
  }

  [[nodiscard]] std::string table(const std::string& name) const {
    if (usual_prefix_.empty() || !name.starts_with(usual_prefix_)) return name;
    return prefix_ + name.substr(usual_prefix_.size());
  }

  [[nodiscard]] std::string statement(std::string text) const {
    const std::size_t to = ascii::lower(text).rfind(" to ");
    if (to != std::string::npos) text = text.substr(0, to + 4) + account_;
    const std::size_t on = ascii::lower(text).find(" on ");
    if (on == std::string::npos) return text;
    if (ascii::lower(text).find(" on schema ") == on && schema_.empty()) return text;
    if (ascii::lower(text).find(" on schema ") == on)
      return fmt::format("{} ON SCHEMA {} TO {}", text.substr(0, on), quoted(schema_, Dialect::postgresql), account_);
    if (!usual_prefix_.empty() && prefix_ != usual_prefix_) {
      for (std::size_t at = text.find(usual_prefix_, on); at != std::string::npos;
           at = text.find(usual_prefix_, at + prefix_.size()))
        text.replace(at, usual_prefix_.size(), prefix_);
    }
    return text;
  }

 private:
  std::string account_;
  std::string schema_;
  std::string usual_prefix_;
  std::string prefix_;
};

/// `contact` → `"sales".contact`, where a schema is not looked in by itself.
std::string in_schema(const std::string& table, const Candidate& candidate, Dialect dialect) {
  if (candidate.schema.empty() || dialect != Dialect::postgresql) return table;
  return fmt::format("{}.{}", quoted(candidate.schema, dialect), table);
}

/// Does the account lack it? Adds a note where that cannot be said.
bool lacks(Database& database, const Candidate& candidate, const Grant& grant, const Rewriter& rewriter,
           MissingRights& out) {
  if (!grant.schema.empty()) {
    if (database.dialect() != Dialect::postgresql || candidate.schema.empty()) return false;
    const Asked asked = database.ask(fmt::format("SELECT has_schema_privilege('{}', 'USAGE')::int", candidate.schema));
    return !asked.error && !asked.rows.empty() && asked.rows[0][0] == "0";
  }
  bool missing = false;
  for (const std::string& name : grant.tables) {
    const std::string table = in_schema(rewriter.table(name), candidate, database.dialect());
    const Asked asked = database.ask(fmt::format("SELECT {} FROM {} LIMIT 0", grant.columns, table));
    if (!asked.error) continue;
    if (asked.error->reason == Reason::permission)
      missing = true;
    else
      out.notes.push_back(fmt::format("{}: {}", rewriter.table(name), asked.error->message));
  }
  return missing;
}

/// A schema that is not looked in by itself is as good as not there for the recipe's queries.
void check_search_path(Database& database, const Candidate& candidate, const std::string& account, MissingRights& out) {
  if (database.dialect() != Dialect::postgresql || candidate.schema.empty()) return;
  const Asked asked = database.ask(fmt::format(
      "SELECT ('{}' = ANY (current_schemas(false)) OR "
      "'{}' = ANY (string_to_array(replace(replace(current_setting('search_path'), ' ', ''), '\"', ''), ',')))::int",
      candidate.schema, candidate.schema));
  const bool outside = !asked.error && !asked.rows.empty() && asked.rows[0][0] == "0";
  if (outside)
    out.statements.push_back(
        fmt::format("ALTER ROLE {} SET search_path = {}", account, quoted(candidate.schema, Dialect::postgresql)));
}

}  // namespace

MissingRights missing_rights(Database& database, const Candidate& candidate, const probes::TextPairs& with) {
  MissingRights out;
  const std::string account = database.account();
  const Rewriter rewriter{candidate, account};
  const probes::Recipe& recipe = candidate.known->recipe;
  for (const Right& right : recipe.rights) {
    if (!right.statement || (right.dialect && *right.dialect != database.dialect())) continue;
    if (!is_needed(right, recipe, with)) continue;
    const auto grant = parsed(right.text.en);
    if (grant && lacks(database, candidate, *grant, rewriter, out))
      out.statements.push_back(rewriter.statement(right.text.en));
  }
  check_search_path(database, candidate, account, out);
  const bool elsewhere = !candidate.schema.empty() && candidate.schema != "public";
  if (elsewhere && !out.statements.empty() && database.dialect() == Dialect::postgresql)
    out.statements.insert(out.statements.begin(),
                          fmt::format("SET search_path = {}", quoted(candidate.schema, Dialect::postgresql)));
  return out;
}

}  // namespace crmpulse::agent::setup
