#include "agent/print/rights_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "core/text/ascii.h"

namespace crmpulse::agent {
namespace {

using probes::Dialect;
using probes::Right;
using Statements = std::vector<const Right*>;

std::string_view in_language(bool chinese, std::string_view en, std::string_view zh) {
  return chinese ? zh : en;
}

std::string with_indent(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

bool begins(const Right& right, std::string_view words) {
  return ascii::lower(right.text.en.substr(0, words.size())) == words;
}

bool makes_account(const Right& right) {
  return begins(right, "create role") || begins(right, "create user");
}

/// Accounts come before tables, and tables before what is granted on them.
int place_of(const Right& right) {
  if (makes_account(right)) return 0;
  return begins(right, "create ") ? 1 : 2;
}

/// Returns the account that something is granted to, empty if nothing is.
std::string account_in(const Statements& statements) {
  for (const Right* right : statements) {
    if (!begins(*right, "grant ")) continue;
    const std::string lower = ascii::lower(right->text.en);
    const std::size_t to = lower.rfind(" to ");
    if (to == std::string::npos) continue;
    const std::string_view name = std::string_view{right->text.en}.substr(to + 4);
    return std::string{name.substr(0, name.find_first_of(" \t\r\n"))};
  }
  return {};
}

std::string account_text(const Statements& statements, Dialect dialect, bool chinese) {
  const std::string account = account_in(statements);
  const bool known = dialect == Dialect::postgresql || dialect == Dialect::mysql;
  const bool made =
      std::any_of(statements.begin(), statements.end(), [](const Right* one) { return makes_account(*one); });
  if (account.empty() || !known || made) return {};
  const std::string_view remark =
      in_language(chinese, "a password of your own; leave this out where the account exists",
                  "请换成自己的密码；账号已存在时略去此行");
  if (dialect == Dialect::mysql)
    return fmt::format("  CREATE USER IF NOT EXISTS {} IDENTIFIED BY 'CHANGE-ME';  -- {}\n", account, remark);
  return fmt::format("  CREATE ROLE {} LOGIN PASSWORD 'CHANGE-ME';  -- {}\n", account, remark);
}

/// `only for NAME` and `not with NAME: false` are the recipes' own words.
std::string remark_text(const std::string& remark, bool chinese) {
  constexpr std::string_view kOnly = "only for ";
  constexpr std::string_view kNot = "not with ";
  if (!chinese) return remark;
  if (remark.starts_with(kOnly)) return fmt::format("仅用于 {}", remark.substr(kOnly.size()));
  if (remark.starts_with(kNot)) return fmt::format("设置 {} 时不需要", remark.substr(kNot.size()));
  return remark;
}

/// The statements that `remark` stands behind, in an order that works.
std::string group_text(const Statements& statements, const std::string& remark) {
  Statements group;
  std::copy_if(statements.begin(), statements.end(), std::back_inserter(group),
               [&](const Right* right) { return right->remark == remark; });
  std::stable_sort(group.begin(), group.end(),
                   [](const Right* a, const Right* b) { return place_of(*a) < place_of(*b); });
  std::string out;
  for (const Right* right : group) out += with_indent(right->text.en + ";", "  ");
  return out;
}

std::string statements_text(const probes::Recipe& recipe, Dialect dialect, bool chinese) {
  Statements statements;
  std::vector<std::string> remarks;
  for (const Right& right : recipe.rights) {
    if (!right.statement || (right.dialect && right.dialect != dialect)) continue;
    statements.push_back(&right);
    const bool new_remark =
        !right.remark.empty() && std::find(remarks.begin(), remarks.end(), right.remark) == remarks.end();
    if (new_remark) remarks.push_back(right.remark);
  }
  if (statements.empty()) return {};
  std::string out = fmt::format("  -- {}{}\n", to_string(dialect),
                                in_language(chinese, ", in the CRM's database", "，在 CRM 的数据库中执行"));
  out += account_text(statements, dialect, chinese);
  out += group_text(statements, "");
  for (const std::string& remark : remarks)
    out += fmt::format("  -- {}\n{}", remark_text(remark, chinese), group_text(statements, remark));
  return out;
}

/// What is not a statement: sentences and scopes.
std::string permissions_text(const probes::Recipe& recipe, bool chinese) {
  const bool sql = recipe.transport == probes::Transport::sql;
  std::string out;
  for (const Right& right : recipe.rights) {
    if (right.statement) continue;
    const std::string& text = chinese ? right.text.zh : right.text.en;
    if (!text.empty()) out += fmt::format("  {} {}\n", sql ? "--" : "-", text);
    if (!right.scopes.empty())
      out += fmt::format("{}{}\n", text.empty() ? "  - " : "    ", fmt::join(right.scopes, ","));
  }
  return out;
}

}  // namespace

std::string rights_text(const probes::Recipe& recipe, bool chinese) {
  if (recipe.rights.empty()) return {};
  std::string out =
      fmt::format("\n{}\n", in_language(chinese, "Rights the monitoring account needs", "监控账号所需权限"));
  out += permissions_text(recipe, chinese);
  for (const Dialect dialect : recipe.dialects) out += statements_text(recipe, dialect, chinese);
  return out;
}

}  // namespace crmpulse::agent
