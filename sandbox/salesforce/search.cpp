// SOSL, as far as a monitor asks: a text in any field, or in names, of some objects.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "sandbox/company/query.h"
#include "sandbox/salesforce/parts.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::array<std::string_view, 6> kNameFields{"name", "first_name", "last_name", "company", "subject", "email"};
constexpr std::array<std::string_view, 10> kAllFields{"name",  "first_name", "last_name", "company", "subject",
                                                      "email", "phone",      "mobile",    "title",   "website"};

/// Every word begins a word of the record's.
template <class Names>
Condition has_words(const Names& names, std::string_view text) {
  std::vector<Condition> all;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    const std::string word = std::string{text.substr(0, blank)} + (blank > 0 && text[blank - 1] == '*' ? "" : "*");
    std::vector<Condition> any;
    for (const std::string_view name : names) any.push_back(where(name, Compare::contains_word, word));
    if (blank > 0) all.push_back(any_of(std::move(any)));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return all_of(std::move(all));
}

bool is_scope(std::string_view word) {
  static constexpr std::array<std::string_view, 5> kScopes{"ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR"};
  return std::any_of(kScopes.begin(), kScopes.end(),
                     [word](std::string_view scope) { return ascii::same_without_case(scope, word); });
}

std::string between(std::string_view text, char open, char close) {
  const std::size_t begin = text.find(open);
  const std::size_t end = begin == std::string_view::npos ? begin : text.find(close, begin);
  if (end == std::string_view::npos) return {};
  return std::string{text.substr(begin + 1, end - begin - 1)};
}

/// `IN NAME FIELDS`, between the text and RETURNING: which fields are looked at; empty: all.
Answer<std::string> scope_of(std::string_view clause) {
  std::string words{clause};
  const auto is_blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  std::replace_if(words.begin(), words.end(), is_blank, ',');
  const auto parts = comma_list(words);
  if (parts.empty()) return std::string{};
  const bool known = parts.size() == 3 && ascii::same_without_case(parts[0], "IN") &&
                     ascii::same_without_case(parts[2], "FIELDS") && is_scope(parts[1]);
  if (!known) return ApiError{400, "MALFORMED_SEARCH", fmt::format("unexpected token: '{}'", parts[0]), {}};
  return ascii::upper(parts[1]);
}

}  // namespace

std::optional<ApiError> search_in(const World& world, const SearchPlace& place, const std::string& text,
                                  bool names_only, const std::string& version, boost::json::array& found) {
  const Object* object = visible_object(world, place.object);
  if (object == nullptr || !object->is_stored())
    return ApiError{400, "INVALID_TYPE", fmt::format("sObject type '{}' is not supported.", place.object), {}};
  for (const std::string& name : comma_list(place.fields)) {
    if (visible_column(world, *object, name) == nullptr)
      return ApiError{400, "INVALID_FIELD", fmt::format("No such column '{}' on entity '{}'.", name, object->name), {}};
  }
  Query query;
  query.from = object->kind();
  query.where = names_only ? has_words(kNameFields, text) : has_words(kAllFields, text);
  query.limit = place.limit;
  for (const Row& row : evaluate(world.company, query, world.now, true).rows) {
    auto record = read_record(world, *object, id_text(object->prefix, row.id),
                              place.fields.empty() ? "Id" : place.fields, version);
    if (!record) return record.error();
    found.emplace_back(std::move(record.value()));
  }
  return std::nullopt;
}

Answer<boost::json::object> search(const World& world, const std::string& sosl, const std::string& version) {
  const std::string text = between(sosl, '{', '}');
  const std::size_t returning = sosl.find("RETURNING");
  if (!sosl.starts_with("FIND") || text.size() < 2)
    return ApiError{400, "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.", {}};
  const std::size_t behind = sosl.find('}') + 1;
  if (returning != std::string::npos && returning < behind)
    return ApiError{400, "MALFORMED_SEARCH", "unexpected token: 'RETURNING'", {}};
  const auto scope =
      scope_of(std::string_view{sosl}.substr(behind, returning == std::string::npos ? returning : returning - behind));
  if (!scope) return scope.error();
  std::vector<SearchPlace> places;
  std::string_view rest =
      returning == std::string::npos ? std::string_view{} : std::string_view{sosl}.substr(returning + 9);
  while (!rest.empty()) {
    const std::size_t begin = std::min(rest.find_first_not_of(" ,"), rest.size());
    rest.remove_prefix(begin);
    const std::size_t end = std::min(rest.find_first_of(" ,("), rest.size());
    if (end == 0) break;
    SearchPlace place{std::string{rest.substr(0, end)}, {}, 200};
    rest.remove_prefix(end);
    if (!rest.empty() && rest.front() == '(') {
      place.fields = between(rest, '(', ')');
      std::erase(place.fields, ' ');
      rest.remove_prefix(std::min(rest.find(')') + 1, rest.size()));
    }
    places.push_back(std::move(place));
  }
  if (places.empty())
    places = {{"Account", {}, 200}, {"Contact", {}, 200}, {"Lead", {}, 200}, {"Opportunity", {}, 200}};
  boost::json::array found;
  for (const SearchPlace& place : places) {
    if (auto refused = search_in(world, place, text, scope.value() == "NAME", version, found))
      return std::move(*refused);
  }
  return boost::json::object{{"searchRecords", std::move(found)}};
}

Answer<boost::json::object> parameterized_search(const World& world, const ApiCall& call) {
  std::string text = parameter(call, "q");
  std::string scope = parameter(call, "in");
  std::vector<SearchPlace> places;
  if (const auto* body = call.body.if_object()) {
    text = text_member(call.body, "q");
    scope = text_member(call.body, "in");
    const auto* list = body->if_contains("sobjects");
    for (const auto& item : list != nullptr && list->is_array() ? list->get_array() : boost::json::array{})
      places.push_back({text_member(item, "name"), {}, bounded(text_member(item, "limit"), 200, 1, 2000)});
  }
  for (const std::string& name : comma_list(parameter(call, "sobject")))
    places.push_back(
        {name, parameter(call, name + ".fields"), bounded(parameter(call, name + ".limit"), 200, 1, 2000)});
  if (text.size() < 2) return ApiError{400, "MALFORMED_SEARCH", "search term must be longer than one character", {}};
  if (!scope.empty() && !is_scope(scope))
    return ApiError{400, "MALFORMED_SEARCH", fmt::format("'{}' is not a valid value of 'in'", scope), {}};
  if (places.empty())
    places = {{"Account", {}, 200}, {"Contact", {}, 200}, {"Lead", {}, 200}, {"Opportunity", {}, 200}};
  boost::json::array found;
  for (const SearchPlace& place : places) {
    if (auto refused = search_in(world, place, text, ascii::same_without_case(scope, "NAME"), call.version, found))
      return std::move(*refused);
  }
  return boost::json::object{{"searchRecords", std::move(found)}};
}

}  // namespace crmpulse::sandbox::salesforce
