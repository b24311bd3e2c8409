#include "core/labels.h"

#include <algorithm>

namespace crmpulse {
namespace {

template <class Pairs>
auto position_of(Pairs& pairs, std::string_view name) {
  return std::lower_bound(pairs.begin(), pairs.end(), name,
                          [](const Labels::Pair& pair, std::string_view wanted) { return pair.first < wanted; });
}

}  // namespace

Labels::Labels(std::initializer_list<Pair> pairs) {
  for (const Pair& pair : pairs) set(pair.first, pair.second);
}

void Labels::set(std::string_view name, std::string_view value) {
  const auto place = position_of(pairs_, name);
  const bool found = place != pairs_.end() && place->first == name;
  if (value.empty()) {
    if (found) pairs_.erase(place);
  } else if (found) {
    place->second.assign(value);
  } else {
    pairs_.emplace(place, name, value);
  }
}

std::string_view Labels::get(std::string_view name) const {
  const auto place = position_of(pairs_, name);
  return place != pairs_.end() && place->first == name ? std::string_view{place->second} : std::string_view{};
}

std::string to_string(const Labels& labels) {
  if (labels.empty()) return {};
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ',';
    out += name + "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out + '}';
}

}  // namespace crmpulse
