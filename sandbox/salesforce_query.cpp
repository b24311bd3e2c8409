// SOQL's names against Salesforce's objects, the answer in Salesforce's shape.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "sandbox/query.h"
#include "sandbox/salesforce_parts.h"
#include "sandbox/soql.h"

namespace crmpulse::sandbox::salesforce {
namespace {

constexpr std::size_t kMostOffset = 2000;
constexpr std::size_t kMostGroups = 2000;

/// A field path, understood.
struct Resolved {
  const Column* column = nullptr;
  std::string field;                      ///< canonical, from the queried object
  const Object* object = nullptr;         ///< the object the column belongs to
  std::vector<std::string> names;         ///< of the answer's members: Account, Owner, Name
  std::vector<const Column*> references;  ///< followed on the way
};

/// How one output stands in the answer.
struct Shown {
  Resolved what;
  std::string name;  ///< of an aggregate or a group's value
  Column column;     ///< for the value's form
};

struct Function {
  std::string_view name;
  Aggregate aggregate;
  std::string_view part;
};
constexpr std::array<Function, 12> kFunctions{{{"COUNT", Aggregate::count, ""},
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

/// Thrown inside the translator; a value outside.
using Refused = Refusal;

std::string_view part_for(const Column& column) {
  return column.type == Type::date ? "date" : "";
}

class Translator;

/// `(SELECT … FROM Tasks)`: asked once, told for each parent.
struct ChildQuery {
  const Children* children = nullptr;
  std::shared_ptr<Translator> translator;
  Query query;
};

class Translator {
 public:
  Translator(const World& world, const std::string& text) : world_(world), text_(text) {}

  Query translate(const SoqlQuery& soql);
  [[nodiscard]] const std::vector<Shown>& shown() const { return shown_; }
  [[nodiscard]] const Object& object() const { return *object_; }
  [[nodiscard]] bool is_grouped() const { return grouped_; }
  [[nodiscard]] const std::vector<ChildQuery>& children() const { return children_; }

 private:
  void take_child(const SoqlField& field);
  [[noreturn]] void refuse(std::string code, const std::string& message, std::size_t at) const;
  [[nodiscard]] Resolved resolve(const Object& object, std::string_view path, std::size_t at) const;
  [[nodiscard]] Output output_of(const SoqlField& field, Resolved& what) const;
  [[nodiscard]] Condition condition_of(const SoqlCondition& condition) const;
  [[nodiscard]] Condition comparison_of(const SoqlCondition& condition) const;
  [[nodiscard]] Condition range_condition(const Condition& base, const SoqlLiteral& literal) const;
  [[nodiscard]] Value value_of(const SoqlLiteral& literal, const Column& column, std::size_t at) const;
  void take_having(const SoqlCondition& having, Query& query) const;
  void take_outputs(const SoqlQuery& soql, Query& query);
  void check_groups(const Query& query) const;

  const World& world_;
  const std::string& text_;
  const Object* object_ = nullptr;
  std::vector<Shown> shown_;
  std::vector<ChildQuery> children_;
  bool grouped_ = false;
};

void Translator::refuse(std::string code, const std::string& message, std::size_t at) const {
  const std::size_t begin = at > 40 ? at - 40 : 0;
  const std::string line = text_.substr(begin, 80);
  throw Refused{
      400,
      std::move(code),
      fmt::format("\n{}\n{}^\nERROR at Row:1:Column:{}\n{}", line, std::string(at - begin, ' '), at + 1, message),
      {}};
}

Resolved Translator::resolve(const Object& object, std::string_view path, std::size_t at) const {
  Resolved out;
  const Object* here = &object;
  for (;;) {
    const Column* column = visible_column(world_, *here, path);
    if (column != nullptr) {
      out.column = column;
      out.object = here;
      out.field += column->field;
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
    if (here == &object && same_name(relationship, object.name)) {  // SELECT Account.Name FROM Account
      path.remove_prefix(dot + 1);
      continue;
    }
    const auto& columns = here->columns;
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& one) {
      return same_name(relationship_of(one), relationship) && object_named(one.target) != nullptr;
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
    out.field += std::string{found->field} + ".";
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
                                  [&field](const Function& one) { return one.name == field.function; });
  if (found == kFunctions.end())
    refuse("INVALID_FIELD", fmt::format("Unknown function '{}'", field.function), field.at);
  if (field.path.empty() && found->name != "COUNT") refuse("MALFORMED_QUERY", "unexpected token: ')'", field.at);
  out.aggregate = found->aggregate;
  out.part = found->part;
  return out;
}

Value Translator::value_of(const SoqlLiteral& literal, const Column& column, std::size_t at) const {
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
    case Type::id:
    case Type::reference: {
      if (literal.type != Literal::text) wrong("ID");
      const auto id = parse_id(std::get<std::string>(literal.value));
      if (!id)
        refuse("INVALID_QUERY_FILTER_OPERATOR",
               fmt::format("invalid ID field: {}", std::get<std::string>(literal.value)), at);
      return static_cast<double>(id->id);
    }
    case Type::boolean:
      if (literal.type != Literal::boolean) wrong("boolean");
      break;
    case Type::number:
    case Type::integer:
    case Type::currency:
      if (literal.type != Literal::number) wrong("double");
      break;
    case Type::date:
      if (literal.type != Literal::date) wrong("date");
      break;
    case Type::datetime:
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
  Condition out;
  out.kind = Condition::Kind::all;
  out.children = {bound(Compare::greater_equal, range.begin), bound(Compare::less, range.end)};
  if (base.compare != Compare::not_equal) return out;
  Condition none;
  none.kind = Condition::Kind::none;
  none.children = {std::move(out)};
  return none;
}

Condition Translator::comparison_of(const SoqlCondition& condition) const {
  Resolved what;
  const Output left = output_of(condition.field, what);
  if (left.aggregate != Aggregate::none || what.column == nullptr)
    refuse("MALFORMED_QUERY", "aggregate functions are not allowed in the WHERE clause", condition.field.at);
  const Column& column = *what.column;
  if (!column.filterable)
    refuse("INVALID_FIELD", fmt::format("field '{}' can not be filtered in a query call", column.name),
           condition.field.at);
  Condition out;
  out.kind = Condition::Kind::compare;
  out.field = left.field;
  out.part = left.part;
  out.compare = condition.compare;
  if (condition.subquery) {
    Translator inner{world_, text_};
    out.subquery = std::make_shared<Query>(inner.translate(*condition.subquery));
    if (inner.shown().size() != 1 || !inner.object().kind)
      refuse("MALFORMED_QUERY", "a semi join sub-select selects one field of an object", condition.field.at);
    return out;
  }
  const bool is_time = column.type == Type::date || column.type == Type::datetime;
  Column compared = column;
  if (!condition.field.function.empty()) compared.type = out.part == "date" ? Type::date : Type::number;
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
  const auto* number = having.values.size() == 1 ? std::get_if<double>(&having.values.front().value) : nullptr;
  if (having.kind != Condition::Kind::compare || number == nullptr || having.field.function.empty())
    throw Refused{
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
    if (counts || (!output.part.empty() && output.part != "date")) shown.column.type = Type::integer;
    if (output.part == "date") shown.column.type = Type::date;
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
    const bool is_group = std::any_of(query.group_by.begin(), query.group_by.end(), [&output](const Output& group) {
      return group.field == output.field && group.part == output.part;
    });
    if (output.aggregate == Aggregate::none && !is_group)
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
    throw Refused{400, "NUMBER_OUTSIDE_VALID_RANGE", fmt::format("Maximum SOQL offset allowed is {}", kMostOffset), {}};
  Query query;
  query.from = object_->kind.value_or(Kind::account);
  take_outputs(soql, query);
  query.where = condition_of(soql.where);
  for (const SoqlField& group : soql.group_by) {
    Resolved what;
    query.group_by.push_back(output_of(group, what));
  }
  check_groups(query);
  take_having(soql.having, query);
  for (const SoqlOrder& order : soql.order_by) {
    Resolved what;
    Order out;
    out.expression = output_of(order.field, what);
    out.descending = order.descending;
    out.nulls_last = order.nulls_last;
    query.order_by.push_back(std::move(out));
  }
  query.limit = soql.limit;
  query.offset = soql.offset;
  return query;
}

/// Rows to records: a value behind a reference stands in a nested record.
class Renderer {
 public:
  Renderer(const World& world, const Translator& translator, const std::string& version)
      : world_(world), translator_(translator), version_(version) {}

  [[nodiscard]] boost::json::object group(const Row& row) const {
    boost::json::object out{{"attributes", {{"type", "AggregateResult"}}}};
    const auto& shown = translator_.shown();
    for (std::size_t i = 0; i < shown.size(); ++i)
      out[shown[i].name] = to_json(world_.crm, row.values[i], shown[i].column, translator_.object());
    return out;
  }

  [[nodiscard]] boost::json::object record(const Row& row, const Record& source) const {
    boost::json::object out{{"attributes", attributes(translator_.object(), row.id)}};
    const auto& shown = translator_.shown();
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const Object* own = shown[i].what.object;
      boost::json::object* place = nested(out, shown[i].what, source);
      if (place == nullptr) continue;
      (*place)[shown[i].what.names.back()] = to_json(world_.crm, row.values[i], shown[i].column, *own);
    }
    return out;
  }

 private:
  [[nodiscard]] boost::json::object attributes(const Object& object, RecordId id) const {
    return {{"type", object.name}, {"url", record_url(version_, object, id_text(object.prefix, id))}};
  }

  /// Null: a reference on the way is null, and stands so in the answer.
  boost::json::object* nested(boost::json::object& out, const Resolved& what, const Record& source) const {
    boost::json::object* here = &out;
    std::string path;
    for (std::size_t i = 0; i + 1 < what.names.size(); ++i) {
      // A column with a dot in its own name (Who.Type) is under the reference of that name.
      const std::string_view step =
          i < what.references.size() ? what.references[i]->field : first_step(what.column->field);
      path += (path.empty() ? "" : ".") + std::string{step};
      const Value id = sandbox::resolve(world_.crm, source, path);
      const auto* number = std::get_if<double>(&id);
      const Record* target = number == nullptr ? nullptr : world_.crm.find(static_cast<RecordId>(*number));
      const bool leads_nowhere = std::holds_alternative<std::monostate>(id);
      if (target == nullptr && (leads_nowhere || i < what.references.size())) {
        here->emplace(what.names[i], nullptr);
        return nullptr;
      }
      auto& member = (*here)[what.names[i]];
      if (!member.is_object()) {
        const Object* object = target == nullptr ? nullptr : object_of(target->kind);
        member = boost::json::object{};
        if (object != nullptr) member.as_object()["attributes"] = attributes(*object, target->id);
      }
      here = &member.as_object();
    }
    return here;
  }
  static std::string_view first_step(std::string_view path) { return path.substr(0, path.find('.')); }

  const World& world_;
  const Translator& translator_;
  const std::string& version_;
};

std::vector<Record> with_deleted(const Crm& crm, Kind kind) {
  std::vector<Record> out;
  for (const RecordId id : crm.of(kind)) out.push_back(*crm.find(id));
  return out;
}

/// The records of `object`, by the parent they belong to.
std::map<RecordId, std::vector<Record>> by_parent(const World& world, const ChildQuery& child) {
  const Object& object = child.translator->object();
  const Column* link = column_named(object, child.children->link);
  std::map<RecordId, std::vector<Record>> out;
  for (Record& record : object.kind ? with_deleted(world.crm, *object.kind) : made_up_records(world, object)) {
    const Value parent = field(record, link->field);
    const auto* id = std::get_if<double>(&parent);
    if (id != nullptr && !record.deleted) out[static_cast<RecordId>(*id)].push_back(std::move(record));
  }
  return out;
}

/// Puts the children into the parents' records, which stand in the order of `ids`.
void add_children(const World& world, const ChildQuery& child, const std::string& version,
                  const std::vector<RecordId>& ids, boost::json::array& parents) {
  const auto groups = by_parent(world, child);
  const Renderer renderer{world, *child.translator, version};
  for (std::size_t i = 0; i < ids.size(); ++i) {
    boost::json::array records;
    if (const auto group = groups.find(ids[i]); group != groups.end()) {
      for (const Row& row : evaluate(world.crm, group->second, child.query, world.now).rows) {
        const auto source = std::find_if(group->second.begin(), group->second.end(),
                                         [&row](const Record& one) { return one.id == row.id; });
        records.emplace_back(renderer.record(row, *source));
      }
    }
    boost::json::value& place = parents[i].as_object()[child.children->name];
    if (records.empty()) continue;  // null
    const std::size_t count = records.size();
    place = {{"totalSize", count}, {"done", true}, {"records", std::move(records)}};
  }
}

Asked answer(const World& world, const SoqlQuery& soql, const std::string& text, const std::string& version,
             bool deleted_too) {
  Translator translator{world, text};
  const Query query = translator.translate(soql);
  const Object& object = translator.object();
  std::vector<Record> records;
  const bool stored = object.kind && !deleted_too;
  if (!stored) records = object.kind ? with_deleted(world.crm, *object.kind) : made_up_records(world, object);
  // Real queries see a record at once; here the search lag is theirs too, so that a write test can see it.
  Rows rows = stored ? evaluate(world.crm, query, world.now, true) : evaluate(world.crm, records, query, world.now);
  Asked out;
  if (soql.select.size() == 1 && soql.select[0].function == "COUNT" && soql.select[0].path.empty() &&
      soql.group_by.empty()) {
    const auto total = rows.rows.empty() ? 0.0 : std::get<double>(rows.rows[0].values[0]);
    out.total = std::min(static_cast<std::size_t>(total), soql.limit.value_or(static_cast<std::size_t>(total)));
    return out;
  }
  if (translator.is_grouped() && rows.rows.size() > kMostGroups) rows.rows.resize(kMostGroups);
  out.total = rows.rows.size();
  std::map<RecordId, const Record*> by_id;
  for (const Record& record : records) by_id[record.id] = &record;
  const Renderer renderer{world, translator, version};
  std::vector<RecordId> ids;
  for (const Row& row : rows.rows) {
    ids.push_back(row.id);
    if (translator.is_grouped())
      out.records.emplace_back(renderer.group(row));
    else
      out.records.emplace_back(renderer.record(row, stored ? *world.crm.find(row.id) : *by_id.at(row.id)));
  }
  for (const ChildQuery& child : translator.children()) add_children(world, child, version, ids, out.records);
  return out;
}

}  // namespace

Answer<Asked> ask(const World& world, const std::string& text, const std::string& version, bool deleted_too) {
  const auto soql = parse_soql(text);
  if (!soql) {
    const SoqlProblem problem = soql.error();
    return Refusal{
        400,
        "MALFORMED_QUERY",
        fmt::format("\n{}\n{}^\nERROR at Row:1:Column:{}\n{}", text.substr(0, 500),
                    std::string(std::min<std::size_t>(problem.at, 500), ' '), problem.at + 1, problem.message),
        {}};
  }
  try {
    return answer(world, soql.value(), text, version, deleted_too);
  } catch (const Refused& refused) {
    return refused;
  }
}

}  // namespace crmpulse::sandbox::salesforce
