// HubSpot: its paths, logins, allowance and errors. The objects are in hubspot_objects.cpp and its neighbours.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/hubspot/parts.h"

namespace crmpulse::sandbox {
namespace hubspot {
namespace {

// A Professional account: what HubSpot's changelog gives it.
constexpr std::uint64_t kDailyCalls = 650'000;
constexpr std::uint64_t kBurstCalls = 190;
constexpr Duration kBurst = std::chrono::seconds{10};
constexpr Duration kTokenLife = std::chrono::minutes{30};
constexpr std::array<std::string_view, 7> kCrmWords{"objects", "owners",       "pipelines", "properties",
                                                    "limits",  "associations", "schemas"};

bool is_date_version(std::string_view word) {
  return word.size() >= 7 && word.substr(0, 2) == "20" && word[4] == '-' && word[5] != '-';
}

bool is_version(std::string_view word) {
  return word == "v1" || word == "v3" || word == "v4" || is_date_version(word);
}

bool is_crm_word(std::string_view word) {
  return std::find(kCrmWords.begin(), kCrmWords.end(), word) != kCrmWords.end();
}

void drop(std::vector<std::string>& parts, std::size_t at) {
  parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string next_correlation() {
  static std::uint64_t last = 0;  // one thread
  return uuid_of(++last);
}

std::string operation_of_object(const net::HttpRequest& request, const Route& route) {
  const std::string_view last = route.parts.back();
  if (last == "search") return "search";
  if (last == "archive" || last == "gdpr-delete" || request.method == "DELETE") return "delete";
  if (last == "update" || last == "upsert" || request.method == "PATCH") return "update";
  if (route.part(0) == "associations" || (route.part(2) == "batch" && last == "read")) return "read";
  if (request.method == "POST") return "create";
  return route.parts.size() > 2 ? "read" : "query";
}

}  // namespace

Route route_of(std::string_view path) {
  Route route;
  auto parts = path_parts(path);
  const auto word = [&parts](std::size_t at) {
    return at < parts.size() ? std::string_view{parts[at]} : std::string_view{};
  };
  const std::string first{word(0)};
  if (first == "api" && word(1) == "v2" && path.ends_with(".json")) {
    route.family = "v2";
    route.parts.assign(parts.begin() + 2, parts.end());
    route.parts.insert(route.parts.begin(), "status");
    return route;
  }
  std::size_t version = 1;
  if (first == "crm" && is_crm_word(word(1))) version = 2;
  if (first == "settings" && word(1) == "users") version = 2;
  const bool ours = first == "crm" || first == "oauth" || first == "account-info" || first == "settings";
  if (!ours || !is_version(word(version))) return route;
  if (first == "crm" && version == 1 && !is_crm_word(word(2))) return route;
  route.family = word(version);
  drop(parts, version);
  if (first == "crm") drop(parts, 0);
  route.parts = std::move(parts);
  return route;
}

net::HttpResponse error(int status, std::string_view category, std::string_view message, boost::json::object more) {
  const std::string correlation = next_correlation();
  boost::json::object body{{"status", "error"}, {"message", message}, {"correlationId", correlation}};
  if (!category.empty()) body["category"] = category;
  for (auto& [name, value] : more) body[name] = value;
  return json_reply(status, body, {{"X-HubSpot-Correlation-Id", correlation}});
}

net::HttpResponse no_such_path() {
  return error(404, "OBJECT_NOT_FOUND", "No resource is at this path");
}

net::HttpResponse no_such_object(std::string_view type) {
  return error(400, "VALIDATION_ERROR", fmt::format("Unable to infer object type from: {}", type));
}

namespace {

class Hubspot : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "hubspot"; }
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return !route_of(request.path).parts.empty();
  }
  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override;
  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override;
  net::HttpResponse fault_answer(const FaultRule& fault, World& world) override;
  void revoke_tokens() override { tokens_.revoke_all(); }
  void set_daily_limit(std::uint64_t calls) override { daily_limit_ = calls != 0 ? calls : kDailyCalls; }

 private:
  [[nodiscard]] std::optional<net::HttpResponse> refuse(std::string_view token, const World& world,
                                                        std::string_view operation) const;
  net::HttpResponse answer_oauth(const net::HttpRequest& request, const Route& route, World& world);
  net::HttpResponse give_token(const net::HttpRequest& request, const Route& route, World& world);
  [[nodiscard]] net::HttpResponse introspect(std::string_view token, const World& world) const;
  net::HttpResponse serve(const Ask& ask) const;
  void add_limits(net::HttpResponse& response, bool private_app, TimePoint now) const;

  TokenBook tokens_{"CJSB"};
  DayCount today_;
  RollingCount burst_{kBurst};
  std::uint64_t daily_limit_ = kDailyCalls;
};

std::string Hubspot::operation(const net::HttpRequest& request) const {
  const Route route = route_of(request.path);
  const std::string_view first = route.part(0);
  if (first == "oauth") return "token";
  if (first == "status") return "status";
  if (first == "limits" || route.part(1) == "api-usage") return "limits";
  if (first == "account-info") return route.part(1) == "details" ? "liveness" : "query";
  if (first == "objects" || first == "associations") return operation_of_object(request, route);
  return "query";
}

net::HttpResponse Hubspot::answer(const net::HttpRequest& request, World& world, Call& call) {
  const Route route = route_of(request.path);
  if (route.part(0) == "status") return answer_status_page(route, world);
  if (route.part(0) == "oauth") return answer_oauth(request, route, world);
  const std::string token = credential(request, "Bearer");
  if (auto refused = refuse(token, world, call.operation)) return std::move(*refused);
  const bool private_app = token == world.credentials.static_token;
  // The daily cap is the private apps' only; bursts are counted and shown, not refused: the sandbox answers in
  // microseconds what takes HubSpot a quarter of a second. Faults refuse.
  if (private_app && today_.used(world.now) >= daily_limit_)
    return error(429, "RATE_LIMITS", "You have reached your daily limit.",
                 {{"errorType", "RATE_LIMIT"}, {"policyName", "DAILY"}});
  call.counted = private_app;
  if (private_app) today_.add(world.now);
  burst_.add(world.now);
  const Ask ask{{request, world, call.operation, objects(), parse_id}, route, {daily_limit_, today_.used(world.now)}};
  const auto answer = understood([&] { return serve(ask); });
  auto response = answer ? *answer : refused(answer.error());
  if (call.operation != "search") add_limits(response, private_app, world.now);
  return response;
}

net::HttpResponse Hubspot::serve(const Ask& ask) const {
  const std::string_view first = ask.route.part(0);
  if (first == "objects") return answer_objects(ask);
  if (first == "associations") return answer_associations(ask);
  if (first == "pipelines" || first == "properties") return answer_schema(ask);
  if (first == "account-info" || first == "limits" || first == "settings" || first == "owners")
    return answer_account(ask);
  return no_such_path();
}

void Hubspot::add_limits(net::HttpResponse& response, bool private_app, TimePoint now) const {
  auto& headers = response.headers;
  headers.emplace_back("X-HubSpot-RateLimit-Max", std::to_string(kBurstCalls));
  headers.emplace_back("X-HubSpot-RateLimit-Remaining",
                       std::to_string(std::max<std::uint64_t>(left(kBurstCalls, burst_.used(now)), 1)));
  headers.emplace_back("X-HubSpot-RateLimit-Interval-Milliseconds", std::to_string(kBurst.count()));
  if (!private_app) return;
  headers.emplace_back("X-HubSpot-RateLimit-Daily", std::to_string(daily_limit_));
  headers.emplace_back("X-HubSpot-RateLimit-Daily-Remaining", std::to_string(left(daily_limit_, today_.used(now))));
}

std::optional<net::HttpResponse> Hubspot::refuse(std::string_view token, const World& world,
                                                 std::string_view operation) const {
  if (token.empty())
    return error(401, "INVALID_AUTHENTICATION",
                 "Authentication credentials not found. This API supports OAuth 2.0 authentication");
  if (token == world.credentials.static_token && world.fault("token_revoked", operation) == nullptr) return {};
  const auto* known = tokens_.find(token);
  if (known == nullptr || known->revoked)
    return error(401, "INVALID_AUTHENTICATION",
                 "Authentication credentials not found. The token is not known or was revoked");
  if (known->expires > world.now) return {};
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(world.now - known->expires).count();
  return error(401, "EXPIRED_AUTHENTICATION",
               fmt::format("The OAuth token used to make this call expired {} second(s) ago.", ago));
}

net::HttpResponse Hubspot::answer_oauth(const net::HttpRequest& request, const Route& route, World& world) {
  if (route.part(1) == "access-tokens") return introspect(route.part(2), world);
  if (route.part(1) != "token" || request.method != "POST") return no_such_path();
  if (route.part(2) == "introspect") return introspect(form_of(request)["token"], world);
  return give_token(request, route, world);
}

net::HttpResponse Hubspot::give_token(const net::HttpRequest& request, const Route& route, World& world) {
  Form form = form_of(request);
  // v1 says what is wrong in `status`; the later ones as OAuth does.
  const auto refuse_with = [&](std::string_view status, std::string_view oauth, std::string_view message) {
    boost::json::object body{{"status", status}, {"message", message}, {"correlationId", next_correlation()}};
    if (route.family != "v1") body["error"] = oauth;
    if (route.family != "v1") body["error_description"] = message;
    return json_reply(400, body);
  };
  const std::string& grant = form["grant_type"];
  if (grant != "refresh_token" && grant != "authorization_code")
    return refuse_with("BAD_GRANT_TYPE", "unsupported_grant_type", "missing or unknown grant type");
  if (form["client_id"] != world.credentials.client_id)
    return refuse_with("BAD_CLIENT_ID", "invalid_client", "missing or unknown client id");
  if (form["client_secret"] != world.credentials.client_secret)
    return refuse_with("BAD_CLIENT_SECRET", "invalid_client", "missing or invalid client secret");
  if (grant == "refresh_token" && form["refresh_token"] != world.credentials.refresh_token)
    return refuse_with("BAD_REFRESH_TOKEN", "invalid_grant", "missing or invalid refresh token");
  boost::json::object body{{"token_type", "bearer"},
                           {"access_token", tokens_.issue(world.now, kTokenLife)},
                           {"refresh_token", world.credentials.refresh_token},
                           {"expires_in", kTokenLife.count() / 1000}};
  if (route.family != "v1") body["hub_id"] = kPortal;
  return json_reply(200, body);
}

net::HttpResponse Hubspot::introspect(std::string_view token, const World& world) const {
  const auto* known = tokens_.find(token);
  if (known == nullptr || !tokens_.is_live(token, world.now))
    return error(404, "OBJECT_NOT_FOUND", "This access token is not known or has ended");
  const auto left_over = std::chrono::duration_cast<std::chrono::seconds>(known->expires - world.now).count();
  return json_reply(200, {{"token", token},
                          {"hub_id", kPortal},
                          {"app_id", 1'042'017},
                          {"user", world.credentials.username},
                          {"user_id", world.company.api_user()},
                          {"scopes", {"oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"}},
                          {"expires_in", left_over},
                          {"token_type", "access"},
                          {"active", true}});
}

net::HttpResponse Hubspot::fault_answer(const FaultRule& fault, World&) {
  const std::string& what = fault.fault;
  if (what == "rate_limited" && fault.operation == "search")
    return error(429, "RATE_LIMITS", "You have reached your secondly limit.",
                 {{"errorType", "RATE_LIMIT"}, {"policyName", "SECONDLY"}});
  if (what == "rate_limited")
    return error(429, "RATE_LIMITS", "You have reached your ten_secondly_rolling limit.",
                 {{"errorType", "RATE_LIMIT"}, {"policyName", "TEN_SECONDLY_ROLLING"}});
  if (what == "quota_gone")
    return error(429, "RATE_LIMITS", "You have reached your daily limit.",
                 {{"errorType", "RATE_LIMIT"}, {"policyName", "DAILY"}});
  if (what == "maintenance") {
    auto response = error(477, "MIGRATION_IN_PROGRESS", "The account is being moved to another data centre");
    response.headers.emplace_back("Retry-After", fmt::format("{:.0f}", fault.seconds > 0 ? fault.seconds : 300));
    return response;
  }
  if (what == "permission")
    return error(403, fault.name.empty() ? "MISSING_SCOPES" : fault.name,
                 "This app hasn't been granted all required scopes to make this call.",
                 {{"errors",
                   {{{"message", "One or more of the following scopes are required."},
                     {"context", {{"requiredGranularScopes", {"crm.objects.contacts.read"}}}}}}}});
  return error(fault.status != 0 ? fault.status : 500, "INTERNAL_ERROR", "internal error");
}

}  // namespace
}  // namespace hubspot

std::unique_ptr<VendorApi> make_hubspot() {
  return std::make_unique<hubspot::Hubspot>();
}

}  // namespace crmpulse::sandbox
