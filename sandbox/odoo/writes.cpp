// What Odoo's models do to records: create, write, unlink.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "sandbox/odoo/model_call.h"
#include "sandbox/odoo/models.h"
#include "sandbox/odoo/rows.h"

namespace crmpulse::sandbox::selfhosted {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

Refusal validation_error(std::string_view model, std::string_view field, std::string_view why) {
  return odoo_error("odoo.exceptions.ValidationError",
                    fmt::format("The operation cannot be completed:\n- {}\nModel: {}\nField: {}", why, model, field));
}

}  // namespace

value ModelCall::create() const {
  if (!model_.is_stored()) throw no_access("create");
  const value values = argument("vals_list");
  if (values.is_object()) return created(values.get_object());
  if (!values.is_array()) throw value_error("create() needs values");
  for (const value& each : values.get_array())
    if (!each.is_object()) throw value_error("create() needs values");
  array made;
  for (const value& each : values.get_array()) made.push_back(created(each.get_object()));
  return made;
}

value ModelCall::write() const {
  if (!model_.is_stored()) throw no_access("write");
  const value values = argument("vals");
  if (!values.is_object()) throw value_error("write() needs values");
  for (const ModelRow& row : chosen())
    world_.company.update(row.id, canonical(values.get_object(), row.kind), world_.company.api_user(), world_.now);
  return true;
}

value ModelCall::unlink() const {
  if (!model_.is_stored()) throw no_access("unlink");
  for (const ModelRow& row : chosen()) world_.company.remove(row.id, world_.company.api_user(), world_.now);
  return true;
}

void ModelCall::check_value(const Field& known, const Value& written) const {
  const bool stage = known.target == "crm.stage";
  const bool no_stage = stage && !is_null(written) && (id_of(written) < 1 || id_of(written) > kOdooStages.size());
  const Mismatch mismatch = stage ? Mismatch::none : mismatch_of(Lookup{world_.company, world_.now}, known, written);
  if (mismatch == Mismatch::option)
    throw value_error(fmt::format("Wrong value for {}.{}: '{}'", model_.name, known.name, text_of(written)));
  if (no_stage || mismatch == Mismatch::reference)
    throw validation_error(model_.name, known.name, "Create/update: a record that is referred to does not exist.");
}

Fields ModelCall::canonical(const object& values, Kind kind) const {
  Fields fields;
  for (const auto& [name, json] : values) {
    const Field& known = own_field(name);
    const bool null = json.is_bool() && !json.get_bool() && known.type != FieldType::boolean;
    const auto parsed = null ? std::optional{Value{}} : value_from(known.type, json);
    if (!parsed) throw value_error(fmt::format("Wrong value for {}.{}", model_.name, std::string_view{name}));
    check_value(known, *parsed);
    odoo_write(world_.company, model_, known, *parsed, kind, fields);
  }
  return fields;
}

value ModelCall::created(const object& values) const {
  Kind kind = model_.kind();
  const value* type = values.if_contains("type");
  if (type != nullptr && *type == value("opportunity")) kind = Kind::opportunity;
  const value* company = values.if_contains("is_company");
  if (model_.name == "res.partner" && (company == nullptr || *company != value(true))) kind = Kind::contact;
  const value* name = values.if_contains("name");
  if (name == nullptr || *name == value("") || *name == value(false))
    throw validation_error(model_.name, "name", "Create/update: a mandatory field is not set.");
  return world_.company.create(kind, canonical(values, kind), world_.company.api_user(), world_.now);
}

}  // namespace crmpulse::sandbox::selfhosted
