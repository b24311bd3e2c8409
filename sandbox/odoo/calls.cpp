#include "sandbox/odoo/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text/ascii.h"
#include "sandbox/odoo/model_call.h"
#include "sandbox/odoo/models.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

const Object* model_named(std::string_view name) {
  for (const Object& each : odoo_models())
    if (each.name == name) return &each;
  return nullptr;
}

Value value_in(const ModelRow& row, const Field& each) {
  const auto found = row.fields.find(each.name);
  return found == row.fields.end() ? Value{} : found->second;
}

std::string trimmed(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  return std::string{text.substr(begin, text.find_last_not_of(' ') + 1 - begin)};
}

Refusal type_error(std::string message) {
  return odoo_error("builtins.TypeError", std::move(message));
}

/// A method and what it takes beside `self` and the context.
struct Method {
  std::string_view name;
  value (ModelCall::*run)() const;
  std::string_view parameters;
};
constexpr std::array kMethods{
    Method{"search", &ModelCall::search, "domain,offset,limit,order"},
    Method{"search_count", &ModelCall::search_count, "domain,limit"},
    Method{"search_read", &ModelCall::search_read, "domain,fields,offset,limit,order,load"},
    Method{"read", &ModelCall::read, "ids,fields,load"},
    Method{"read_group", &ModelCall::read_group, "domain,fields,groupby,offset,limit,orderby,lazy"},
    Method{"formatted_read_group", &ModelCall::formatted_read_group,
           "domain,groupby,aggregates,having,offset,limit,order"},
    Method{"name_get", &ModelCall::name_get, "ids"},
    Method{"name_search", &ModelCall::name_search, "name,args,operator,limit"},
    Method{"create", &ModelCall::create, "vals_list"},
    Method{"write", &ModelCall::write, "ids,vals"},
    Method{"unlink", &ModelCall::unlink, "ids"},
    Method{"fields_get", &ModelCall::fields_get, "allfields,attributes"},
    Method{"context_get", &ModelCall::context_get, ""},
    Method{"check_access_rights", &ModelCall::check_access_rights, "operation,raise_exception"},
    Method{"check", &ModelCall::check, "model,mode,raise_exception"},
};

/// Methods that one model has.
std::string_view only_model_of(std::string_view method) {
  if (method == "context_get") return "res.users";
  return method == "check" ? "ir.model.access" : "";
}

std::string_view type_name(const Field& field) {
  if (!field.options.empty()) return "selection";
  switch (field.type) {
    case FieldType::id: return "integer";
    case FieldType::number:
    case FieldType::currency: return "float";
    case FieldType::integer: return "integer";
    case FieldType::boolean: return "boolean";
    case FieldType::time: return "datetime";
    case FieldType::date: return "date";
    case FieldType::reference: return "many2one";
    case FieldType::long_text: return "text";
    default: return "char";
  }
}

object description_of(const Field& field) {
  object about{{"type", type_name(field)},
               {"string", std::string{field.name}},
               {"readonly", field.read != nullptr},
               {"required", field.name == "name"},
               {"store", field.stored},
               {"searchable", field.filterable},
               {"sortable", field.stored}};
  if (!field.target.empty()) about["relation"] = std::string{field.target};
  if (field.options.empty()) return about;
  array selection;
  for (const std::string_view option : field.options) selection.push_back(array{value(option), value(option)});
  about["selection"] = std::move(selection);
  return about;
}

}  // namespace

ModelCall::ModelCall(World& world, const OdooCall& call, const Object& model, std::vector<std::string> parameters)
    : world_(world),
      call_(call),
      model_(model),
      parameters_(std::move(parameters)),
      field_of_([this](std::string_view name) { return field(name); }) {
  if (call.args.size() > parameters_.size())
    throw type_error(fmt::format("{}.{}() takes {} positional arguments but {} were given", model.name, call.method,
                                 parameters_.size() + 1, call.args.size() + 1));
  for (const auto& member : call.kwargs) {
    const std::string name{member.key()};
    const auto place = std::find(parameters_.begin(), parameters_.end(), name);
    if (place == parameters_.end() && name != "context")
      throw type_error(fmt::format("{}.{}() got an unexpected keyword argument '{}'", model.name, call.method, name));
    if (place != parameters_.end() && std::distance(parameters_.begin(), place) < std::ssize(call.args))
      throw type_error(fmt::format("{}.{}() got multiple values for argument '{}'", model.name, call.method, name));
  }
}

value ModelCall::search() const {
  array ids;
  for (const ModelRow& row : found()) ids.emplace_back(row.id);
  return ids;
}

value ModelCall::search_count() const {
  const std::size_t count = matching(argument("domain")).size();
  return std::min(count, bound("limit").value_or(count));
}

value ModelCall::search_read() const {
  return told(found());
}

value ModelCall::read() const {
  return told(chosen());
}

value ModelCall::read_group() const {
  const auto rows = matching(argument("domain"));
  const GroupQuery query{argument("fields"), argument("groupby"), bound("offset"),
                         bound("limit"),     argument("orderby"), argument("lazy")};
  return grouped(rows, model_, field_of_, query, names());
}

/// Its successor from 18.2 on: sums are named `FIELD:sum`, what counts the group must be asked for.
value ModelCall::formatted_read_group() const {
  const value having = argument("having");
  if (!having.is_null() && having != value(array{})) throw value_error("the sandbox knows no having");
  const auto rows = matching(argument("domain"));
  const value wanted = argument("aggregates");
  if (!wanted.is_null() && !wanted.is_array()) throw type_error("aggregates is a list");
  array sums;
  std::vector<std::string> written;
  bool counted = false;
  for (const value& each : wanted.is_array() ? wanted.get_array() : array{}) {
    if (!each.is_string()) throw value_error("aggregates are texts");
    const std::string name{each.get_string()};
    counted = counted || name == "__count";
    if (name == "__count") continue;
    if (name.find(':') == std::string::npos) throw value_error("Invalid aggregate specification '" + name + "'");
    written.push_back(name);
    sums.emplace_back(name);
  }
  const GroupQuery query{value(sums),    argument("groupby"), bound("offset"),
                         bound("limit"), argument("order"),   value(false)};
  value groups = grouped(rows, model_, field_of_, query, names());
  for (value& group : groups.get_array()) {
    object& members = group.get_object();
    if (!counted) members.erase("__count");
    for (const std::string& name : written) {
      const auto found = members.find(name.substr(0, name.find(':')));
      if (found == members.end()) continue;
      value sum = found->value();
      members.erase(found);
      members[name] = std::move(sum);
    }
  }
  return groups;
}

value ModelCall::name_get() const {
  return named(chosen());
}

value ModelCall::name_search() const {
  const value name = argument("name");
  const value how = argument("operator");
  array domain;
  if (const value more = argument("args"); more.is_array()) domain = more.get_array();
  if (name.is_string() && !name.get_string().empty())
    domain.push_back(array{value("name"), how.is_null() ? value("ilike") : how, name});
  auto rows = matching(domain);
  const std::size_t most = bound("limit").value_or(100);
  if (rows.size() > most) rows.resize(most);
  return named(rows);
}

value ModelCall::fields_get() const {
  const value names = argument("allfields");
  const value attributes = argument("attributes");
  const auto wants = [](const value& list, std::string_view name) {
    if (!list.is_array() || list.get_array().empty()) return true;
    return std::find(list.get_array().begin(), list.get_array().end(), value(name)) != list.get_array().end();
  };
  object told;
  for (const Field& each : model_.fields) {
    if (each.name.find('/') != std::string_view::npos || field(each.name) == nullptr || !wants(names, each.name))
      continue;
    object about = description_of(each);
    object shown;
    for (const auto& [attribute, what] : about)
      if (wants(attributes, attribute)) shown[attribute] = what;
    told[std::string{each.name}] = std::move(shown);
  }
  return told;
}

value ModelCall::context_get() const {
  return object{{"lang", "en_US"}, {"tz", "UTC"}, {"uid", world_.company.api_user()}};
}

bool ModelCall::allows(const std::string& operation) const {
  static constexpr std::array<std::string_view, 4> kOperations{"read", "write", "create", "unlink"};
  if (std::find(kOperations.begin(), kOperations.end(), operation) == kOperations.end())
    throw odoo_error("builtins.AssertionError", "Invalid access mode");
  return operation == "read" || model_.is_stored();
}

value ModelCall::check_access_rights() const {
  const value operation = argument("operation");
  if (!operation.is_string()) throw type_error("check_access_rights() misses the argument 'operation'");
  const std::string doing{operation.get_string()};
  if (allows(doing)) return true;
  if (argument("raise_exception") != value(false)) throw no_access(doing);
  return false;
}

/// ir.model.access: the same, of the model that is named.
value ModelCall::check() const {
  const value name = argument("model");
  const Object* model = name.is_string() ? model_named(name.get_string()) : nullptr;
  if (model == nullptr) throw value_error("Unknown model");
  const value mode = argument("mode");
  OdooCall call{std::string{model->name}, "check_access_rights", {}, {}};
  call.args = {mode.is_null() ? value("read") : mode};
  if (const value raise = argument("raise_exception"); !raise.is_null()) call.args.push_back(raise);
  return ModelCall{world_, call, *model, {"operation", "raise_exception"}}.check_access_rights();
}

const Field* ModelCall::field(std::string_view name) const {
  const bool missing = odoo_field(world_.missing("")) == odoo_field(model_.name) + "/" + std::string{name};
  return missing ? nullptr : model_.find(name);
}

const Field& ModelCall::own_field(std::string_view name) const {
  const Field* known = name.find('/') == std::string_view::npos ? field(name) : nullptr;
  if (known == nullptr) throw value_error(fmt::format("Invalid field '{}' on model '{}'", name, model_.name));
  return *known;
}

value ModelCall::argument(std::string_view name) const {
  if (const auto found = call_.kwargs.find(name); found != call_.kwargs.end()) return found->value();
  const auto place = std::find(parameters_.begin(), parameters_.end(), name);
  const auto at = static_cast<std::size_t>(std::distance(parameters_.begin(), place));
  return at < call_.args.size() ? call_.args[at] : value();
}

/// None and False mean: without a bound.
std::optional<std::size_t> ModelCall::bound(std::string_view name) const {
  const value given = argument(name);
  if (given.is_null() || given == value(false)) return std::nullopt;
  if (!given.is_int64()) throw type_error(fmt::format("{} is a whole number", name));
  if (given.get_int64() < 0)
    throw odoo_error("psycopg2.errors.InvalidRowCountInLimitClause",
                     fmt::format("{} must not be negative", ascii::upper(name)));
  return static_cast<std::size_t>(given.get_int64());
}

std::vector<RecordId> ModelCall::ids() const {
  const value given = argument("ids");
  std::vector<RecordId> list;
  for (const value& each : given.is_array() ? given.get_array() : array{given}) {
    if (!each.is_int64() || each.get_int64() < 0)
      throw type_error(fmt::format("{}.{}() wants a list of ids", model_.name, call_.method));
    list.push_back(static_cast<RecordId>(each.get_int64()));
  }
  return list;
}

std::vector<ModelRow> ModelCall::chosen() const {
  std::vector<ModelRow> rows;
  for (const RecordId id : ids()) {
    auto row = selfhosted::read(world_.company, model_, id, world_.now);
    if (!row) throw missing(id);
    rows.push_back(std::move(*row));
  }
  return rows;
}

Refusal ModelCall::missing(RecordId id) const {
  return odoo_error("odoo.exceptions.MissingError",
                    fmt::format("Record does not exist or has been deleted.\n(Record: {}({},), User: {})", model_.name,
                                id, world_.company.api_user()));
}

Refusal ModelCall::no_access(std::string_view doing) const {
  return odoo_error("odoo.exceptions.AccessError",
                    fmt::format("You are not allowed to {} '{}' records.", doing, model_.name));
}

bool ModelCall::active_test() const {
  const auto context = call_.kwargs.find("context");
  if (context == call_.kwargs.end()) return true;
  const auto* members = context->value().if_object();
  const value* wish = members != nullptr ? members->if_contains("active_test") : nullptr;
  return wish == nullptr || *wish != value(false);
}

std::vector<ModelRow> ModelCall::matching(const value& domain) const {
  return select(world_.company, model_, parse_domain(domain, model_, field_of_, active_test()), world_.now);
}

/// `write_date desc, id`
ModelCall::Order ModelCall::order() const {
  Order by;
  const value given = argument("order");
  if (given.is_null() || given == value(false)) return by;
  if (!given.is_string()) throw type_error("order is a text");
  for (const std::string& term : comma_list(given.get_string())) {
    const std::string name = term.substr(0, term.find(' '));
    const std::string direction = ascii::lower(trimmed(std::string_view{term}.substr(name.size())));
    if (!direction.empty() && direction != "asc" && direction != "desc")
      throw odoo_error("odoo.exceptions.UserError",
                       fmt::format("Invalid \"order\" specified ({}). A valid \"order\" specification is a "
                                   "comma-separated list of valid field names (optionally followed by asc/desc for "
                                   "the direction)",
                                   std::string_view{given.get_string()}));
    if (!own_field(name).stored)
      throw value_error(fmt::format("Cannot convert {}.{} to SQL because it is not stored", model_.name, name));
    by.emplace_back(name, direction == "desc");
  }
  return by;
}

std::vector<ModelRow> ModelCall::found() const {
  auto rows = matching(argument("domain"));
  sort_rows(rows, order(), true);
  const std::size_t offset = std::min(bound("offset").value_or(0), rows.size());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(offset));
  const std::size_t limit = bound("limit").value_or(0);  // 0: without a limit
  if (limit > 0 && rows.size() > limit) rows.resize(limit);
  return rows;
}

NameOf ModelCall::names() const {
  return [this](const Field& each, RecordId id) { return odoo_name_of(world_.company, model_named(each.target), id); };
}

std::vector<const Field*> ModelCall::own_fields() const {
  std::vector<const Field*> fields;
  for (const Field& each : model_.fields)
    if (each.name.find('/') == std::string_view::npos && field(each.name) != nullptr) fields.push_back(&each);
  return fields;
}

value ModelCall::told(const std::vector<ModelRow>& rows) const {
  const value wanted = argument("fields");
  std::vector<const Field*> fields;
  if (wanted.is_array() && !wanted.get_array().empty()) {
    for (const value& each : wanted.get_array())
      fields.push_back(&own_field(each.is_string() ? std::string_view{each.get_string()} : std::string_view{}));
  } else {
    fields = own_fields();
  }
  const value load = argument("load");
  const bool with_names = load.is_null() || load == value("_classic_read");
  array out;
  for (const ModelRow& row : rows) {
    object one{{"id", row.id}};
    for (const Field* each : fields) {
      if (each->type == FieldType::id) continue;
      value shown = odoo_value(*each, value_in(row, *each), names());
      if (!with_names && each->type == FieldType::reference && shown.is_array())
        shown = value(shown.get_array().front());
      one[std::string{each->name}] = std::move(shown);
    }
    out.push_back(std::move(one));
  }
  return out;
}

value ModelCall::named(const std::vector<ModelRow>& rows) const {
  array out;
  for (const ModelRow& row : rows) {
    const auto name = row.fields.find("name");
    const std::string shown = name != row.fields.end() ? text_of(name->second) : std::string{};
    out.push_back(array{row.id, shown.empty() ? fmt::format("{},{}", model_.name, row.id) : shown});
  }
  return out;
}

Understood<value> execute(World& world, const OdooCall& call) {
  const Object* model = model_named(call.model);
  if (model == nullptr) return odoo_error("odoo.exceptions.UserError", "Object " + call.model + " doesn't exist");
  const auto method =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& each) { return each.name == call.method; });
  const std::string_view only = only_model_of(call.method);
  if (method == kMethods.end() || (!only.empty() && only != model->name))
    return odoo_error("builtins.AttributeError", "The method '" + call.model + "." + call.method + "' does not exist");
  return understood([&] { return (ModelCall{world, call, *model, comma_list(method->parameters)}.*method->run)(); });
}

}  // namespace crmpulse::sandbox::selfhosted
