#pragma once
// Odoo's models over the company: names and meanings as of Odoo 17 with the applications CRM, Sales, Contacts and
// Helpdesk.

#include <span>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

[[nodiscard]] std::span<const Object> odoo_models();
/// The name a many2one shows beside the id.
[[nodiscard]] std::string odoo_name_of(const Company& company, const Object* target, RecordId id);
/// How a value written to this field is stored: Odoo's field names and stage ids become canonical fields.
void odoo_write(const Company& company, const Object& model, const Field& field, const Value& value, Kind kind,
                Fields& fields);

}  // namespace crmpulse::sandbox::selfhosted
