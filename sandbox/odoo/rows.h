#pragma once
// Rows of Odoo's models that are made from other records for the occasion: each function gives all of one model.

#include <array>
#include <string_view>

#include "sandbox/selfhosted/model.h"

namespace crmpulse::sandbox::selfhosted {

/// crm.stage: ids from 1 in this order; leads stand in the first. There is no stage for lost leads: they are archived.
inline constexpr std::array<std::string_view, 5> kOdooStages{"Prospecting", "Qualification", "Proposal", "Negotiation",
                                                             "Closed Won"};

[[nodiscard]] std::vector<Record> odoo_stages(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_logins(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_messages(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_activities(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_nothing(const Company& company, TimePoint now);  ///< nobody keeps a calendar
[[nodiscard]] std::vector<Record> odoo_orders(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_ratings(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_modules(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_model_names(const Company& company, TimePoint now);
[[nodiscard]] std::vector<Record> odoo_crons(const Company& company, TimePoint now);

}  // namespace crmpulse::sandbox::selfhosted
