// What the monitoring account needs: `rights`.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/text/ascii.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Node;
using config::Reader;

constexpr std::array kDialectsOfRights{Dialect::postgresql, Dialect::mysql, Dialect::sqlite, Dialect::odbc};

std::string trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return {};
  return std::string{text.substr(start, text.find_last_not_of(" \t\r\n;") + 1 - start)};
}

/// Does the text begin as a statement that gives something to an account?
bool is_statement(std::string_view text) {
  constexpr std::array<std::string_view, 9> kVerbs{"grant", "create", "alter",  "revoke", "use",
                                                   "set",   "insert", "update", "do"};
  const std::string verb = ascii::lower(text.substr(0, text.find_first_of(" \t\r\n")));
  const bool known = std::find(kVerbs.begin(), kVerbs.end(), verb) != kVerbs.end();
  return known && text.size() > verb.size();
}

/// Takes `/* mysql */` from the front of a text, and returns the word in it.
std::optional<std::string> take_mark(std::string& text) {
  if (!text.starts_with("/*")) return std::nullopt;
  const std::size_t end = text.find("*/");
  if (end == std::string::npos) return std::nullopt;
  std::string mark = trimmed(std::string_view{text}.substr(2, end - 2));
  text = trimmed(std::string_view{text}.substr(end + 2));
  return mark;
}

/// Takes ` -- only for heartbeat_table` from the end of a text, and returns what it says.
std::string take_remark(std::string& text) {
  const std::size_t line = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n');
  const std::size_t at = text.find(" -- ", line);
  if (at == std::string::npos) return {};
  std::string remark = trimmed(std::string_view{text}.substr(at + 4));
  text = trimmed(std::string_view{text}.substr(0, at));
  return remark;
}

Right right_of(const std::string& written, const Recipe& recipe, const Node& node, std::string_view step,
               Reader& reader) {
  Right right;
  std::string text = trimmed(written);
  if (recipe.transport == Transport::sql) {
    if (const auto mark = take_mark(text)) {
      const auto named = std::find_if(kDialectsOfRights.begin(), kDialectsOfRights.end(),
                                      [&](Dialect dialect) { return to_string(dialect) == *mark; });
      const bool known = named != kDialectsOfRights.end() &&
                         std::find(recipe.dialects.begin(), recipe.dialects.end(), *named) != recipe.dialects.end();
      if (known) right.dialect = *named;
      if (!known) reader.problem_at(node, step, fmt::format("'{}' is not one of this recipe's dialects", *mark));
    }
    right.statement = is_statement(text);
    if (right.statement) right.remark = take_remark(text);
  }
  if (text.starts_with("--")) text = trimmed(std::string_view{text}.substr(2));
  if (text.empty()) reader.problem_at(node, step, "is empty");
  right.text = {text, text};
  return right;
}

Right read_right(Reader entry, const Recipe& recipe) {
  Right right;
  if (entry.has("en") || entry.has("zh") || !entry.has("scopes")) {
    const bool english = entry.get("en", right.text.en);
    const bool chinese = entry.get("zh", right.text.zh);
    if (!english && !chinese) entry.missing("en");
    if (!english) right.text.en = right.text.zh;
    if (!chinese) right.text.zh = right.text.en;
  }
  if (entry.get("scopes", right.scopes) && recipe.transport == Transport::sql)
    entry.problem("scopes", "is for transport http");
  entry.finish();
  return right;
}

}  // namespace

void read_rights(Reader& reader, Recipe& recipe) {
  const Node* node = reader.raw("rights");
  if (node == nullptr || node->kind == Node::Kind::null) return;
  if (node->kind == Node::Kind::scalar) {
    recipe.rights.push_back(right_of(node->scalar, recipe, *node, "rights", reader));
    return;
  }
  if (node->kind != Node::Kind::sequence) return reader.problem("rights", "must be a list");
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const Node& item = node->items[i];
    const std::string step = fmt::format("rights[{}]", i);
    if (item.kind == Node::Kind::scalar) {
      recipe.rights.push_back(right_of(item.scalar, recipe, item, step, reader));
    } else if (item.kind == Node::Kind::mapping) {
      recipe.rights.push_back(read_right(reader.reader_for(item, step), recipe));
    } else {
      reader.problem_at(item, step, "must be a text, or {en, zh, scopes}");
    }
  }
}

}  // namespace crmpulse::probes
