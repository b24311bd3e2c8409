#pragma once
// What execute_kw does: the methods of Odoo's models that clients call.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "sandbox/odoo/domain.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::selfhosted {

struct OdooCall {
  std::string model;
  std::string method;
  boost::json::array args;
  boost::json::object kwargs;
};

[[nodiscard]] Understood<boost::json::value> execute(World& world, const OdooCall& call);

}  // namespace crmpulse::sandbox::selfhosted
