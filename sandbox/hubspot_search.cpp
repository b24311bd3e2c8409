// HubSpot's search: filter groups into a Query, eventually consistent, never archived records.

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "sandbox/hubspot_parts.h"

namespace crmpulse::sandbox::hubspot {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostGroups = 5;
constexpr std::size_t kMostFilters = 18;
constexpr std::size_t kMostPerGroup = 6;
constexpr std::size_t kMostPerPage = 200;
constexpr std::size_t kMostResults = 10'000;

/// What a search became, or why it was refused.
struct Search {
  Query query;
  std::vector<std::string> properties;
  std::optional<net::HttpResponse> refused;
};

net::HttpResponse bad_search(const std::string& message, std::string_view property = {}) {
  json::object detail{{"message", message}};
  if (!property.empty()) detail["context"] = {{"propertyName", json::array{json::value(property)}}};
  return error(400, "VALIDATION_ERROR", message, {{"errors", json::array{std::move(detail)}}});
}

net::HttpResponse unknown_property(std::string_view name) {
  return bad_search(fmt::format("Property \"{}\" does not exist", name), name);
}

const FieldName* searched_field(const Ask& ask, const ObjectName& object, std::string_view name) {
  if (name == "associations.company") {
    for (const FieldName& field : object.fields) {
      if (field.canonical == "account") return &field;
    }
  }
  return ask.schema.field(object, name);
}

std::optional<std::vector<Value>> typed(const Ask& ask, const FieldName& field, const json::value& filter) {
  std::vector<std::string> texts;
  if (const auto* list = member(filter, "values"); list != nullptr && list->is_array()) {
    for (const auto& item : list->get_array()) texts.push_back(scalar_text(item).value_or(""));
  }
  for (const char* name : {"value", "highValue"}) {
    if (const auto* one = member(filter, name); one != nullptr && !one->is_null())
      texts.push_back(scalar_text(*one).value_or(""));
  }
  std::vector<Value> values;
  for (const std::string& text : texts) {
    auto value = ask.schema.value(field.type, text);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

struct Operator {
  std::string_view name;
  Compare compare;
  bool unary = false;
};
constexpr std::array kOperators{
    Operator{"EQ", Compare::equal},         Operator{"NEQ", Compare::not_equal},
    Operator{"LT", Compare::less},          Operator{"LTE", Compare::less_equal},
    Operator{"GT", Compare::greater},       Operator{"GTE", Compare::greater_equal},
    Operator{"IN", Compare::in},            Operator{"NOT_IN", Compare::not_in},
    Operator{"BETWEEN", Compare::equal},    Operator{"CONTAINS_TOKEN", Compare::contains_word},
    Operator{"NOT_CONTAINS_TOKEN", Compare::contains_word},
    Operator{"HAS_PROPERTY", Compare::not_equal, true},
    Operator{"NOT_HAS_PROPERTY", Compare::equal, true}};

const Operator* find_operator(std::string_view name) {
  for (const Operator& one : kOperators) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

/// One filter as a condition; nothing and `refused` set when it cannot be.
Condition condition_of(const Ask& ask, const ObjectName& object, const json::value& filter,
                       std::optional<net::HttpResponse>& refused) {
  const std::string name = text_member(filter, "propertyName");
  const FieldName* field = searched_field(ask, object, name);
  const Operator* how = find_operator(text_member(filter, "operator"));
  if (field == nullptr) refused = unknown_property(name);
  if (how == nullptr) refused = bad_search("Invalid input JSON: unknown operator", name);
  if (refused) return {};
  if (how->unary) return where(*field, how->compare, {Value{}});
  auto values = typed(ask, *field, filter);
  const std::size_t least = how->name == "BETWEEN" ? 2 : 1;
  if (!values || values->size() < least) {
    refused = bad_search(fmt::format("operator {} requires valid values for property {}", how->name, name), name);
    return {};
  }
  if (how->name == "BETWEEN")
    return all_of({where(*field, Compare::greater_equal, {values->at(0)}),
                   where(*field, Compare::less_equal, {values->at(1)})});
  if (how->name == "NOT_CONTAINS_TOKEN") return none_of({where(*field, how->compare, std::move(*values))});
  return where(*field, how->compare, std::move(*values));
}

const json::array& list_member(const json::value& value, std::string_view name) {
  static const json::array kNone;
  const auto* found = member(value, name);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

Condition groups_of(const Ask& ask, const ObjectName& object, const json::value& body,
                    std::optional<net::HttpResponse>& refused) {
  const auto& groups = list_member(body, "filterGroups");
  std::vector<Condition> any;
  std::size_t filters = 0;
  for (const auto& group : groups) {
    std::vector<Condition> all;
    for (const auto& filter : list_member(group, "filters")) {
      all.push_back(condition_of(ask, object, filter, refused));
      if (refused) return {};
    }
    filters += all.size();
    if (all.size() > kMostPerGroup) refused = bad_search("too many filters in one filterGroup");
    any.push_back(all_of(std::move(all)));
  }
  // Members beside filterGroups are the older form of one group.
  if (const auto& alone = list_member(body, "filters"); !alone.empty()) {
    std::vector<Condition> all;
    for (const auto& filter : alone) all.push_back(condition_of(ask, object, filter, refused));
    any.push_back(all_of(std::move(all)));
  }
  if (groups.size() > kMostGroups || filters > kMostFilters) refused = bad_search("too many filterGroups or filters");
  return any.empty() ? Condition{} : any_of(std::move(any));
}

/// `-closedate`, `closedate`, or {"propertyName", "direction"}.
std::optional<Order> order_of(const Ask& ask, const ObjectName& object, const json::value& sort, std::string& name) {
  Order order;
  order.nulls_last = true;
  name = sort.is_string() ? std::string{sort.get_string()} : text_member(sort, "propertyName");
  order.descending = text_member(sort, "direction") == "DESCENDING";
  if (sort.is_string() && name.starts_with('-')) order.descending = true;
  if (sort.is_string() && name.starts_with('-')) name.erase(0, 1);
  const FieldName* field = ask.schema.field(object, name);
  if (field == nullptr) return std::nullopt;
  order.field = query_name(*field);
  return order;
}

Condition words_anywhere(const Ask& ask, const ObjectName& object, const std::string& words) {
  std::vector<Condition> any;
  for (const FieldName* field : ask.schema.fields(object)) {
    if (field->type == FieldType::text) any.push_back(where(*field, Compare::contains_word, {words + "*"}));
  }
  return any_of(std::move(any));
}

Search search_of(const Ask& ask, const ObjectName& object, const json::value& body) {
  Search search;
  search.query.where = groups_of(ask, object, body, search.refused);
  if (const std::string words = text_member(body, "query"); !words.empty())
    search.query.where = all_of({std::move(search.query.where), words_anywhere(ask, object, words)});
  const auto& sorts = list_member(body, "sorts");
  if (sorts.size() > 1) search.refused = bad_search("only one sort is supported");
  for (const auto& sort : sorts) {
    std::string name;
    const auto order = order_of(ask, object, sort, name);
    if (!order) search.refused = unknown_property(name);
    if (order) search.query.order_by.push_back(*order);
  }
  for (const auto& property : list_member(body, "properties"))
    search.properties.push_back(scalar_text(property).value_or(""));
  search.query.limit = 10;
  if (const auto* limit = member(body, "limit"); limit != nullptr && !limit->is_null()) {
    search.query.limit = bounded(scalar_text(*limit).value_or(""), 10, 0, kMostPerPage + 1);
    if (*search.query.limit > kMostPerPage) search.refused = bad_search("limit must not be above 200");
  }
  search.query.offset = bounded(text_member(body, "after"), 0, 0, kMostResults + 1);
  if (search.query.offset + *search.query.limit > kMostResults)
    search.refused = bad_search("paging beyond 10000 results is not supported");
  return search;
}

std::vector<std::string> usual_properties(const ObjectName& object) {
  std::vector<std::string> names;
  for (const FieldName& field : object.fields) {
    if (field.canonical == "created" || field.canonical == "modified" || (names.size() < 4 && field.compute == nullptr))
      names.emplace_back(field.vendor);
  }
  return names;
}

}  // namespace

net::HttpResponse answer_search(const Ask& ask, const ObjectName& object) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object()) return error(400, "VALIDATION_ERROR", "Invalid input JSON");
  Search search = search_of(ask, object, *body);
  if (search.refused) return std::move(*search.refused);
  if (search.properties.empty()) search.properties = usual_properties(object);
  const std::size_t next = search.query.offset + *search.query.limit;
  const Rows found = answer_query(ask.lookup, object, std::move(search.query), true);
  json::array results;
  for (const Row& row : found.rows)
    results.push_back(record_json(ask, object, *ask.world.crm.find(row.id), search.properties));
  json::object answer{{"total", found.total}, {"results", std::move(results)}};
  if (next < found.total) answer["paging"] = {{"next", {{"after", std::to_string(next)}}}};
  return json_reply(200, answer);
}

}  // namespace crmpulse::sandbox::hubspot
