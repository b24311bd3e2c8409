// Salesforce's REST API, login and status page over the company. What it answers is in sandbox/salesforce_*.cpp.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "sandbox/salesforce/api.h"
#include "sandbox/salesforce/login.h"

namespace crmpulse::sandbox {
namespace {

using namespace salesforce;

/// So that the status page can sit behind the same port as pages of other vendors.
constexpr std::string_view kStatusPrefix = "/_status/salesforce";

bool is_status(std::string_view path) {
  return path.starts_with(kStatusPrefix) || path.starts_with("/v1/instances") || path == "/v1/incidents/active";
}

/// `batchSize=500` of Sforce-Query-Options.
std::size_t batch_size(const net::HttpRequest& request) {
  const std::string_view header = request.header("sforce-query-options");
  const std::size_t place = header.find("batchSize=");
  return bounded(place == std::string_view::npos ? std::string_view{} : header.substr(place + 10), 2000, 200, 2000);
}

class Salesforce final : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "salesforce"; }

  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path.starts_with("/services/data") || Login::owns(request.path) || is_status(request.path);
  }

  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    if (is_status(request.path)) return "status";
    if (Login::owns(request.path)) return "token";
    const auto path = versioned(request.path);
    return path ? operation_of(method_of(request), path->rest) : "versions";
  }

  net::HttpResponse answer(const net::HttpRequest& request, World& world, sandbox::Call& call) override {
    if (is_status(request.path)) {
      std::string_view path = request.path;
      if (path.starts_with(kStatusPrefix)) path.remove_prefix(kStatusPrefix.size());
      return serve_status(world, path);
    }
    if (Login::owns(request.path)) return login_.answer(request, world);
    const auto path = versioned(request.path);
    if (!path && (request.path == "/services/data" || request.path == "/services/data/"))
      return response_of({200, versions(), {}});
    if (!path) return response_of(reply_of(not_found()));
    if (auto problem = problem_of_version(path->version)) return response_of(reply_of(*problem));
    if (!login_.admits(request, world.now))
      return response_of(reply_of({401, "INVALID_SESSION_ID", "Session expired or invalid", {}}));
    if (api_.usage().is_gone(world.now)) return with_usage(quota_gone(), world);
    call.counted = true;
    return with_usage(serve(request, *path, world), world);
  }

  net::HttpResponse fault_answer(const FaultRule& fault, World& world) override {
    return with_usage(response_of(reply_of(refusal_for(fault))), world, fault.fault == "quota_gone");
  }

  void revoke_tokens() override { login_.revoke_all(); }
  void set_daily_limit(std::uint64_t calls) override { api_.usage().set_limit(calls); }

 private:
  static std::string method_of(const net::HttpRequest& request) {
    const std::string other = query_value(request, "_HttpMethod");
    return other.empty() ? request.method : other;
  }

  static net::HttpResponse quota_gone() {
    return response_of(reply_of({403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}}));
  }

  static ApiError refusal_for(const FaultRule& fault) {
    if (fault.fault == "quota_gone") return {403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", {}};
    if (fault.fault == "rate_limited")
      return {403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", {}};
    if (fault.fault == "maintenance")
      return {503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable due to maintenance.", {}};
    if (fault.fault == "permission" && fault.name == "API_DISABLED_FOR_ORG")
      return {403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", {}};
    if (fault.fault == "permission")
      return {403,
              fault.name.empty() ? "INSUFFICIENT_ACCESS" : fault.name,
              "You do not have the level of access necessary to perform the operation you requested.",
              {}};
    return {fault.status == 0 ? 500 : fault.status,
            fault.name.empty() ? "UNKNOWN_EXCEPTION" : fault.name,
            "An unexpected error occurred. Please include this ErrorId if you contact support: 1234567890-12345 (-1)",
            {}};
  }

  net::HttpResponse serve(const net::HttpRequest& request, const VersionedPath& path, World& world) {
    ApiCall call;
    call.method = method_of(request);
    call.path = path.rest;
    call.version = path.version;
    call.query = request.query;
    call.batch_size = batch_size(request);
    call.allow_duplicates =
        request.header("sforce-duplicate-rule-header").find("allowSave=true") != std::string_view::npos;
    std::uint64_t cost = 1;
    Reply reply;
    auto body = request.body.empty() ? boost::json::value{} : parse_json(request.body);
    if (!body) {
      reply = reply_of({400, "JSON_PARSER_ERROR", "Unexpected character in the body of the request", {}});
    } else {
      call.body = std::move(*body);
      reply = api_.answer(world, call, cost);
    }
    api_.usage().add(world.now, cost);
    return response_of(std::move(reply));
  }

  net::HttpResponse with_usage(net::HttpResponse response, const World& world, bool gone = false) {
    const std::uint64_t limit = api_.usage().limit();
    const std::uint64_t used = gone ? limit : api_.usage().used(world.now);
    response.headers.emplace_back("Sforce-Limit-Info", fmt::format("api-usage={}/{}", used, limit));
    response.headers.emplace_back("X-SFDC-Request-Id", uuid_of(++answered_));
    return response;
  }

  Login login_;
  Api api_;
  std::uint64_t answered_ = 0;
};

}  // namespace

std::unique_ptr<VendorApi> make_salesforce() {
  return std::make_unique<Salesforce>();
}

}  // namespace crmpulse::sandbox
