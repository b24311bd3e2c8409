#include "sandbox/salesforce/translate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::size_t kMostOffset = 2000;

constexpr std::array<SoqlFunction, 12> kFunctions{{{"COUNT", Aggregate::count, ""},
                                                   {"COUNT_DISTINCT", Aggregate::count_distinct, ""},
                                                   {"SUM", Aggregate::sum, ""},
                                                   {"AVG", Aggregate::avg, ""},
                                                   {"MIN", Aggregate::min, ""},
                                                   {"MAX", Aggregate::max, ""},
                                                   {"CALENDAR_YEAR", Aggregate::none, "year"},
                                                   {"CALENDAR_QUARTER", Aggregate::none, "quarter"},
                                                   {"CALENDAR_MONTH", Aggregate::none, "month"},
                                                   {"DAY_IN_MONTH", Aggregate::none, "day"},
                                                   {"HOUR_IN_DAY", Aggregate::none, "hour"},
                                                   {"DAY_ONLY", Aggregate::none, "date"}}};

std::string_view part_for(const Field& column) {
  return column.type == FieldType::date ? "date" : "";
}

bool is_grouped_by(const Query& query, const Output& output) {
  return std::any_of(query.group_by.begin(), query.group_by.end(), [&output](const Output& group) {
    return group.field == output.field && group.part == output.part;
  });
}

}  // namespace

void Translator::refuse(std::string code, const std::string& message, std::size_t at) const {
  const std::size_t begin = at > 40 ? at - 40 : 0;
  const std::string line = text_.substr(begin, 80);
  throw ApiError{
      400,
      std::move(code),
      fmt::format("\n{}\n{}^\nERROR at Row:1:Column:{}\n{}", line, std::string(at - begin, ' '), at + 1, message),
      {}};
}

Resolved Translator::resolve(const Object& object, std::string_view path, std::size_t at) const {
  Resolved out;
  const Object* here = &object;
  for (;;) {
    const Field* column = visible_column(world_, *here, path);
    if (column != nullptr) {
      out.column = column;
      out.object = here;
      out.field += column->canonical;
      for (std::string_view rest = column->name; !rest.empty();) {
        const std::size_t dot = std::min(rest.find('.'), rest.size());
        out.names.emplace_back(rest.substr(0, dot));
        rest.remove_prefix(std::min(dot + 1, rest.size()));
      }
      return out;
    }
    const std::size_t dot = path.find('.');
    if (dot == std::string_view::npos || out.references.size() >= 5)
      refuse("INVALID_FIELD",
             fmt::format("No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to "
                         "append the '__c' after the custom field name. Please reference your WSDL or the describe "
                         "call for the appropriate names.",
                         path, here->name),
             at);
    const std::string_view relationship = path.substr(0, dot);
    if (here == &object && ascii::same_without_case(relationship, object.name)) {  // SELECT Account.Name FROM Account
      path.remove_prefix(dot + 1);
      continue;
    }
    const auto& columns = here->fields;
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Field& one) {
      return ascii::same_without_case(relationship_of(one), relationship) && object_named(one.target) != nullptr;
    });
    if (found == columns.end() || visible_column(world_, *here, found->name) == nullptr)
      refuse("INVALID_FIELD",
             fmt::format("Didn't understand relationship '{}' in field path. If you are attempting to use a custom "
                         "relationship, be sure to append the '__r' after the custom relationship name. Please "
                         "reference your WSDL or the describe call for the appropriate names.",
                         relationship),
             at);
    out.references.push_back(&*found);
    out.names.emplace_back(relationship_of(*found));
    out.field += std::string{found->canonical} + ".";
    here = object_named(found->target);
    path.remove_prefix(dot + 1);
  }
}

Output Translator::output_of(const SoqlField& field, Resolved& what) const {
  Output out;
  if (!field.path.empty()) {
    what = resolve(*object_, field.path, field.at);
    out.field = what.field;
  }
  if (field.function.empty() || field.function == "TOLABEL" || field.function == "FORMAT") {
    if (what.column != nullptr) out.part = part_for(*what.column);
    return out;
  }
  const auto found = std::find_if(kFunctions.begin(), kFunctions.end(),
                                  [&field](const SoqlFunction& one) { return one.name == field.function; });
  if (found == kFunctions.end())
    refuse("INVALID_FIELD", fmt::format("Unknown function '{}'", field.function), field.at);
  if (field.path.empty() && found->name != "COUNT") refuse("MALFORMED_QUERY", "unexpected token: ')'", field.at);
  out.aggregate = found->aggregate;
  out.part = found->part;
  if (what.column != nullptr) check_function(*found, *what.column, field.at);
  return out;
}

void Translator::check_function(const SoqlFunction& function, const Field& column, std::size_t at) const {
  if (function.aggregate == Aggregate::none) {
    if (!is_day_or_time(column.type))
      refuse("MALFORMED_QUERY", fmt::format("{} does not support the field '{}'", function.name, column.name), at);
    return;
  }
  const bool adds = function.aggregate == Aggregate::sum || function.aggregate == Aggregate::avg;
  if (adds ? !is_number(column.type) : !is_aggregatable(column.type))
    refuse("MALFORMED_QUERY",
           fmt::format("field {} does not support aggregate operator {}", column.name, function.name), at);
}

Output Translator::group_of(const SoqlField& field) const {
  Resolved what;
  Output out = output_of(field, what);
  if (out.aggregate != Aggregate::none)
    refuse("MALFORMED_QUERY", fmt::format("Invalid field in the GROUP BY clause: {}({})", field.function, field.path),
           field.at);
  if (field.function.empty() && !is_groupable(what.column->type))
    refuse("MALFORMED_QUERY", fmt::format("field '{}' can not be grouped in a query call", what.column->name),
           field.at);
  return out;
}

Order Translator::order_of(const SoqlOrder& order, const Query& query) const {
  Resolved what;
  Order out;
  out.expression = output_of(order.field, what);
  out.descending = order.descending;
  out.nulls_last = order.nulls_last;
  const bool aggregates = out.expression->aggregate != Aggregate::none;
  if (!aggregates && what.column != nullptr && !is_sortable(what.column->type))
    refuse("MALFORMED_QUERY", fmt::format("field '{}' can not be sorted in a query call", what.column->name),
           order.field.at);
  if (aggregates && query.group_by.empty())
    refuse("MALFORMED_QUERY", "aggregate functions in ORDER BY want a GROUP BY", order.field.at);
  if (grouped_ && !aggregates && !is_grouped_by(query, *out.expression))
    refuse("MALFORMED_QUERY", fmt::format("Field must be grouped or aggregated: {}", order.field.path), order.field.at);
  return out;
}

Value Translator::value_of(const SoqlLiteral& literal, const Field& column, std::size_t at) const {
  using Literal = SoqlLiteral::Type;
  if (literal.type == Literal::null) return {};
  const auto wrong = [&](std::string_view type) {
    refuse(
        "INVALID_FIELD",
        fmt::format("value of filter criterion for field '{}' must be of type {} and should not be enclosed in quotes",
                    column.name, type),
        at);
  };
  switch (column.type) {
    case FieldType::id:
    case FieldType::reference: {
      if (literal.type != Literal::text) wrong("ID");
      const auto id = parse_id(std::get<std::string>(literal.value));
      if (!id)
        refuse("INVALID_QUERY_FILTER_OPERATOR",
               fmt::format("invalid ID field: {}", std::get<std::string>(literal.value)), at);
      return static_cast<double>(id->id);
    }
    case FieldType::boolean:
      if (literal.type != Literal::boolean) wrong("boolean");
      break;
    case FieldType::number:
    case FieldType::integer:
    case FieldType::currency:
      if (literal.type != Literal::number) wrong("double");
      break;
    case FieldType::date:
      if (literal.type != Literal::date) wrong("date");
      break;
    case FieldType::time:
      if (literal.type != Literal::datetime) wrong("dateTime");
      break;
    default:
      if (literal.type != Literal::text)
        refuse("INVALID_FIELD",
               fmt::format("value of filter criterion for field '{}' must be of type string and should be enclosed in "
                           "quotes",
                           column.name),
               at);
  }
  return literal.value;
}

/// `= LAST_N_DAYS:30` is a range, `<` before its begin, `>` behind its end.
Condition Translator::range_condition(const Condition& base, const SoqlLiteral& literal) const {
  const SoqlRange range = range_of(literal.name, literal.count, world_.now).value_or(SoqlRange{});
  const auto bound = [&base](Compare compare, TimePoint time) {
    Condition out = base;
    out.compare = compare;
    out.values = {time};
    return out;
  };
  switch (base.compare) {
    case Compare::less: return bound(Compare::less, range.begin);
    case Compare::less_equal: return bound(Compare::less, range.end);
    case Compare::greater: return bound(Compare::greater_equal, range.end);
    case Compare::greater_equal: return bound(Compare::greater_equal, range.begin);
    default: break;
  }
  Condition out = all_of({bound(Compare::greater_equal, range.begin), bound(Compare::less, range.end)});
  return base.compare == Compare::not_equal ? none_of({std::move(out)}) : out;
}

std::shared_ptr<Query> Translator::semi_join(const SoqlCondition& condition, const Field& left) const {
  Translator inner{world_, text_};
  auto query = std::make_shared<Query>(inner.translate(*condition.subquery));
  if (inner.shown().size() != 1 || !inner.object().is_stored() || inner.is_grouped())
    refuse("MALFORMED_QUERY", "a semi join sub-select selects one field of an object", condition.field.at);
  if (!is_id(left.type))
    refuse("INVALID_FIELD",
           fmt::format("The left operand field in the where expression for outer query should be an id field, cannot "
                       "use: '{}'",
                       left.name),
           condition.field.at);
  const Field* selected = inner.shown().front().what.column;
  if (selected == nullptr || !is_id(selected->type))
    refuse("INVALID_FIELD", "The selected field in the subquery should be an id or a reference field",
           condition.field.at);
  return query;
}

Condition Translator::comparison_of(const SoqlCondition& condition) const {
  Resolved what;
  const Output left = output_of(condition.field, what);
  if (left.aggregate != Aggregate::none || what.column == nullptr)
    refuse("MALFORMED_QUERY", "aggregate functions are not allowed in the WHERE clause", condition.field.at);
  const Field& column = *what.column;
  if (!column.filterable)
    refuse("INVALID_FIELD", fmt::format("field '{}' can not be filtered in a query call", column.name),
           condition.field.at);
  if (condition.field.function.empty() && !is_comparable(column.type, condition.compare))
    refuse("INVALID_FIELD", fmt::format("invalid operator on {} field", type_name(column.type)), condition.field.at);
  Condition out;
  out.kind = Condition::Kind::compare;
  out.field = left.field;
  out.part = left.part;
  out.compare = condition.compare;
  if (condition.subquery) {
    out.subquery = semi_join(condition, column);
    return out;
  }
  const bool is_time = column.type == FieldType::date || column.type == FieldType::time;
  Field compared = column;
  if (!condition.field.function.empty()) compared.type = out.part == "date" ? FieldType::date : FieldType::number;
  for (const SoqlLiteral& literal : condition.values) {
    if (literal.type == SoqlLiteral::Type::range) {
      if (!is_time || condition.values.size() > 1 || (out.part != "date" && !out.part.empty()))
        refuse("INVALID_FIELD", fmt::format("{} does not fit the field '{}'", literal.name, column.name),
               condition.field.at);
      return range_condition(out, literal);
    }
    out.values.push_back(value_of(literal, compared, condition.field.at));
  }
  return out;
}

Condition Translator::condition_of(const SoqlCondition& condition) const {
  if (condition.kind == Condition::Kind::compare) return comparison_of(condition);
  Condition out;
  out.kind = condition.kind;
  for (const SoqlCondition& child : condition.children) out.children.push_back(condition_of(child));
  return out;
}

void Translator::take_having(const SoqlCondition& having, Query& query) const {
  if (having.kind == Condition::Kind::always) return;
  if (query.group_by.empty()) refuse("MALFORMED_QUERY", "unexpected token: 'HAVING'", having.field.at);
  const auto* number = having.values.size() == 1 ? std::get_if<double>(&having.values.front().value) : nullptr;
  if (having.kind != Condition::Kind::compare || number == nullptr || having.field.function.empty())
    throw ApiError{
        400, "MALFORMED_QUERY", "the sandbox knows HAVING with one comparison of an aggregate and a number", {}};
  Resolved what;
  query.having = {output_of(having.field, what), {having.compare, *number}};
}

void Translator::take_outputs(const SoqlQuery& soql, Query& query) {
  grouped_ = !soql.group_by.empty();
  int unnamed = 0;
  for (const SoqlField& field : soql.select) {
    if (field.child) {
      take_child(field);
      continue;
    }
    Shown shown;
    Output output = output_of(field, shown.what);
    grouped_ = grouped_ || output.aggregate != Aggregate::none;
    if (shown.what.column != nullptr) shown.column = *shown.what.column;
    const bool counts = output.aggregate == Aggregate::count || output.aggregate == Aggregate::count_distinct;
    if (counts || (!output.part.empty() && output.part != "date")) shown.column.type = FieldType::integer;
    if (output.part == "date") shown.column.type = FieldType::date;
    shown.name = field.alias;
    if (shown.name.empty() && field.function.empty() && !shown.what.names.empty()) shown.name = shown.what.names.back();
    if (shown.name.empty()) shown.name = fmt::format("expr{}", unnamed++);
    output.name = shown.name;
    query.outputs.push_back(std::move(output));
    shown_.push_back(std::move(shown));
  }
}

void Translator::take_child(const SoqlField& field) {
  SoqlQuery soql = *field.child;
  ChildQuery child;
  child.children = children_named(*object_, soql.from);
  if (child.children == nullptr || visible_object(world_, child.children->object) == nullptr)
    refuse("INVALID_TYPE", fmt::format("Didn't understand relationship '{}' in FROM part of query call.", soql.from),
           soql.from_at);
  soql.from = child.children->object;
  child.translator = std::make_shared<Translator>(world_, text_);
  child.query = child.translator->translate(soql);
  if (child.translator->is_grouped())
    refuse("MALFORMED_QUERY", "aggregate functions are not allowed in a nested query", soql.from_at);
  children_.push_back(std::move(child));
}

void Translator::check_groups(const Query& query) const {
  if (!grouped_) return;
  if (!children_.empty()) refuse("MALFORMED_QUERY", "nested queries are not allowed with aggregate functions", 0);
  for (std::size_t i = 0; i < query.outputs.size(); ++i) {
    const Output& output = query.outputs[i];
    if (output.aggregate == Aggregate::none && !is_grouped_by(query, output))
      refuse("MALFORMED_QUERY", fmt::format("Field must be grouped or aggregated: {}", output.field), 0);
  }
}

Query Translator::translate(const SoqlQuery& soql) {
  object_ = visible_object(world_, soql.from);
  if (object_ == nullptr)
    refuse("INVALID_TYPE",
           fmt::format("sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to "
                       "append the '__c' after the entity name. Please reference your WSDL or the describe call for "
                       "the appropriate names.",
                       soql.from),
           soql.from_at);
  if (soql.offset > kMostOffset)
    throw ApiError{
        400, "NUMBER_OUTSIDE_VALID_RANGE", fmt::format("Maximum SOQL offset allowed is {}", kMostOffset), {}};
  Query query;
  query.from = object_->is_stored() ? object_->kind() : Kind::account;
  take_outputs(soql, query);
  query.where = condition_of(soql.where);
  for (const SoqlField& group : soql.group_by) query.group_by.push_back(group_of(group));
  check_groups(query);
  take_having(soql.having, query);
  for (const SoqlOrder& order : soql.order_by) query.order_by.push_back(order_of(order, query));
  query.limit = soql.limit;
  query.offset = soql.offset;
  return query;
}

}  // namespace crmpulse::sandbox::salesforce
