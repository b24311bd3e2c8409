#include "config/edit/yaml_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace crmpulse::config {

const Member* find_member(const Node& mapping, std::string_view key) {
  const auto found = std::find_if(mapping.members.begin(), mapping.members.end(),
                                  [&](const Member& member) { return member.first == key; });
  return found == mapping.members.end() ? nullptr : &*found;
}

bool means_the_same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.items.size() != b.items.size() ||
      a.members.size() != b.members.size())
    return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!means_the_same(a.items[i], b.items[i])) return false;
  return std::all_of(a.members.begin(), a.members.end(), [&](const Member& member) {
    const Member* const other = find_member(b, member.first);
    return other != nullptr && means_the_same(member.second, other->second);
  });
}

std::string indent_of(std::string_view line) {
  return std::string(std::min(line.find_first_not_of(' '), line.size()), ' ');
}

YamlLines::YamlLines(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines_.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!lines_.empty() && lines_.front().ends_with("\r\n")) end_ = "\r\n";
}

std::string_view YamlLines::at(int line) const {
  if (line < 1 || line > count()) return {};
  const std::string_view text = lines_[static_cast<std::size_t>(line) - 1];
  return text.substr(0, text.find_last_not_of("\r\n") + 1);
}

void YamlLines::insert_after(int line, const std::string& text) {
  // The last line may lack its end.
  if (!lines_.empty() && line == count() && !lines_.back().ends_with('\n')) lines_.back() += end_;
  lines_.insert(lines_.begin() + line, text + end_);
}

std::string YamlLines::text() const {
  return fmt::format("{}", fmt::join(lines_, ""));
}

}  // namespace crmpulse::config
