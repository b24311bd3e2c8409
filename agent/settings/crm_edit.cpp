#include "agent/settings/crm_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/edit/yaml_text.h"
#include "config/node.h"

namespace crmpulse::agent {
namespace {

using config::indent_of;
using config::Member;
using config::Node;
using config::YamlLines;

constexpr std::string_view kCrms = "crms";

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string name_in(const Node& crm) {
  const Member* const name = find_member(crm, "name");
  return name == nullptr ? std::string{} : name->second.scalar;
}

/// What the text must mean afterwards.
Node with_crm(Node root, const Node& crm) {
  root.kind = Node::Kind::mapping;
  auto found = std::find_if(root.members.begin(), root.members.end(),
                            [](const Member& member) { return member.first == kCrms; });
  if (found == root.members.end()) found = root.members.insert(root.members.end(), Member{std::string{kCrms}, Node{}});
  found->second.kind = Node::Kind::sequence;
  found->second.items.push_back(crm);
  return root;
}

/// The line of the next key of the root behind `crms`, one behind the last line if there is none.
int line_behind(const Node& root, int crms_line, int lines) {
  int next = lines + 1;
  for (const Member& member : root.members)
    if (member.second.key_line > crms_line) next = std::min(next, member.second.key_line);
  return next;
}

bool is_blank_or_comment(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos || line[first] == '#';
}

/// Where the new one may go: behind the last line that says something, or, where that belongs to a text of many lines,
/// behind all of them.
std::vector<int> places(const YamlLines& lines, int crms_line, int behind) {
  int last = behind - 1;
  while (last > crms_line && is_blank_or_comment(lines.at(last))) --last;
  int with_blanks = behind - 1;
  while (with_blanks > last && lines.at(with_blanks).find_first_not_of(" \t") == std::string_view::npos) --with_blanks;
  return {last, with_blanks};
}

void insert(YamlLines& lines, int place, const std::vector<std::string>& entry, const std::string& indent) {
  bool first = true;
  for (const std::string& line : entry) {
    lines.insert_after(place++, line.empty() ? line : fmt::format("{}{}{}", indent, first ? "- " : "  ", line));
    first = false;
  }
}

/// `crms: []  # why` → `crms:  # why`; nullopt if the list is written in another way.
std::optional<std::string> without_brackets(std::string_view line) {
  const std::size_t open = line.find('[');
  const std::size_t close = line.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  if (line.substr(open + 1, close - open - 1).find_first_not_of(' ') != std::string_view::npos) return std::nullopt;
  std::string before{line.substr(0, open)};
  before.resize(before.find_last_not_of(' ') + 1);
  return before + std::string{line.substr(close + 1)};
}

/// Every way that the text may be written, the likeliest first.
std::vector<std::string> attempts(std::string_view text, const Node& root, const std::vector<std::string>& entry) {
  const Member* const crms = find_member(root, kCrms);
  YamlLines lines{text};
  if (crms == nullptr) {
    lines.append(fmt::format("{}:", kCrms));
    insert(lines, lines.count(), entry, "  ");
    return {lines.text()};
  }
  const int line = crms->second.key_line;
  if (crms->second.items.empty()) {
    if (crms->second.kind == Node::Kind::sequence) {
      const auto bare = without_brackets(lines.at(line));
      if (!bare) return {};
      lines.replace(line, *bare);
    }
    insert(lines, line, entry, "  ");
    return {lines.text()};
  }
  const std::string indent = indent_of(lines.at(crms->second.items.back().line));
  const int behind = line_behind(root, line, lines.count());
  std::vector<std::string> out;
  for (const int place : places(lines, line, behind)) {
    YamlLines changed{text};
    insert(changed, place, entry, indent);
    out.push_back(changed.text());
  }
  return out;
}

}  // namespace

Result<std::string> add_crm(std::string_view text, const std::vector<std::string>& entry, const std::string& file) {
  const auto before = config::load_text(text, file);
  if (!before) return Error{to_string(before.error())};
  const auto crm = config::load_text(joined(entry), file);
  if (!crm) return Error{to_string(crm.error())};
  const std::string name = name_in(crm->root);
  if (const Member* const crms = find_member(before->root, kCrms)) {
    for (const Node& other : crms->second.items) {
      if (name_in(other) == name)
        return Error{fmt::format("{}:{}: there is a CRM named '{}' already; give the new one another name", file,
                                 other.line, name)};
    }
  }
  const Node wanted = with_crm(before->root, crm->root);
  for (const std::string& out : attempts(text, before->root, entry)) {
    const auto after = config::load_text(out, file);
    if (after && means_the_same(after->root, wanted)) return out;
  }
  return Error{
      fmt::format("{}: cannot add a CRM to `crms` as it is written there without changing more; write each "
                  "CRM on lines of its own, beginning with `- name:`, or add this by hand:\n{}",
                  file, joined(entry))};
}

std::string new_agent_yaml(std::string_view ship_url) {
  return fmt::format(
      "# crmpulse-agent: what to measure, how often, and where to send it.\n"
      "#   crmpulse-agent setup URL    adds a CRM\n"
      "#   crmpulse-agent check        says what is wrong with this file and how many calls a day it makes\n"
      "ship:\n"
      "  url: {}   # the collector, or any Prometheus remote-write receiver\n"
      "\n"
      "defaults: {{interval: 30s, timeout: 10s}}\n"
      "\n"
      "crms:\n",
      ship_url);
}

}  // namespace crmpulse::agent
