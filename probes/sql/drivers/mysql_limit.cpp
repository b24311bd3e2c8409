// MySQL's way to bound one statement: SELECT /*+ MAX_EXECUTION_TIME(ms) */ …, on the outermost SELECT.
// https://dev.mysql.com/doc/refman/8.0/en/optimizer-hints.html#optimizer-hints-execution-time

#include "probes/sql/drivers/mysql_limit.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace crmpulse::probes::sql {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         (static_cast<unsigned char>(c) & 0x80U) != 0;
}

/// Behind what is quoted or commented at `at`; `at` itself when nothing is.
std::size_t behind_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  if (quote == '\'' || quote == '"' || quote == '`') {
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\' && quote != '`') {
        ++i;
      } else if (text[i] == quote) {
        return i + 1;
      }
    }
    return text.size();
  }
  const bool line = quote == '#' || (text.substr(at).starts_with("--") && at + 2 < text.size() && text[at + 2] <= ' ');
  const std::string_view end = line ? "\n" : "*/";
  if (!line && !text.substr(at).starts_with("/*")) return at;
  const std::size_t found = text.find(end, at + 2 - (quote == '#' ? 1 : 0));
  return found == std::string_view::npos ? text.size() : found + end.size();
}

bool same_word(std::string_view word, std::string_view lower) {
  if (word.size() != lower.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((word[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

/// Behind the SELECT that is outermost: the first outside of parentheses, else the first of all.
std::optional<std::size_t> behind_select(std::string_view text) {
  std::optional<std::size_t> inner;
  int depth = 0;
  bool first_word = true;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = behind_quoted(text, at); end != at) {
      at = end;
      continue;
    }
    if (!is_word(text[at])) {
      depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(at, end - at);
    at = end;
    const bool select = same_word(word, "select");
    // INSERT … SELECT and the like take no such hint.
    if (first_word && !select && !same_word(word, "with")) return std::nullopt;
    first_word = false;
    if (!select) continue;
    if (depth == 0) return end;
    if (!inner) inner = end;
  }
  return inner;
}

}  // namespace

std::string with_execution_limit(const std::string& statement, std::int64_t milliseconds) {
  const auto at = behind_select(statement);
  if (!at) return statement;
  const std::string hint = fmt::format("MAX_EXECUTION_TIME({})", milliseconds);
  // Only one such comment counts: ours goes into one that is there.
  const std::size_t next = statement.find_first_not_of(" \t\r\n", *at);
  if (next != std::string::npos && statement.compare(next, 3, "/*+") == 0)
    return fmt::format("{} {}{}", statement.substr(0, next + 3), hint, statement.substr(next + 3));
  return fmt::format("{} /*+ {} */{}", statement.substr(0, *at), hint, statement.substr(*at));
}

}  // namespace crmpulse::probes::sql
