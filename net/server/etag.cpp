#include "net/server/etag.h"

#include <algorithm>
#include <optional>

#include "core/text/ascii.h"

namespace crmpulse::net {
namespace {

constexpr std::string_view kBetween = ", \t";

std::string_view without_weakness(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

/// Takes the first tag, as `"…"`, off the front of `rest`; nullopt if no tag stands there. A tag may hold a comma.
std::optional<std::string_view> take_tag(std::string_view& rest) {
  const std::string_view from = without_weakness(rest);
  if (!from.starts_with('"')) return std::nullopt;
  const std::size_t end = from.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  rest = from.substr(end + 1);
  return from.substr(0, end + 1);
}

}  // namespace

bool names_etag(std::string_view header, std::string_view etag) {
  const std::string_view wanted = without_weakness(etag);
  std::string_view rest = header;
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBetween), rest.size()));
    if (rest.empty()) return false;
    if (rest.starts_with('*')) return rest.find_first_not_of(kBetween, 1) == std::string_view::npos;
    const auto tag = take_tag(rest);
    // What follows something that is not a tag cannot be told from it.
    if (!tag) return false;
    if (*tag == wanted) return true;
  }
}

std::string if_none_match(const HttpRequest& request) {
  std::string list;
  for (const auto& [name, value] : request.headers) {
    if (!ascii::same_without_case(name, "if-none-match")) continue;
    if (!list.empty()) list += ", ";
    list += value;
  }
  return list;
}

bool has_already(const HttpRequest& request, std::string_view etag) {
  return names_etag(if_none_match(request), etag);
}

}  // namespace crmpulse::net
