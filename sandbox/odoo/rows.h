#pragma once
// Rows of Odoo's models that are made from other records for the occasion: each function gives all of one model.

#include <array>
#include <string_view>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

/// crm.stage: ids from 1 in this order; leads stand in the first. There is no stage for lost leads: they are archived.
inline constexpr std::array<std::string_view, 5> kOdooStages{"Prospecting", "Qualification", "Proposal", "Negotiation",
                                                             "Closed Won"};

[[nodiscard]] std::vector<Record> odoo_stages(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_logins(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_messages(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_activities(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_events(const Crm& crm, TimePoint now);  ///< nobody keeps a calendar
[[nodiscard]] std::vector<Record> odoo_orders(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_ratings(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_modules(const Crm& crm, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_crons(const Crm& crm, TimePoint now);

}  // namespace crmpulse::sandbox::selfhosted
