#include "config/edit/value_edit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/edit/yaml_text.h"
#include "config/node.h"
#include "core/text/ascii.h"

namespace crmpulse::config {
namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

/// Words that are no texts in YAML, in small letters.
constexpr std::array<std::string_view, 9> kNoTexts{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};

bool is_word(std::string_view text) {
  const auto fits = [](char c) { return ascii::is_letter(c) || ascii::is_digit(c) || c == '-' || c == '_'; };
  return ascii::is_letter(text.front()) && std::all_of(text.begin(), text.end(), fits) &&
         std::find(kNoTexts.begin(), kNoTexts.end(), ascii::lower(text)) == kNoTexts.end();
}

/// `127.0.0.1:9460`
bool is_ipv4_endpoint(std::string_view text) {
  const auto fits = [](char c) { return ascii::is_digit(c) || c == '.' || c == ':'; };
  return ascii::is_digit(text.front()) && std::all_of(text.begin(), text.end(), fits) && !text.ends_with(':') &&
         std::count(text.begin(), text.end(), '.') == 3;
}

bool is_place(std::string_view text) {
  constexpr std::string_view kInside = "/\\:._-~%?=&+@";
  const auto fits = [&](char c) {
    return ascii::is_letter(c) || ascii::is_digit(c) || kInside.find(c) != std::string_view::npos;
  };
  return text.find_first_of("/\\") != std::string_view::npos && !text.ends_with(':') &&
         (ascii::is_letter(text.front()) || text.front() == '/' || text.front() == '\\') &&
         std::all_of(text.begin(), text.end(), fits);
}

/// A word, an address or a path as people write it, anything else in quotes.
std::string written(std::string_view text) {
  const bool plain = !text.empty() && (is_word(text) || is_ipv4_endpoint(text) || is_place(text));
  return plain ? std::string{text} : in_quotes(text);
}

/// `{key: value}`, as it stands in one line.
std::string flow_of(const Node& node) {
  std::vector<std::string> parts;
  switch (node.kind) {
    case Node::Kind::null: return "null";
    case Node::Kind::scalar: return node.quoted ? written(node.scalar) : node.scalar;
    case Node::Kind::sequence:
      for (const Node& item : node.items) parts.push_back(flow_of(item));
      return fmt::format("[{}]", fmt::join(parts, ", "));
    case Node::Kind::mapping:
      for (const Member& member : node.members)
        parts.push_back(fmt::format("{}: {}", member.first, flow_of(member.second)));
      return fmt::format("{{{}}}", fmt::join(parts, ", "));
  }
  return {};
}

/// The tree with the value in it: what the text must mean afterwards.
void put(Node& node, const NewValue& value, std::size_t depth) {
  node.kind = Node::Kind::mapping;
  const std::string& key = value.path[depth];
  const bool last = depth + 1 == value.path.size();
  const auto is_taken = [&](const Member& member) {
    return member.first == key || (last && std::find(value.instead_of.begin(), value.instead_of.end(), member.first) !=
                                               value.instead_of.end());
  };
  auto found = std::find_if(node.members.begin(), node.members.end(), is_taken);
  if (found == node.members.end()) found = node.members.insert(node.members.end(), Member{key, Node{}});
  found->first = key;
  if (!last) return put(found->second, value, depth + 1);
  found->second = Node{};
  found->second.kind = Node::Kind::scalar;
  found->second.quoted = true;
  found->second.scalar = value.text;
}

/// Returns where the value ends that begins the text: before its comment and the blanks around it.
std::size_t value_end(std::string_view text) {
  constexpr std::string_view kBeforeValue = " {[,";
  char quote = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if ((c == '\'' || c == '"') &&
               (i == 0 || (depth > 0 && kBeforeValue.find(text[i - 1]) != kBeforeValue.npos))) {
      quote = c;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == '#' && (i == 0 || text[i - 1] == ' ')) {
      text = text.substr(0, i);
    }
  }
  return text.find_last_not_of(' ') + 1;
}

/// `  key: value  # why` → `  new_key: new_value  # why`. What does not look so comes back as it is.
std::string with_value(std::string_view line, std::string_view key, std::string_view new_key,
                       std::string_view new_value) {
  const std::string indent = indent_of(line);
  std::string_view rest = line.substr(indent.size());
  if (!rest.starts_with(key)) return std::string{line};
  rest.remove_prefix(key.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (!rest.starts_with(':')) return std::string{line};
  rest.remove_prefix(1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  rest.remove_prefix(value_end(rest));
  return fmt::format("{}{}: {}{}{}", indent, new_key, new_value, rest.starts_with('#') ? " " : "", rest);
}

/// A mapping on the way to the value, and the line of the key that leads to it.
struct Place {
  const Node* mapping = nullptr;
  int key_line = 0;  ///< 0: the root
  std::string key;
  std::size_t depth = 0;  ///< of the key that is looked for in it
};

/// The innermost mapping that there is.
Place innermost(const Node& root, const NewValue& value) {
  Place place{&root, 0, "", 0};
  while (place.depth + 1 < value.path.size()) {
    const Member* const next = find_member(*place.mapping, value.path[place.depth]);
    if (next == nullptr) break;
    place = {&next->second, next->second.key_line, next->first, place.depth + 1};
  }
  return place;
}

const Member* taken_by(const NewValue& value, const Place& place) {
  if (const Member* const own = find_member(*place.mapping, value.path[place.depth])) return own;
  if (place.depth + 1 < value.path.size()) return nullptr;
  for (const std::string& other : value.instead_of)
    if (const Member* const found = find_member(*place.mapping, other)) return found;
  return nullptr;
}

/// Written in braces, behind its key.
bool is_in_one_line(const Place& place) {
  return place.key_line > 0 && place.mapping->kind == Node::Kind::mapping &&
         (place.mapping->members.empty() || place.mapping->members.front().second.key_line == place.key_line);
}

void write(YamlLines& lines, const Node& root, const NewValue& value) {
  const Place place = innermost(root, value);
  const std::string& key = value.path[place.depth];
  if (is_in_one_line(place)) {
    Node whole = *place.mapping;
    put(whole, value, place.depth);
    return lines.replace(place.key_line, with_value(lines.at(place.key_line), place.key, place.key, flow_of(whole)));
  }
  Node below;
  if (place.depth + 1 < value.path.size()) put(below, value, place.depth + 1);
  const std::string text = below.members.empty() ? written(value.text) : flow_of(below);
  if (const Member* const old = taken_by(value, place)) {
    const int line = old->second.key_line;
    return lines.replace(line, with_value(lines.at(line), old->first, key, text));
  }
  if (place.key_line == 0 && place.depth + 1 < value.path.size()) {
    lines.append(key + ":");
    return lines.append(fmt::format("  {}", flow_of(below).substr(1, flow_of(below).size() - 2)));
  }
  const bool empty = place.mapping->members.empty();
  const int beside = empty ? place.key_line : place.mapping->members.front().second.key_line;
  const std::string indent = indent_of(lines.at(beside)) + (empty && place.key_line > 0 ? "  " : "");
  lines.insert_after(place.key_line, fmt::format("{}{}: {}", indent, key, text));
}

Error by_hand(const std::string& file, const NewValue& value) {
  return Error{fmt::format("{}: cannot set {} without changing more; write {} there by hand", file,
                           fmt::join(value.path, "."), written(value.text))};
}

Result<std::string> edited(const std::string& text, const NewValue& value, const std::string& file) {
  const auto before = load_text(text, file);
  if (!before) return Error{to_string(before.error())};
  Node wanted = before->root;
  put(wanted, value, 0);
  if (means_the_same(wanted, before->root)) return text;
  YamlLines lines{text};
  write(lines, before->root, value);
  std::string out = lines.text();
  const auto after = load_text(out, file);
  if (!after || !means_the_same(after->root, wanted)) return by_hand(file, value);
  return out;
}

}  // namespace

Result<std::string> with_values(std::string_view text, const std::vector<NewValue>& values, const std::string& file) {
  std::string out{text};
  for (const NewValue& value : values) {
    auto next = edited(out, value, file);
    if (!next) return next;
    out = std::move(*next);
  }
  return out;
}

}  // namespace crmpulse::config
