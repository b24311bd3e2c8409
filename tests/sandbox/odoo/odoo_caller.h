#pragma once
// Odoo's API, called as its clients do.

#include <string>

#include "tests/sandbox/vendor_fixture.h"

namespace crmpulse::test {

struct Odoo : Asked {
  Odoo() : Asked(sandbox::make_odoo()) {}

  boost::json::value rpc(const std::string& service, const std::string& method, const std::string& args) {
    return json("POST", "/jsonrpc",
                R"({"jsonrpc":"2.0","method":"call","id":7,"params":{"service":")" + service + R"(","method":")" +
                    method + R"(","args":)" + args + "}}");
  }
  /// `rest`: `[args], {kwargs}`
  boost::json::value execute(const std::string& model, const std::string& method, const std::string& rest,
                             const std::string& password = "sandbox-client-secret") {
    return rpc("object", "execute_kw",
               R"(["sandbox",)" + std::to_string(company.api_user()) + ",\"" + password + "\",\"" + model + "\",\"" +
                   method + "\"," + rest + "]");
  }
  std::size_t count(const std::string& model, const std::string& domain, const std::string& more = "{}") {
    const auto told = execute(model, "search_count", "[" + domain + "]," + more);
    INFO(told);
    return told.at("result").to_number<std::size_t>();
  }
  std::string error(const boost::json::value& told) {
    return std::string{told.at_pointer("/error/data/name").as_string()};
  }
  using Asked::count;
};

}  // namespace crmpulse::test
