#include "sandbox/odoo/calls.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "core/text/ascii.h"
#include "sandbox/odoo/domain.h"
#include "sandbox/odoo/groups.h"
#include "sandbox/odoo/models.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// One call of one model.
class Execution {
 public:
  Execution(World& world, const OdooCall& call, const Object& model)
      : world_(world), call_(call), model_(model), field_of_([this](std::string_view name) { return field(name); }) {}

  value search() const {
    auto rows = found();
    array ids;
    for (const ModelRow& row : rows) ids.emplace_back(row.id);
    return value(std::move(ids));
  }

  value search_count() const {
    const auto rows = matching();
    const value limit = argument(1, "limit");
    const bool cut = limit.is_int64() && limit.get_int64() > 0 && std::ssize(rows) > limit.get_int64();
    return cut ? limit : value(rows.size());
  }

  value search_read() const {
    const auto rows = found();
    return told(rows, argument(1, "fields"));
  }

  value read() const {
    std::vector<ModelRow> rows;
    for (const RecordId id : ids()) {
      auto row = selfhosted::read(world_.company, model_, id, world_.now);
      if (!row) throw missing(id);
      rows.push_back(std::move(*row));
    }
    return told(rows, argument(1, "fields"));
  }

  value read_group() const {
    const auto rows = matching();
    const GroupQuery query{argument(1, "fields"), argument(2, "groupby"), argument(3, "offset"),
                           argument(4, "limit"),  argument(5, "orderby"), argument(6, "lazy")};
    const auto name_of = [this](const Field& each, RecordId id) {
      return odoo_name_of(world_.company, model_named(each.target), id);
    };
    return grouped(rows, model_, field_of_, query, name_of);
  }

  /// Its successor from 18.2 on: sums are named `FIELD:sum`, what counts the group must be asked for.
  value formatted_read_group() const {
    const auto rows = matching();
    const value wanted = argument(2, "aggregates");
    array sums;
    std::vector<std::string> names;
    bool counted = false;
    for (const value& each : wanted.is_array() ? wanted.get_array() : array{}) {
      if (!each.is_string()) throw value_error("aggregates are texts");
      const std::string name{each.get_string()};
      counted = counted || name == "__count";
      if (name == "__count") continue;
      names.push_back(name);
      sums.emplace_back(name);
    }
    const GroupQuery query{value(sums),          argument(1, "groupby"), argument(4, "offset"),
                           argument(5, "limit"), argument(6, "order"),   value(false)};
    const auto name_of = [this](const Field& each, RecordId id) {
      return odoo_name_of(world_.company, model_named(each.target), id);
    };
    value groups = grouped(rows, model_, field_of_, query, name_of);
    for (value& group : groups.get_array()) {
      object& members = group.get_object();
      if (!counted) members.erase("__count");
      for (const std::string& name : names) {
        const std::string field = name.substr(0, name.find(':'));
        if (const auto found = members.find(field); found != members.end() && field != name) {
          value sum = found->value();
          members.erase(field);
          members[name] = std::move(sum);
        }
      }
    }
    return groups;
  }

  value context_get() const {
    if (model_.name != "res.users")
      throw odoo_error("builtins.AttributeError",
                       "The method '" + std::string{model_.name} + ".context_get' does not exist");
    return value(object{{"lang", "en_US"}, {"tz", "UTC"}, {"uid", world_.company.api_user()}});
  }

  value create() const {
    const value values = argument(0, "vals_list");
    if (values.is_object()) return created(values.get_object());
    if (!values.is_array()) throw value_error("create() needs values");
    array made;
    for (const value& each : values.get_array()) {
      if (!each.is_object()) throw value_error("create() needs values");
      made.push_back(created(each.get_object()));
    }
    return value(std::move(made));
  }

  value write() const {
    const value values = argument(1, "vals");
    if (!values.is_object()) throw value_error("write() needs values");
    for (const RecordId id : ids()) {
      const Record* record = world_.company.find(id);
      if (record == nullptr || !selfhosted::read(world_.company, model_, id, world_.now)) throw missing(id);
      world_.company.update(id, canonical(values.get_object(), record->kind), world_.company.api_user(), world_.now);
    }
    return value(true);
  }

  value unlink() const {
    for (const RecordId id : ids()) {
      if (!selfhosted::read(world_.company, model_, id, world_.now)) throw missing(id);
      world_.company.remove(id, world_.company.api_user(), world_.now);
    }
    return value(true);
  }

  value fields_get() const {
    static constexpr std::array kTypes{"integer", "char", "float", "boolean", "datetime", "date", "many2one"};
    object told;
    for (const Field& each : model_.fields) {
      if (each.name.find('/') != std::string_view::npos || field(each.name) == nullptr) continue;
      object about{{"type", kTypes.at(static_cast<std::size_t>(each.type))},
                   {"string", std::string{each.name}},
                   {"readonly", each.read != nullptr},
                   {"required", each.name == "name"}};
      if (!each.target.empty()) about["relation"] = std::string{each.target};
      told[std::string{each.name}] = std::move(about);
    }
    return value(std::move(told));
  }

 private:
  static const Object* model_named(std::string_view name) {
    for (const Object& each : odoo_models())
      if (each.name == name) return &each;
    return nullptr;
  }

  const Field* field(std::string_view name) const {
    const bool missing = odoo_field(world_.missing("")) == odoo_field(model_.name) + "/" + std::string{name};
    return missing ? nullptr : model_.find(name);
  }

  value argument(std::size_t place, std::string_view name) const {
    if (const auto found = call_.kwargs.find(name); found != call_.kwargs.end()) return found->value();
    return place < call_.args.size() ? call_.args[place] : value();
  }

  std::vector<RecordId> ids() const {
    const value given = argument(0, "ids");
    std::vector<RecordId> list;
    for (const value& each : given.is_array() ? given.get_array() : array{given})
      if (each.is_int64()) list.push_back(static_cast<RecordId>(each.get_int64()));
    return list;
  }

  Refusal missing(RecordId id) const {
    return odoo_error("odoo.exceptions.MissingError",
                      "Record does not exist or has been deleted.\n(Record: " + std::string{model_.name} + "(" +
                          std::to_string(id) + ",), User: " + std::to_string(world_.company.api_user()) + ")");
  }

  std::vector<ModelRow> matching() const {
    bool active_test = true;
    if (const auto context = call_.kwargs.find("context"); context != call_.kwargs.end()) {
      const value* wish =
          context->value().is_object() ? context->value().get_object().if_contains("active_test") : nullptr;
      active_test = wish == nullptr || *wish != value(false);
    }
    const Condition where = parse_domain(argument(0, "domain"), model_, field_of_, active_test);
    return select(world_.company, model_, where, world_.now);
  }

  /// Ordered and cut. search and search_read have these arguments in different places.
  std::vector<ModelRow> found() const {
    auto rows = matching();
    const std::size_t first = call_.method == "search" ? 1 : 2;
    const value order = argument(first + 2, "order");
    std::vector<std::pair<std::string, bool>> by;
    std::string_view left = order.is_string() ? std::string_view{order.get_string()} : std::string_view{};
    while (!left.empty()) {
      std::string_view term = left.substr(0, left.find(','));
      left.remove_prefix(std::min(term.size() + 1, left.size()));
      while (term.starts_with(' ')) term.remove_prefix(1);
      const std::string name{term.substr(0, term.find(' '))};
      if (field(name) == nullptr)
        throw value_error("Invalid field '" + name + "' on model '" + std::string{model_.name} + "'");
      const std::string rest = ascii::lower(term.substr(name.size()));
      by.emplace_back(name, rest.find("desc") != std::string::npos);
    }
    sort_rows(rows, by, true);
    const value offset = argument(first, "offset");
    const value limit = argument(first + 1, "limit");
    if (offset.is_int64() && offset.get_int64() > 0)
      rows.erase(rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(offset.get_int64(), std::ssize(rows)));
    if (limit.is_int64() && limit.get_int64() > 0 && rows.size() > static_cast<std::size_t>(limit.get_int64()))
      rows.resize(static_cast<std::size_t>(limit.get_int64()));
    return rows;
  }

  value told(const std::vector<ModelRow>& rows, const value& wanted) const {
    std::vector<const Field*> fields;
    if (wanted.is_array() && !wanted.get_array().empty()) {
      for (const value& each : wanted.get_array()) {
        const std::string name{each.is_string() ? std::string_view{each.get_string()} : std::string_view{}};
        const Field* known = field(name);
        if (known == nullptr)
          throw value_error("Invalid field '" + name + "' on model '" + std::string{model_.name} + "'");
        fields.push_back(known);
      }
    } else {
      for (const Field& each : model_.fields)
        if (each.name.find('/') == std::string_view::npos && field(each.name) != nullptr) fields.push_back(&each);
    }
    array out;
    for (const ModelRow& row : rows) {
      object one{{"id", row.id}};
      for (const Field* each : fields) {
        if (each->type == FieldType::id) continue;
        one[std::string{each->name}] = odoo_value(
            *each, selfhosted_field(row, *each),
            [this](const Field& f, RecordId id) { return odoo_name_of(world_.company, model_named(f.target), id); });
      }
      out.push_back(std::move(one));
    }
    return value(std::move(out));
  }

  static Value selfhosted_field(const ModelRow& row, const Field& each) {
    const auto found = row.fields.find(each.name);
    return found == row.fields.end() ? Value{} : found->second;
  }

  Fields canonical(const object& values, Kind kind) const {
    Fields fields;
    for (const auto& [name, json] : values) {
      const Field* known = field(name);
      if (known == nullptr) {
        throw value_error("Invalid field '" + std::string{name} + "' on model '" + std::string{model_.name} + "'");
      }
      const bool null = json.is_bool() && !json.get_bool() && known->type != FieldType::boolean;
      const auto parsed = null ? std::optional{Value{}} : value_from(known->type, json);
      if (!parsed) throw value_error("Wrong value for " + std::string{model_.name} + "." + std::string{name});
      odoo_write(world_.company, model_, *known, *parsed, kind, fields);
    }
    return fields;
  }

  value created(const object& values) const {
    if (!model_.is_stored()) {
      throw odoo_error("odoo.exceptions.AccessError",
                       "You are not allowed to create '" + std::string{model_.name} + "' records.");
    }
    Kind kind = model_.kind();
    const value* type = values.if_contains("type");
    if (type != nullptr && *type == value("opportunity")) kind = Kind::opportunity;
    const value* company = values.if_contains("is_company");
    if (model_.name == "res.partner" && (company == nullptr || *company != value(true))) kind = Kind::contact;
    if (values.if_contains("name") == nullptr) {
      throw odoo_error("odoo.exceptions.ValidationError",
                       "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\nModel: " +
                           std::string{model_.name} + "\nField: name");
    }
    return value(world_.company.create(kind, canonical(values, kind), world_.company.api_user(), world_.now));
  }

  World& world_;
  const OdooCall& call_;
  const Object& model_;
  FieldOf field_of_;
};

struct Method {
  std::string_view name;
  value (Execution::*run)() const;
};
constexpr std::array kMethods{
    Method{"search", &Execution::search},
    Method{"search_count", &Execution::search_count},
    Method{"search_read", &Execution::search_read},
    Method{"read", &Execution::read},
    Method{"read_group", &Execution::read_group},
    Method{"create", &Execution::create},
    Method{"write", &Execution::write},
    Method{"unlink", &Execution::unlink},
    Method{"formatted_read_group", &Execution::formatted_read_group},
    Method{"fields_get", &Execution::fields_get},
    Method{"context_get", &Execution::context_get},
};

}  // namespace

Understood<value> execute(World& world, const OdooCall& call) {
  const auto models = odoo_models();
  const auto model =
      std::find_if(models.begin(), models.end(), [&](const Object& each) { return each.name == call.model; });
  if (model == models.end()) return odoo_error("odoo.exceptions.UserError", "Object " + call.model + " doesn't exist");
  const auto method =
      std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& each) { return each.name == call.method; });
  if (method == kMethods.end())
    return odoo_error("builtins.AttributeError", "The method '" + call.model + "." + call.method + "' does not exist");
  const Execution execution{world, call, *model};
  return understood([&] { return (execution.*method->run)(); });
}

}  // namespace crmpulse::sandbox::selfhosted
