#pragma once
// Odoo's RPC services: `common` (logins, version), `db` (databases) and `object` (the models), whatever protocol a call
// comes by.

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "sandbox/odoo/domain.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::selfhosted {

inline constexpr std::string_view kOdooDatabase = "sandbox";

struct ServiceCall {
  std::string service;
  std::string method;
  boost::json::array args;
};

/// The method of the model for `object`, else the service's.
[[nodiscard]] std::string called_method(const ServiceCall& call);
/// `operation`: what the call is for faults: while a fault revokes it, password and API key are refused.
[[nodiscard]] Understood<boost::json::value> answer_service(World& world, const ServiceCall& call,
                                                            std::string_view operation);

/// Is this the user's password, or an API key? Odoo takes either.
[[nodiscard]] bool knows_secret(const World& world, std::string_view secret, std::string_view operation);
[[nodiscard]] boost::json::value odoo_version();

}  // namespace crmpulse::sandbox::selfhosted
