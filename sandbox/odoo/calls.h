#pragma once
// What execute_kw does: the methods of Odoo's models that clients call.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "core/failure/error.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::selfhosted {

/// An exception as Odoo tells it in `error.data`.
struct OdooError {
  std::string name;  ///< odoo.exceptions.AccessError, builtins.ValueError, …
  std::string message;
};
template <class T>
using OdooResult = boost::system::result<T, OdooError>;
[[noreturn]] inline void throw_exception_from_error(const OdooError& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

struct OdooCall {
  std::string model;
  std::string method;
  boost::json::array args;
  boost::json::object kwargs;
};

[[nodiscard]] OdooResult<boost::json::value> execute(World& world, const OdooCall& call);

}  // namespace crmpulse::sandbox::selfhosted
