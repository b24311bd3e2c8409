// How a request's pages follow one another: `next`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/text/ascii.h"
#include "probes/json/json.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Node;
using config::Reader;

constexpr std::string_view kForms =
    "must be a pointer, {cursor, query}, {cursor, json}, or a count: {offset, …} or {page, …} with size, total or "
    "more";

std::optional<int> whole(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

/// The scalar at a pointer through mappings; nullptr when it is not there.
const Node* node_at(const Node& root, std::string_view pointer) {
  const Node* at = &root;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    const auto member = std::find_if(at->members.begin(), at->members.end(),
                                     [&](const config::Member& one) { return one.first == token; });
    if (member == at->members.end()) return nullptr;
    at = &member->second;
  }
  return at->kind == Node::Kind::scalar ? at : nullptr;
}

/// The text that the request gives to a query parameter, or to a pointer of its body.
std::optional<std::string> text_in(const HttpCall& call, const std::string& place) {
  if (place.starts_with('/')) {
    const Node* node = call.json ? node_at(*call.json, place) : nullptr;
    return node == nullptr ? std::nullopt : std::optional{node->scalar};
  }
  const auto named =
      std::find_if(call.query.begin(), call.query.end(), [&](const auto& entry) { return entry.first == place; });
  return named == call.query.end() ? std::nullopt : std::optional{named->second};
}

/// `size: 200`, or where the request says it: `size: maxSize`, `size: /limit`.
void read_size(Reader& reader, const Scope& scope, const HttpCall& call, Paging& paging) {
  std::string text;
  if (!reader.get("size", text)) return;
  const bool is_value = whole(text) || text.find("${") != std::string::npos;
  const auto told = is_value ? std::optional{text} : text_in(call, text);
  if (!told) {
    return reader.problem("size", fmt::format("'{}' is neither a number of rows nor what says it in the request: a "
                                              "parameter of `query`, or a pointer into `json`",
                                              text));
  }
  paging.size = *told;
  if (const auto number = whole(*told)) {
    if (*number < 1) reader.problem("size", fmt::format("must be at least 1, not {}", *number));
    return;
  }
  check_text(scope, *told, Place::text, "", "size", reader);
  const std::vector<std::string> names = names_in(*told);
  const bool typed = names.size() == 1 && *told == "${" + names.front() + "}" &&
                     scope.type_of(names.front()) == ParameterType::integer;
  if (!typed) reader.problem("size", fmt::format("must be a whole number, or ${{…}} of an integer, not '{}'", *told));
}

/// A query parameter, a pointer into the request's `json`, or `${offset}` and `${page}` themselves.
void read_place(Reader& reader, std::string_view key, const HttpCall& call, std::string& out) {
  if (!reader.get(key, out)) return;
  if (out.empty() || (out.find("${") != std::string::npos && out != fmt::format("${{{}}}", key)))
    reader.problem(key, fmt::format("names a query parameter, a pointer into `json`, or \"${{{}}}\", which the "
                                    "request then holds",
                                    key));
  if (!out.starts_with('/')) return;
  if (const auto fault = pointer_fault(out)) reader.problem(key, *fault);
  if (!call.json) reader.problem(key, "a pointer puts it into the body, which needs json");
}

/// `files.example.com`, `*.example.com`, either with `:8443`; an IPv6 address in brackets.
bool is_host(std::string_view text) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  constexpr std::string_view kAddress = "abcdef0123456789:.";
  constexpr int kMostPort = 65535;
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  if (const std::size_t colon = text.find(':', bracket); colon != std::string_view::npos) {
    const auto port = whole(std::string{text.substr(colon + 1)});
    if (!port || *port < 1 || *port > kMostPort) return false;
    text = text.substr(0, colon);
  }
  if (bracket > 0)
    return text.size() == bracket + 1 && bracket > 1 &&
           text.substr(1, bracket - 1).find_first_not_of(kAddress) == std::string_view::npos;
  const bool any_below = text.starts_with("*.");
  if (any_below) text.remove_prefix(2);
  return !text.empty() && text.front() != '.' && text.find("..") == std::string_view::npos &&
         text.find_first_not_of(kName) == std::string_view::npos &&
         (!any_below || text.find('.') != std::string_view::npos);  // `*.com` would be everybody
}

}  // namespace

void read_hosts(Reader& reader, Recipe& recipe) {
  reader.get("hosts", recipe.hosts);
  for (std::string& host : recipe.hosts) {
    host = ascii::lower(host);
    if (!is_host(host))
      reader.problem("hosts", fmt::format("'{}' is not a host: write files.example.com, *.example.com, or one of them "
                                          "with :8443, without https:// and path",
                                          host));
  }
}

std::optional<Paging> read_paging(Reader& parent, const Scope& scope, const HttpCall& call) {
  const Node* node = parent.raw("next");
  if (node == nullptr) return std::nullopt;
  Paging paging;
  if (node->kind != Node::Kind::mapping) {
    get_pointer(parent, "next", paging.url);
    return paging;
  }
  Reader reader = parent.child("next");
  get_pointer(reader, "cursor", paging.cursor);
  reader.get("query", paging.query);
  get_pointer(reader, "json", paging.json);
  read_place(reader, "page", call, paging.page);
  reader.get("first", paging.first, 0, 1);
  read_place(reader, "offset", call, paging.offset);
  get_pointer(reader, "more", paging.more);
  get_pointer(reader, "total", paging.total);
  read_size(reader, scope, call, paging);
  std::string id;
  if (get_pointer(reader, "id", id)) paging.id = id;
  const int kinds = (reader.has("cursor") ? 1 : 0) + (reader.has("page") ? 1 : 0) + (reader.has("offset") ? 1 : 0);
  const bool targeted = paging.query.empty() != paging.json.empty();
  if (kinds != 1 || reader.has("cursor") != targeted) reader.problem(std::string{kForms});
  for (const std::string_view key : {"more", "total", "size"})
    if (reader.has("cursor") && reader.has(key))
      reader.problem(key, "is for offset and page: a cursor tells the end itself");
  if (reader.has("first") && !reader.has("page")) reader.problem("first", "is for page: the number of the first one");
  reader.finish();
  return paging;
}

void check_paging(const Exchange& exchange, Reader& reader) {
  if (!exchange.next) return;
  const Paging& paging = *exchange.next;
  if (!paging.json.empty() && !exchange.call.json) reader.problem("next", "a cursor in the body needs json");
  if (paging.counts() && !exchange.call.also.empty())
    reader.problem("next", "`also` does not go with offset or page: the other address would begin in the middle");
  const bool needs_rows = !paging.offset.empty() || (!paging.page.empty() && paging.more.empty()) || paging.id;
  if (needs_rows && !exchange.has_rows_at) reader.problem("next", "needs `each`: the rows of a page are counted");
  const auto size = whole(paging.size);
  if (size && *size > exchange.rows)
    reader.problem("next", fmt::format("a page of {} rows is more than `rows` ({}) takes", *size, exchange.rows));
}

}  // namespace crmpulse::probes
