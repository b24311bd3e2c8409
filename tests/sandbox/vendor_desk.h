#pragma once
// One vendor API over one company, asked without a server.

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {

class Desk {
 public:
  using Query = std::map<std::string, std::string, std::less<>>;

  explicit Desk(std::unique_ptr<VendorApi> made) : api(std::move(made)) {}

  net::HttpResponse ask(std::string method, std::string path, Query query = {}, std::string body = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.headers = headers;
    request.body = std::move(body);
    owned = api->owns(request);
    call = {};
    call.operation = api->operation(request);
    World world{company, credentials, now, faults, "http://127.0.0.1:9470"};
    return api->answer(request, world, call);
  }
  net::HttpResponse get(std::string path, Query query = {}) { return ask("GET", std::move(path), std::move(query)); }
  net::HttpResponse post(std::string path, std::string body) {
    return ask("POST", std::move(path), {}, std::move(body));
  }
  /// A token by a form, into the Authorization header.
  void log_in(const std::string& path, const std::string& form, const std::string& scheme = "Bearer") {
    headers.clear();
    const auto answer = boost::json::parse(post(path, form).body);
    headers = {{"Authorization", scheme + " " + std::string{answer.at("access_token").as_string()}}};
  }
  net::HttpResponse fault(std::string name, std::string operation = {}) {
    FaultRule rule;
    rule.fault = std::move(name);
    rule.operation = std::move(operation);
    World world{company, credentials, now, faults, "http://127.0.0.1:9470"};
    return api->fault_answer(rule, world);
  }
  void add_fault(std::string fault, std::string name = {}) {
    FaultRule rule;
    rule.fault = std::move(fault);
    rule.name = std::move(name);
    faults.push_back(std::move(rule));
  }
  template <class Fits>
  std::size_t count(Kind kind, Fits fits) const {
    std::size_t number = 0;
    for (const RecordId id : company.of(kind)) {
      const Record& record = *company.find(id);
      number += !record.deleted && fits(record) ? 1U : 0U;
    }
    return number;
  }

  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  Company company{now};
  Credentials credentials;
  std::vector<FaultRule> faults;
  std::vector<std::pair<std::string, std::string>> headers;
  std::unique_ptr<VendorApi> api;
  bool owned = false;
  Call call;
};

inline boost::json::value json(const net::HttpResponse& response) {
  INFO(response.status << " " << response.body);
  boost::json::error_code error;
  auto value = boost::json::parse(response.body, error);
  REQUIRE_FALSE(error);
  return value;
}

/// The member at a JSON pointer, as text; numbers and booleans too, `null`, and `-` when there is none.
inline std::string at(const boost::json::value& value, std::string_view pointer) {
  boost::json::error_code error;
  const auto* found = value.find_pointer(pointer, error);
  if (found == nullptr) return "-";
  return found->is_string() ? std::string{found->get_string()} : boost::json::serialize(*found);
}

inline std::string header(const net::HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace crmpulse::sandbox
