// Dynamics 365: Microsoft's token endpoint, Dataverse's paths, service protection and errors, Graph's service health.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "sandbox/dynamics/parts.h"

namespace crmpulse::sandbox {
namespace dynamics {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kProtectedCalls = 6000;  // a user's, of one server, in five minutes
constexpr Duration kProtectedWindow = std::chrono::minutes{5};
constexpr double kProtectedSeconds = 1200;
constexpr Duration kTokenLife = std::chrono::seconds{3599};
constexpr std::string_view kHealth = "/v1.0/admin/serviceAnnouncement/healthOverviews";
constexpr std::string_view kData = "/api/data/v9.";

bool is_token_path(const std::vector<std::string>& parts) {
  return parts.size() == 4 && parts[1] == "oauth2" && parts[2] == "v2.0" && parts[3] == "token";
}

/// 1234.5 as `1,234.50`: how the debug headers are written.
std::string with_commas(double number) {
  std::string text = fmt::format("{:.2f}", number);
  for (auto at = static_cast<std::ptrdiff_t>(text.find('.')) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

class Dynamics : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "dynamics"; }
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path.starts_with(kData) || request.path.starts_with(kHealth) ||
           is_token_path(path_parts(request.path));
  }
  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override;
  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override;
  net::HttpResponse fault_answer(const FaultRule& fault, World& world) override;
  void revoke_tokens() override { tokens_.revoke_all(); }
  /// Dataverse tells no daily allowance; this is the one of its five minutes.
  void set_daily_limit(std::uint64_t calls) override { limit_ = calls != 0 ? calls : kProtectedCalls; }

 private:
  net::HttpResponse give_token(const net::HttpRequest& request, World& world);
  [[nodiscard]] net::HttpResponse health(const net::HttpRequest& request, const World& world) const;
  [[nodiscard]] bool is_for(const net::HttpRequest& request, const World& world, bool graph) const;

  TokenBook tokens_{"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9."};
  RollingCount calls_{kProtectedWindow};
  std::uint64_t limit_ = kProtectedCalls;
};

std::string_view resource_of(std::string_view path) {
  path.remove_prefix(std::min(path.size(), kData.size()));
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
}

std::string Dynamics::operation(const net::HttpRequest& request) const {
  if (request.path.starts_with(kHealth)) return "status";
  if (!request.path.starts_with(kData)) return "token";
  const std::string_view resource = resource_of(request.path);
  if (resource.starts_with("WhoAmI")) return "liveness";
  if (resource == "$batch") return "batch";
  if (request.method == "POST") return "create";
  if (request.method == "PATCH") return "update";
  if (request.method == "DELETE") return "delete";
  const bool one = keyed(resource).key.has_value() && !resource.starts_with("Retrieve");
  return one ? "read" : "query";
}

net::HttpResponse route(const Ask& ask) {
  const auto slash = ask.resource.find('/');
  const Keyed first = keyed(ask.resource.substr(0, slash));
  const std::string_view rest = slash == std::string_view::npos ? "" : ask.resource.substr(slash + 1);
  const Object* object = ask.schema.object(first.name);
  if (object == nullptr || object->name != first.name) {
    const auto answer = understood([&] { return answer_functions(ask, first.name); });
    return answer ? *answer : error(400, "0x80060888", answer.error().message);
  }
  const auto answer = understood([&] {
    if (first.key && !rest.empty())
      return error(404, "0x8006088a", fmt::format("Resource not found for the segment '{}'.", rest));
    if (first.key) return answer_entity(ask, *object, *first.key);
    if (ask.request.method == "POST" && rest.empty()) return create_entity(ask, *object);
    if (ask.request.method != "GET") return error(405, "0x80060888", "The method is not allowed");
    return answer_set(ask, *object, rest);
  });
  return answer ? *answer : refused(answer.error(), *object);
}

net::HttpResponse Dynamics::answer(const net::HttpRequest& request, World& world, Call& call) {
  if (request.path.starts_with(kHealth)) return health(request, world);
  if (!request.path.starts_with(kData)) return give_token(request, world);
  if (!is_for(request, world, false)) {
    auto refused = error(401, "", "HTTP Error 401 - Unauthorized: Access is denied");
    refused.headers.emplace_back(
        "WWW-Authenticate",
        fmt::format("Bearer authorization_uri={0}/common/oauth2/authorize, resource_id={0}/", world.origin));
    return refused;
  }
  if (calls_.used(world.now) >= limit_) {
    FaultRule over;
    over.fault = "rate_limited";
    return fault_answer(over, world);
  }
  call.counted = true;
  const auto serve = [&](const net::HttpRequest& one) {
    calls_.add(world.now);
    const std::string_view resource = resource_of(one.path);
    const std::string base = world.origin + one.path.substr(0, one.path.size() - resource.size());
    return route({{one, world, call.operation, objects(), parse_guid}, base, resource});
  };
  const bool batch = call.operation == "batch" && request.method == "POST";
  auto response = batch ? answer_batch(request, world, serve) : serve(request);
  const std::uint64_t used = calls_.used(world.now);
  response.headers.emplace_back("OData-Version", "4.0");
  response.headers.emplace_back("x-ms-service-request-id",
                                uuid_of(used ^ static_cast<std::uint64_t>(unix_millis(world.now))));
  response.headers.emplace_back("x-ms-ratelimit-burst-remaining-xrm-requests",
                                with_commas(static_cast<double>(left(limit_, used))));
  // Each call is taken to cost a twentieth of a second.
  response.headers.emplace_back("x-ms-ratelimit-time-remaining-xrm-requests",
                                with_commas(std::max(0.0, kProtectedSeconds - static_cast<double>(used) * 0.05)));
  return response;
}

net::HttpResponse bad_token(int status, std::string_view name, int code, std::string_view what, const World& world) {
  const auto stamp = format_time(std::chrono::floor<std::chrono::seconds>(world.now));
  const std::string trace = uuid_of(static_cast<std::uint64_t>(unix_millis(world.now)));
  const std::string correlation = uuid_of(static_cast<std::uint64_t>(unix_millis(world.now)) + 1);
  return json_reply(
      status, {{"error", name},
               {"error_description", fmt::format("AADSTS{}: {} Trace ID: {} Correlation ID: {} Timestamp: {}", code,
                                                 what, trace, correlation, stamp)},
               {"error_codes", json::array{code}},
               {"timestamp", stamp},
               {"trace_id", trace},
               {"correlation_id", correlation}});
}

bool is_graph(std::string_view scope) {
  return scope.starts_with("https://graph.microsoft.com/");
}

/// The resource must be one that is there: this sandbox, a Dynamics address, or Graph.
bool is_known_resource(std::string_view scope, const World& world) {
  if (scope.starts_with(world.origin + "/") || is_graph(scope)) return true;
  const auto begin = scope.find("://");
  if (begin == std::string_view::npos) return false;
  const std::string_view host = scope.substr(begin + 3, scope.find('/', begin + 3) - begin - 3);
  return host.ends_with(".dynamics.com") || host.starts_with("127.0.0.1") || host.starts_with("localhost") ||
         host.starts_with("[::1]");
}

net::HttpResponse Dynamics::give_token(const net::HttpRequest& request, World& world) {
  Form form = form_of(request);
  if (const auto basic = basic_login(request)) {
    form.try_emplace("client_id", basic->first);
    form.try_emplace("client_secret", basic->second);
  }
  const std::string& scope = form["scope"];
  if (request.method != "POST")
    return bad_token(400, "invalid_request", 900561, "The endpoint only accepts POST.", world);
  if (form["grant_type"] != "client_credentials")
    return bad_token(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.", world);
  if (form["client_id"] != world.credentials.client_id)
    return bad_token(400, "unauthorized_client", 700016, "The application was not found in the directory.", world);
  if (form["client_secret"] != world.credentials.client_secret)
    return bad_token(401, "invalid_client", 7000215, "Invalid client secret provided.", world);
  if (!scope.ends_with("/.default"))
    return bad_token(400, "invalid_scope", 1002012, "The scope must end with /.default.", world);
  if (!is_known_resource(scope, world))
    return bad_token(400, "invalid_resource", 500011, "The resource principal was not found in the tenant.", world);
  const auto seconds = kTokenLife.count() / 1000;
  return json_reply(200, {{"token_type", "Bearer"},
                          {"expires_in", seconds},
                          {"ext_expires_in", seconds},
                          {"access_token", tokens_.issue(world.now, kTokenLife, scope)}});
}

/// A token is for Graph or for Dataverse, never for both.
bool Dynamics::is_for(const net::HttpRequest& request, const World& world, bool graph) const {
  const std::string token = credential(request, "Bearer");
  const auto* known = tokens_.find(token);
  return known != nullptr && tokens_.is_live(token, world.now) && is_graph(known->scope) == graph;
}

net::HttpResponse Dynamics::health(const net::HttpRequest& request, const World& world) const {
  if (!is_for(request, world, true))
    return error(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.");
  std::string status = "serviceOperational";
  if (const auto* incident = world.fault("vendor_incident", "status"); incident != nullptr)
    status = incident->name.empty() ? "serviceInterruption" : incident->name;
  const auto service = [](std::string_view id, std::string_view name, std::string_view state) {
    return json::object{{"id", id}, {"service", name}, {"status", state}};
  };
  return json_reply(200,
                    {{"@odata.context", world.origin + "/v1.0/$metadata#admin/serviceAnnouncement/healthOverviews"},
                     {"value", json::array{service("Exchange", "Exchange Online", "serviceOperational"),
                                           service("DynamicsCRM", "Dynamics 365 Apps", status),
                                           service("PowerApps", "Power Apps in Microsoft 365", status)}}});
}

net::HttpResponse refusal(const FaultRule& fault) {
  const std::string& what = fault.fault;
  const std::string seconds = fmt::format("{:.0f}", fault.seconds > 0 ? fault.seconds : 30);
  if (what == "rate_limited" || what == "quota_gone") {
    const bool requests = what == "rate_limited";
    const std::string_view code = requests ? "0x80072322" : "0x80072321";
    auto refused = error(429, fault.name.empty() ? code : fault.name,
                         requests ? "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
                                  : "Combined execution time of incoming requests exceeded limit of 1,200,000 "
                                    "milliseconds over time window of 300 seconds.");
    refused.headers.emplace_back("Retry-After", seconds);
    return refused;
  }
  if (what == "maintenance") {
    auto refused = error(503, "", "The organization is not available: maintenance is in progress.");
    refused.headers.emplace_back("Retry-After", seconds);
    return refused;
  }
  if (what == "permission")
    return error(
        403, "0x80040220",
        fmt::format("Principal user is missing {} privilege", fault.name.empty() ? "prvReadLead" : fault.name));
  return error(fault.status != 0 ? fault.status : 500, "0x80040216", "An unexpected error occurred.");
}

net::HttpResponse Dynamics::fault_answer(const FaultRule& fault, World& world) {
  auto response = refusal(fault);
  response.headers.emplace_back("x-ms-service-request-id", uuid_of(static_cast<std::uint64_t>(unix_millis(world.now))));
  return response;
}

}  // namespace

net::HttpResponse error(int status, std::string_view code, std::string_view message) {
  return json_reply(status, {{"error", {{"code", code}, {"message", message}}}});
}

Keyed keyed(std::string_view segment) {
  const auto open = segment.find('(');
  if (open == std::string_view::npos || segment.back() != ')') return {segment, std::nullopt};
  return {segment.substr(0, open), segment.substr(open + 1, segment.size() - open - 2)};
}

}  // namespace dynamics

std::unique_ptr<VendorApi> make_dynamics() {
  return std::make_unique<dynamics::Dynamics>();
}

}  // namespace crmpulse::sandbox
