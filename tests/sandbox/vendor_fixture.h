#pragma once
// A vendor API with a company of its own, asked without a server.

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::test {

struct Asked {
  explicit Asked(std::unique_ptr<sandbox::VendorApi> made) : api(std::move(made)) {}

  /// `target`: a path with its query, as it would be decoded.
  net::HttpResponse send(std::string method, const std::string& target, std::string body = {},
                         std::vector<std::pair<std::string, std::string>> headers = {}) {
    net::HttpRequest request;
    request.method = std::move(method);
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    std::string_view query = mark == std::string::npos ? std::string_view{} : std::string_view{target}.substr(mark + 1);
    while (!query.empty()) {
      const std::string_view pair = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(pair.size() + 1, query.size()));
      request.query.emplace(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
    }
    request.body = std::move(body);
    request.headers = headers.empty() ? login : std::move(headers);
    REQUIRE(api->owns(request));
    call = {};
    call.operation = api->operation(request);
    sandbox::World world{company, credentials, now, faults, "http://127.0.0.1:9470"};
    return api->answer(request, world, call);
  }
  boost::json::value json(std::string method, const std::string& target, std::string body = {}) {
    return boost::json::parse(send(std::move(method), target, std::move(body)).body);
  }
  /// Records of a kind for which this holds, by a plain loop.
  template <class Holds>
  std::size_t count(sandbox::Kind kind, const Holds& holds) const {
    std::size_t found = 0;
    for (const sandbox::RecordId id : company.of(kind)) {
      const sandbox::Record* record = company.find(id);
      if (!record->deleted && holds(*record)) ++found;
    }
    return found;
  }

  TimePoint now = parse_time("2026-11-21T09:00:00Z").value();
  sandbox::Company company{now};
  sandbox::Credentials credentials;
  std::vector<sandbox::FaultRule> faults;
  std::unique_ptr<sandbox::VendorApi> api;
  std::vector<std::pair<std::string, std::string>> login;
  sandbox::Call call;
};

inline bool is_null(const sandbox::Record& record, std::string_view name) {
  return std::holds_alternative<std::monostate>(sandbox::field(record, name));
}
inline bool is_true(const sandbox::Record& record, std::string_view name) {
  return sandbox::field(record, name) == sandbox::Value{true};
}

}  // namespace crmpulse::test
