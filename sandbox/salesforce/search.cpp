// SOSL, as far as a monitor asks: a text in any field, or in names, of some objects.

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

std::string between(std::string_view text, char open, char close) {
  const std::size_t begin = text.find(open);
  const std::size_t end = begin == std::string_view::npos ? begin : text.find(close, begin);
  if (end == std::string_view::npos) return {};
  return std::string{text.substr(begin + 1, end - begin - 1)};
}

}  // namespace

std::optional<ApiError> search_in(const World& world, const SearchPlace& place, const std::string& text,
                                  bool names_only, const std::string& version, boost::json::array& found) {
  const Object* object = visible_object(world, place.object);
  if (object == nullptr || !object->is_stored())
    return ApiError{400, "INVALID_TYPE", fmt::format("sObject type '{}' is not supported.", place.object), {}};
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
    if (auto refused = search_in(world, place, text, sosl.find("NAME FIELDS") != std::string::npos, version, found))
      return std::move(*refused);
  }
  return boost::json::object{{"searchRecords", std::move(found)}};
}

Answer<boost::json::object> parameterized_search(const World& world, const ApiCall& call) {
  std::string text = parameter(call, "q");
  bool names_only = parameter(call, "in") == "NAME";
  std::vector<SearchPlace> places;
  if (const auto* body = call.body.if_object()) {
    text = text_member(call.body, "q");
    names_only = text_member(call.body, "in") == "NAME";
    const auto* list = body->if_contains("sobjects");
    for (const auto& item : list != nullptr && list->is_array() ? list->get_array() : boost::json::array{})
      places.push_back({text_member(item, "name"), {}, bounded(text_member(item, "limit"), 200, 1, 2000)});
  }
  for (const std::string& name : comma_list(parameter(call, "sobject")))
    places.push_back(
        {name, parameter(call, name + ".fields"), bounded(parameter(call, name + ".limit"), 200, 1, 2000)});
  if (text.size() < 2) return ApiError{400, "MALFORMED_SEARCH", "search term must be longer than one character", {}};
  if (places.empty())
    places = {{"Account", {}, 200}, {"Contact", {}, 200}, {"Lead", {}, 200}, {"Opportunity", {}, 200}};
  boost::json::array found;
  for (const SearchPlace& place : places) {
    if (auto refused = search_in(world, place, text, names_only, call.version, found)) return std::move(*refused);
  }
  return boost::json::object{{"searchRecords", std::move(found)}};
}

}  // namespace crmpulse::sandbox::salesforce
