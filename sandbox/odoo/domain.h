#pragma once
// Odoo's domains: lists in prefix notation, `["|", ["email_from", "=", false], ["phone", "ilike", "555"]]`.

#include <boost/json/value.hpp>
#include <functional>

#include "sandbox/expression/refusal.h"
#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

/// Returns a field of the model the domain is for, null if there is none (an administrator may have removed it).
using FieldOf = std::function<const Field*(std::string_view)>;

/// An exception as Odoo tells it in `error.data`: its class (odoo.exceptions.AccessError, …) is the refusal's name.
[[nodiscard]] Refusal odoo_error(std::string name, std::string message);
[[nodiscard]] Refusal value_error(std::string message);

/// Reads a condition on the model's rows. `active_test`: archived rows are left out unless the domain speaks of
/// `active`.
[[nodiscard]] Condition parse_domain(const boost::json::value& domain, const Object& model, const FieldOf& field_of,
                                     bool active_test);

/// A field's name as the models have it: `stage_id.is_won` is `stage_id/is_won`.
[[nodiscard]] std::string odoo_field(std::string_view written);

}  // namespace crmpulse::sandbox::selfhosted
