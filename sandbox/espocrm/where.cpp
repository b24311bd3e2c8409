#include "sandbox/espocrm/where.h"

#include <array>
#include <boost/json.hpp>
#include <optional>

#include "sandbox/espocrm/entities.h"
#include "sandbox/expression/operators.h"
#include "sandbox/expression/refusal.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::object;
using boost::json::value;
using expression::Operator;
using std::chrono::days;

Refusal refusal(std::string message) {
  return {Refusal::Kind::syntax, {}, "where", std::move(message)};
}

/// A list, whether it came as one or with numbers for names.
std::vector<value> items_of(const value& list) {
  std::vector<value> items;
  if (list.is_array()) items.assign(list.get_array().begin(), list.get_array().end());
  if (list.is_object())
    for (const auto& member : list.get_object()) items.push_back(member.value());
  return items;
}

std::string text_at(const object& item, std::string_view name) {
  const value* member = item.if_contains(name);
  return member != nullptr && member->is_string() ? std::string{member->get_string()} : std::string{};
}

Condition is_not_null(const std::string& field) {
  return where(field, Compare::not_equal, Value{});
}

/// As SQL has it: what is null is not different.
Condition differs(const std::string& field, Condition same) {
  return all_of({is_not_null(field), none_of({std::move(same)})});
}

constexpr std::array kOperators{Operator{"equals", Compare::equal},
                                Operator{"on", Compare::equal},
                                Operator{"greaterThan", Compare::greater},
                                Operator{"after", Compare::greater},
                                Operator{"lessThan", Compare::less},
                                Operator{"before", Compare::less},
                                Operator{"greaterThanOrEquals", Compare::greater_equal},
                                Operator{"lessThanOrEquals", Compare::less_equal},
                                Operator{"like", Compare::like}};

/// From the beginning to the end, in days from today's 00:00 UTC; `x` is the item's value.
struct Span {
  std::string_view type;
  int from;
  int to;
  int from_x;
  int to_x;
};
constexpr int kEver = 100'000;
constexpr std::array kSpans{
    Span{"today", 0, 1, 0, 0},     Span{"lastSevenDays", -7, 1, 0, 0},       Span{"lastXDays", 0, 1, -1, 0},
    Span{"nextXDays", 0, 1, 0, 1}, Span{"olderThanXDays", -kEver, 0, 0, -1}, Span{"afterXDays", 1, kEver, 1, 0},
};

TimePoint month_start(TimePoint now, int months) {
  const std::chrono::year_month_day date{std::chrono::floor<days>(now)};
  const auto month = date.year() / date.month() + std::chrono::months{months};
  return TimePoint{std::chrono::sys_days{month / 1}};
}

TimePoint year_start(TimePoint now, int years) {
  const std::chrono::year_month_day date{std::chrono::floor<days>(now)};
  return TimePoint{std::chrono::sys_days{(date.year() + std::chrono::years{years}) / 1 / 1}};
}

Condition between(const std::string& field, TimePoint from, TimePoint to) {
  return all_of({where(field, Compare::greater_equal, from), where(field, Compare::less, to)});
}

std::optional<Condition> calendar(const std::string& type, const std::string& field, std::optional<int> x,
                                  TimePoint now) {
  const TimePoint today{std::chrono::floor<days>(now)};
  for (const Span& span : kSpans) {
    if (span.type != type) continue;
    const bool counts = span.from_x != 0 || span.to_x != 0;
    if (counts && !x) throw refusal("Bad value of " + field + " in where.");
    const int n = x.value_or(0);
    return between(field, today + days{span.from + span.from_x * n}, today + days{span.to + span.to_x * n});
  }
  if (type == "past") return where(field, Compare::less, now);
  if (type == "future") return where(field, Compare::greater, now);
  if (type == "currentMonth") return between(field, month_start(now, 0), month_start(now, 1));
  if (type == "lastMonth") return between(field, month_start(now, -1), month_start(now, 0));
  if (type == "currentYear") return between(field, year_start(now, 0), year_start(now, 1));
  if (type == "lastYear") return between(field, year_start(now, -1), year_start(now, 0));
  return std::nullopt;
}

class Parser {
 public:
  Parser(const AttributeOf& attribute_of, TimePoint now) : attribute_of_(attribute_of), now_(now) {}

  std::vector<Condition> list(const value& written) const {
    std::vector<Condition> terms;
    for (const value& each : items_of(written)) {
      if (!each.is_object()) throw refusal("Bad where item.");
      terms.push_back(item(each.get_object()));
    }
    return terms;
  }

 private:
  Condition item(const object& written) const {
    const std::string type = text_at(written, "type");
    static const value kNothing;
    const value* given = written.if_contains("value");
    if (given == nullptr) given = &kNothing;
    if (type == "and" || type == "or" || type == "not") {
      auto children = list(*given);
      if (type == "or") return any_of(std::move(children));
      auto all = all_of(std::move(children));
      return type == "and" ? all : none_of({std::move(all)});
    }
    std::string name = text_at(written, "attribute");
    if (name.empty()) name = text_at(written, "field");
    const Field* field = attribute_of_(name);
    if (field == nullptr) throw refusal("Not existing attribute '" + name + "' in where.");
    return comparison(*field, type, *given);
  }

  Condition comparison(const Field& field, const std::string& type, const value& given) const {
    const std::string name{field.name};
    if (type == "isNull") return where(name, Compare::equal, Value{});
    if (type == "isNotNull" || type == "ever") return is_not_null(name);
    if (type == "isTrue" || type == "isFalse") return where(name, Compare::equal, Value{type == "isTrue"});
    if (type == "in" || type == "notIn") return among(field, type, given);
    if (type == "between") return between_values(field, given);
    if (const auto dates = calendar(type, name, number(given), now_)) return *dates;
    const std::string_view text = given.is_string() ? std::string_view{given.get_string()} : std::string_view{};
    if (type == "contains") return where(name, Compare::like, Value{"%" + std::string{text} + "%"});
    if (type == "startsWith") return where(name, Compare::like, Value{std::string{text} + "%"});
    if (type == "endsWith") return where(name, Compare::like, Value{"%" + std::string{text}});
    if (type == "notContains") return differs(name, where(name, Compare::like, Value{"%" + std::string{text} + "%"}));
    if (type == "like" && !is_text(field.type))  // MySQL compares texts: none is like another's
      return never();
    const auto wanted = stored(field, given);
    if (!wanted) throw refusal("Bad value of " + name + " in where.");
    if (type == "notEquals") return differs(name, where(name, Compare::equal, *wanted));
    const auto how = expression::compare_of(kOperators, type);
    if (!how) throw refusal("Unknown where item type '" + type + "'.");
    return where(name, *how, *wanted);
  }

  static std::optional<int> number(const value& given) {
    const auto n = given.is_string()   ? number_from<double>(given.get_string())
                   : given.is_number() ? std::optional{given.to_number<double>()}
                                       : std::nullopt;
    constexpr double kMost = 36'500;
    if (!n || *n < 0 || *n > kMost) return std::nullopt;
    return static_cast<int>(*n);
  }

  static std::optional<Value> stored(const Field& field, const value& given) {
    if ((field.type == FieldType::id || field.type == FieldType::reference) && given.is_string())
      return Value{static_cast<double>(espocrm_id_from(given.get_string()))};
    return value_from(field.type, given);
  }

  static Condition among(const Field& field, const std::string& type, const value& given) {
    Condition condition;
    condition.kind = Condition::Kind::compare;
    condition.field = field.name;
    condition.compare = Compare::in;
    for (const value& each : items_of(given)) {
      const auto wanted = stored(field, each);
      if (!wanted) throw refusal("Bad value of " + std::string{field.name} + " in where.");
      condition.values.push_back(*wanted);
    }
    return type == "in" ? condition : differs(condition.field, condition);
  }

  static Condition between_values(const Field& field, const value& given) {
    const auto ends = items_of(given);
    const auto from = ends.size() == 2 ? stored(field, ends[0]) : std::nullopt;
    const auto to = ends.size() == 2 ? stored(field, ends[1]) : std::nullopt;
    if (!from || !to) throw refusal("Bad value of " + std::string{field.name} + " in where.");
    const std::string name{field.name};
    return all_of({where(name, Compare::greater_equal, *from), where(name, Compare::less_equal, *to)});
  }

  const AttributeOf& attribute_of_;
  TimePoint now_;
};

}  // namespace

object nested(const std::map<std::string, std::string, std::less<>>& query) {
  object out;
  for (const auto& [name, text] : query) {
    object* place = &out;
    std::string key = name.substr(0, name.find('['));
    for (std::size_t open = name.find('['); open != std::string::npos; open = name.find('[', open + 1)) {
      value& deeper = (*place)[key];
      if (!deeper.is_object()) deeper = object{};
      place = &deeper.get_object();
      key = name.substr(open + 1, name.find(']', open) - open - 1);
      if (key.empty()) key = std::to_string(place->size());
    }
    (*place)[key] = text;
  }
  return out;
}

Condition parse_where(const value& where, const AttributeOf& attribute_of, TimePoint now) {
  auto terms = Parser{attribute_of, now}.list(where);
  return terms.empty() ? Condition{} : all_of(std::move(terms));
}

}  // namespace crmpulse::sandbox::selfhosted
