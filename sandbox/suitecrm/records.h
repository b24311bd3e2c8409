#pragma once
// What SuiteCRM's V8 API does with the records of one module, as JSON:API.

#include <boost/json/object.hpp>
#include <string>

#include "sandbox/expression/refusal.h"
#include "sandbox/suitecrm/modules.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::selfhosted {

[[nodiscard]] net::HttpResponse suitecrm_answer(int status, boost::json::object body);
[[nodiscard]] net::HttpResponse suitecrm_failure(int status, const std::string& detail);

/// One call's view of a module. What is wrong with a call is thrown as a Refusal.
class SuiteModule {
 public:
  SuiteModule(World& world, const Object& model) : world_(world), model_(model) {}
  /// `filter[…]`, `sort`, `page[…]`, `fields[…]`
  [[nodiscard]] net::HttpResponse list(const net::HttpRequest& request) const;
  [[nodiscard]] net::HttpResponse one(const net::HttpRequest& request, const std::string& id) const;
  [[nodiscard]] net::HttpResponse create(const boost::json::object& attributes) const;
  [[nodiscard]] net::HttpResponse update(const std::string& id, const boost::json::object& attributes) const;
  [[nodiscard]] net::HttpResponse remove(const std::string& id) const;
  [[nodiscard]] net::HttpResponse fields_told() const;

 private:
  using Wanted = std::vector<const Field*>;
  [[nodiscard]] const Field* field(std::string_view name) const;
  [[nodiscard]] Refusal not_found(const std::string& id) const;
  [[nodiscard]] Wanted everything() const;
  [[nodiscard]] Wanted wanted(const net::HttpRequest& request) const;
  [[nodiscard]] Condition filter(const net::HttpRequest& request) const;
  [[nodiscard]] Condition comparison(const std::string& name, const std::string& op, const std::string& given) const;
  [[nodiscard]] net::HttpResponse page(const net::HttpRequest& request, std::vector<ModelRow> rows) const;
  [[nodiscard]] boost::json::object resource(const ModelRow& row, const Wanted& fields) const;
  [[nodiscard]] Fields canonical(const boost::json::object& attributes) const;

  World& world_;
  const Object& model_;
};

}  // namespace crmpulse::sandbox::selfhosted
