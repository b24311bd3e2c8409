// HubSpot's search: filter groups into a Query, eventually consistent, never archived records.

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "sandbox/hubspot/parts.h"

namespace crmpulse::sandbox::hubspot {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostGroups = 5;
constexpr std::size_t kMostFilters = 18;
constexpr std::size_t kMostPerGroup = 6;
constexpr std::size_t kMostPerPage = 200;
constexpr std::size_t kMostResults = 10'000;

Refusal bad_search(std::string message, std::string_view property = {}) {
  return {Refusal::Kind::syntax, std::string{property}, "search", std::move(message)};
}

Refusal unknown_property(std::string_view name) {
  return bad_search(fmt::format("Property \"{}\" does not exist", name), name);
}

const Field* searched_field(const Ask& ask, const Object& object, std::string_view name) {
  if (name == "associations.company") {
    for (const Field& field : object.fields) {
      if (field.canonical == "account") return &field;
    }
  }
  return ask.schema.field(object, name);
}

struct Operator {
  std::string_view name;
  Compare compare;
  bool unary = false;
};
constexpr std::array kOperators{Operator{"EQ", Compare::equal},
                                Operator{"NEQ", Compare::not_equal},
                                Operator{"LT", Compare::less},
                                Operator{"LTE", Compare::less_equal},
                                Operator{"GT", Compare::greater},
                                Operator{"GTE", Compare::greater_equal},
                                Operator{"IN", Compare::in},
                                Operator{"NOT_IN", Compare::not_in},
                                Operator{"BETWEEN", Compare::equal},
                                Operator{"CONTAINS_TOKEN", Compare::contains_word},
                                Operator{"NOT_CONTAINS_TOKEN", Compare::contains_word},
                                Operator{"HAS_PROPERTY", Compare::not_equal, true},
                                Operator{"NOT_HAS_PROPERTY", Compare::equal, true}};

/// IN and NOT_IN have `values`, BETWEEN `value` and `highValue`, every other operator `value`.
bool is_complete(const json::value& filter, const Operator& how) {
  const auto has = [&filter](std::string_view name) {
    const auto* found = member(filter, name);
    return found != nullptr && !found->is_null();
  };
  if (how.compare == Compare::in || how.compare == Compare::not_in) {
    const auto* list = member(filter, "values");
    return list != nullptr && list->is_array() && !list->get_array().empty();
  }
  return has("value") && (how.name != "BETWEEN" || has("highValue"));
}

std::optional<std::vector<Value>> typed(const Ask& ask, const Field& field, const json::value& filter) {
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

const Operator* find_operator(std::string_view name) {
  for (const Operator& one : kOperators) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const json::array& list_member(const json::value& value, std::string_view name) {
  static const json::array kNone;
  const auto* found = member(value, name);
  if (found == nullptr || found->is_null()) return kNone;
  if (!found->is_array()) throw bad_search(fmt::format("Invalid input JSON: {} is not a list", name));
  return found->get_array();
}

/// Texts have no order here, and only texts have words.
bool is_comparable(const Field& field, const Operator& how) {
  const bool words = how.compare == Compare::contains_word;
  const bool order = how.name == "BETWEEN" || how.compare == Compare::less || how.compare == Compare::less_equal ||
                     how.compare == Compare::greater || how.compare == Compare::greater_equal;
  if (words) return is_text(field.type) && field.options.empty();
  return !order || (field.type != FieldType::boolean && field.options.empty());
}

/// Reads one search.
class Search {
 public:
  Search(const Ask& ask, const Object& object) : ask_(ask), object_(object) {}
  Query query;
  std::vector<std::string> properties;

  void read(const json::value& body);

 private:
  Condition filter(const json::value& filter);
  Condition group(const json::array& filters);
  Condition groups(const json::value& body);
  Condition words_anywhere(const std::string& words);
  void sort_by(const json::value& sort);
  void page(const json::value& body);

  const Ask& ask_;
  const Object& object_;
  std::size_t filters_ = 0;
};

Condition Search::filter(const json::value& filter) {
  const std::string name = text_member(filter, "propertyName");
  const Field* field = searched_field(ask_, object_, name);
  const Operator* how = find_operator(text_member(filter, "operator"));
  if (field == nullptr) throw unknown_property(name);
  if (how == nullptr) throw bad_search("Invalid input JSON: unknown operator", name);
  if (how->unary) return where(*field, how->compare, {Value{}});
  if (!is_comparable(*field, *how))
    throw bad_search(fmt::format("operator {} is not supported for property {}", how->name, name), name);
  auto values = is_complete(filter, *how) ? typed(ask_, *field, filter) : std::nullopt;
  const bool between = how->name == "BETWEEN";
  if (!values || values->size() < (between ? 2U : 1U))
    throw bad_search(fmt::format("operator {} requires valid values for property {}", how->name, name), name);
  if (between)
    return all_of(
        {where(*field, Compare::greater_equal, {values->at(0)}), where(*field, Compare::less_equal, {values->at(1)})});
  if (how->name == "NOT_CONTAINS_TOKEN") return none_of({where(*field, how->compare, std::move(*values))});
  return where(*field, how->compare, std::move(*values));
}

Condition Search::group(const json::array& filters) {
  std::vector<Condition> all;
  for (const auto& one : filters) all.push_back(filter(one));
  filters_ += all.size();
  if (all.size() > kMostPerGroup) throw bad_search("too many filters in one filterGroup");
  return all_of(std::move(all));
}

Condition Search::groups(const json::value& body) {
  const auto& groups = list_member(body, "filterGroups");
  std::vector<Condition> any;
  for (const auto& one : groups) any.push_back(group(list_member(one, "filters")));
  // Members beside filterGroups are the older form of one group.
  if (const auto& alone = list_member(body, "filters"); !alone.empty()) any.push_back(group(alone));
  if (groups.size() > kMostGroups || filters_ > kMostFilters) throw bad_search("too many filterGroups or filters");
  return any.empty() ? Condition{} : any_of(std::move(any));
}

/// `-closedate`, `closedate`, or {"propertyName", "direction"}.
void Search::sort_by(const json::value& sort) {
  Order order;
  order.nulls_last = true;
  std::string name = text_member(sort, "propertyName");
  const std::string direction = text_member(sort, "direction");
  if (!direction.empty() && direction != "ASCENDING" && direction != "DESCENDING")
    throw bad_search(fmt::format("Invalid input JSON: {} is not a direction", direction));
  order.descending = direction == "DESCENDING";
  if (sort.is_string()) {
    name = std::string{sort.get_string()};
    order.descending = name.starts_with('-');
    if (order.descending) name.erase(0, 1);
  }
  const Field* field = ask_.schema.field(object_, name);
  if (field == nullptr) throw unknown_property(name);
  order.field = query_name(*field);
  query.order_by.push_back(order);
}

Condition Search::words_anywhere(const std::string& words) {
  std::vector<Condition> any;
  for (const Field* field : ask_.schema.fields(object_)) {
    if (field->type == FieldType::text) any.push_back(where(*field, Compare::contains_word, {words + "*"}));
  }
  return any_of(std::move(any));
}

void Search::page(const json::value& body) {
  const auto limit = whole_number(text_member(body, "limit"), 10, 0, kMostPerPage);
  if (!limit) throw bad_search("limit must be a number, and not above 200");
  query.limit = *limit;
  const auto after = whole_number(text_member(body, "after"), 0, 0, kMostResults);
  if (!after) throw bad_search("after is not a valid paging cursor, or beyond 10000 results");
  query.offset = *after;
  if (query.offset + *query.limit > kMostResults) throw bad_search("paging beyond 10000 results is not supported");
}

void Search::read(const json::value& body) {
  query.where = groups(body);
  if (const std::string words = text_member(body, "query"); !words.empty())
    query.where = all_of({std::move(query.where), words_anywhere(words)});
  const auto& sorts = list_member(body, "sorts");
  if (sorts.size() > 1) throw bad_search("only one sort is supported");
  for (const auto& sort : sorts) sort_by(sort);
  for (const auto& property : list_member(body, "properties")) properties.push_back(scalar_text(property).value_or(""));
  page(body);
}

std::vector<std::string> usual_properties(const Object& object) {
  std::vector<std::string> names;
  for (const Field& field : object.fields) {
    if (field.canonical == "created" || field.canonical == "modified" || (names.size() < 4 && field.read == nullptr))
      names.emplace_back(field.name);
  }
  return names;
}

}  // namespace

net::HttpResponse answer_search(const Ask& ask, const Object& object) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object()) return error(400, "VALIDATION_ERROR", "Invalid input JSON");
  Search search{ask, object};
  search.read(*body);
  if (search.properties.empty()) search.properties = usual_properties(object);
  const std::size_t next = search.query.offset + *search.query.limit;
  const Rows found = answer_query(ask.lookup, object, std::move(search.query), true);
  json::array results;
  for (const Row& row : found.rows)
    results.push_back(record_json(ask, object, *ask.world.company.find(row.id), search.properties));
  json::object answer{{"total", found.total}, {"results", std::move(results)}};
  if (next < found.total) answer["paging"] = {{"next", {{"after", std::to_string(next)}}}};
  return json_reply(200, answer);
}

}  // namespace crmpulse::sandbox::hubspot
