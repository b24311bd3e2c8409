// Pipedrive's search: a text in titles, names, e-mails and telephones.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox::pipedrive {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostFound = 500;

/// What can be searched, as `fields` names it; empty: the company has nothing of the kind.
struct Searched {
  std::string_view word;
  std::string_view field;
};
constexpr std::array kSearched{Searched{"title", "title"},
                               Searched{"name", "name"},
                               Searched{"email", "emails"},
                               Searched{"phone", "phones"},
                               Searched{"notes", ""},
                               Searched{"custom_fields", ""},
                               Searched{"address", ""},
                               Searched{"code", ""},
                               Searched{"description", ""},
                               Searched{"person_name", ""},
                               Searched{"organization_name", ""}};
constexpr std::array<std::string_view, 8> kItemTypes{"deal", "person", "organization",    "product",
                                                     "lead", "file",   "mail_attachment", "project"};

/// The names of the fields that are looked at.
std::vector<std::string_view> searched_fields(const Ask& ask) {
  const auto words = comma_list(query_value(ask.request, "fields"));
  std::vector<std::string_view> names;
  for (const Searched& one : kSearched) {
    const bool wanted = words.empty() || std::find(words.begin(), words.end(), one.word) != words.end();
    if (wanted && !one.field.empty()) names.push_back(one.field);
  }
  for (const std::string& word : words) {
    if (std::none_of(kSearched.begin(), kSearched.end(), [&](const Searched& one) { return one.word == word; }))
      throw not_valid("fields", fmt::format("knows no '{}'", word));
  }
  return names;
}

bool is_wanted(const Ask& ask, const Object& object) {
  const auto types = comma_list(query_value(ask.request, "item_types"));
  for (const std::string& type : types) {
    if (std::find(kItemTypes.begin(), kItemTypes.end(), type) == kItemTypes.end())
      throw not_valid("item_types", fmt::format("knows no '{}'", type));
  }
  return types.empty() || std::find(types.begin(), types.end(), object.alias) != types.end();
}

Condition words_in(const Ask& ask, const Object& object, const std::string& term, bool exact) {
  std::vector<Condition> any;
  for (const std::string_view name : searched_fields(ask)) {
    if (const Field* field = ask.schema.field(object, name))
      any.push_back(where(*field, exact ? Compare::equal : Compare::like, {exact ? term : "%" + term + "%"}));
  }
  return any_of(std::move(any));
}

}  // namespace

net::HttpResponse answer_search(const Ask& ask, const Object* object) {
  const std::string term = query_value(ask.request, "term");
  const std::string exact = query_value(ask.request, "exact_match");
  if (!exact.empty() && exact != "true" && exact != "false" && exact != "1" && exact != "0")
    throw not_valid("exact_match", "is true or false");
  const bool exactly = exact == "true" || exact == "1";
  if (term.size() < (exactly ? 1U : 2U)) return error(400, "Validation failed", "term must have at least 2 characters");
  const std::size_t limit = number_param(ask, "limit", 100, 1, kMostFound);
  json::array items;
  for (const Object& one_object : ask.schema.objects()) {
    if (object != nullptr && object != &one_object) continue;
    if (one_object.kind() == Kind::task || ask.schema.object(one_object.name) == nullptr) continue;
    if (!is_wanted(ask, one_object)) continue;
    Query query;
    query.where = words_in(ask, one_object, term, exactly);
    query.limit = limit - std::min(limit, items.size());
    for (const Row& row : answer_query(ask.lookup, one_object, query, true).rows) {
      json::object item = record_json(ask, one_object, *ask.world.company.find(row.id));
      item["type"] = one_object.alias;
      items.push_back({{"result_score", 0.5}, {"item", std::move(item)}});
    }
  }
  return success({{"items", std::move(items)}}, {{"additional_data", {{"next_cursor", nullptr}}}});
}

}  // namespace crmpulse::sandbox::pipedrive
