// Pipedrive: its paths, logins, token budget and errors. Records are in pipedrive_records.cpp and its neighbours.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox {
namespace pipedrive {
namespace {

namespace json = boost::json;

std::string next_correlation() {
  static std::uint64_t last = 0;  // one thread
  return uuid_of(++last);
}

// 30,000 x 2 (the plan's multiplier) x 15 seats.
constexpr std::uint64_t kDailyTokens = 900'000;
constexpr std::uint64_t kBurstCalls = 80;
constexpr Duration kBurst = std::chrono::seconds{2};
constexpr Duration kTokenLife = std::chrono::seconds{3599};
constexpr std::array<std::string_view, 12> kWords{"deals",  "persons",    "organizations", "activities",
                                                  "leads",  "users",      "stages",        "pipelines",
                                                  "status", "itemSearch", "status.json",   "dealFields"};

/// What a call takes of the daily budget; version 1 costs twice.
std::uint64_t cost_of(const Route& route, std::string_view operation) {
  const std::uint64_t twice = route.version == 1 ? 2 : 1;
  if (operation == "search") return 20 * twice;
  if (operation == "create" || operation == "update") return 5 * twice;
  if (operation == "delete") return 3 * twice;
  return (operation == "read" || operation == "liveness" ? 1 : 10) * twice;
}

class Pipedrive : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "pipedrive"; }
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path == "/oauth/token" || route_of(request.path).version != 0;
  }
  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override;
  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override;
  net::HttpResponse fault_answer(const FaultRule& fault, World& world) override;
  void revoke_tokens() override { tokens_.revoke_all(); }
  void set_daily_limit(std::uint64_t calls) override { daily_limit_ = calls != 0 ? calls : kDailyTokens; }

 private:
  net::HttpResponse give_token(const net::HttpRequest& request, World& world);
  [[nodiscard]] bool is_authorised(const net::HttpRequest& request, const World& world,
                                   std::string_view operation) const;
  void add_limits(net::HttpResponse& response, TimePoint now) const;

  TokenBook tokens_{"v1u:"};
  std::string refresh_token_;  ///< the valid one; empty: the default that everybody knows
  std::uint64_t refreshed_ = 0;
  DayCount today_;
  RollingCount burst_{kBurst};
  std::uint64_t daily_limit_ = kDailyTokens;
};

std::string Pipedrive::operation(const net::HttpRequest& request) const {
  if (request.path == "/oauth/token") return "token";
  const Route route = route_of(request.path);
  const std::string_view first = route.part(0);
  if (first == "status" || first == "status.json") return "status";
  if (first == "users" && route.part(1) == "me") return "liveness";
  if (first == "itemSearch" || route.part(1) == "search") return "search";
  if (request.method == "POST") return "create";
  if (request.method == "PATCH" || request.method == "PUT") return "update";
  if (request.method == "DELETE") return "delete";
  return route.part(1).empty() || route.part(1) == "archived" ? "query" : "read";
}

net::HttpResponse serve(const Ask& ask) {
  const std::string_view first = ask.route.part(0);
  if (first == "itemSearch") return answer_search(ask, nullptr);
  const Object* object = ask.schema.object(first);
  if (object == nullptr || object->name != first) return answer_company(ask);
  if (ask.route.part(1) == "search") return answer_search(ask, object);
  return answer_records(ask, *object);
}

net::HttpResponse Pipedrive::answer(const net::HttpRequest& request, World& world, Call& call) {
  if (request.path == "/oauth/token") return give_token(request, world);
  const Route route = route_of(request.path);
  if (call.operation == "status") return answer_status_page(world);
  if (!is_authorised(request, world, call.operation))
    return error(401, "unauthorized access", "You do not have permissions to do this.");
  if (today_.used(world.now) + cost_of(route, call.operation) > daily_limit_) {
    FaultRule gone;
    gone.fault = "quota_gone";
    return fault_answer(gone, world);
  }
  call.counted = true;
  today_.add(world.now, cost_of(route, call.operation));
  burst_.add(world.now);
  const auto answer = understood([&] { return serve({{request, world, call.operation, objects(), parse_id}, route}); });
  auto response = answer ? *answer : error(400, answer.error().clause, answer.error().message);
  add_limits(response, world.now);
  return response;
}

/// Bursts are counted and shown, not refused: the sandbox answers in microseconds. Faults refuse.
void Pipedrive::add_limits(net::HttpResponse& response, TimePoint now) const {
  auto& headers = response.headers;
  headers.emplace_back("x-ratelimit-limit", std::to_string(kBurstCalls));
  headers.emplace_back("x-ratelimit-remaining",
                       std::to_string(std::max<std::uint64_t>(left(kBurstCalls, burst_.used(now)), 1)));
  headers.emplace_back("x-ratelimit-reset", std::to_string(kBurst.count() / 1000));
  headers.emplace_back("x-daily-ratelimit-token-limit", std::to_string(daily_limit_));
  headers.emplace_back("x-daily-ratelimit-token-remaining", std::to_string(left(daily_limit_, today_.used(now))));
}

bool Pipedrive::is_authorised(const net::HttpRequest& request, const World& world, std::string_view operation) const {
  if (tokens_.is_live(credential(request, "Bearer"), world.now)) return true;
  const std::string in_query = query_value(request, "api_token");
  const std::string_view key = in_query.empty() ? request.header("x-api-token") : std::string_view{in_query};
  return key == world.credentials.static_token && world.fault("token_revoked", operation) == nullptr;
}

/// Each refresh gives another refresh token; the one before is no longer valid.
net::HttpResponse Pipedrive::give_token(const net::HttpRequest& request, World& world) {
  Form form = form_of(request);
  const auto refuse = [](int status, std::string_view code, std::string_view message) {
    return json_reply(status, {{"success", false}, {"error", code}, {"error_description", message}});
  };
  auto client = basic_login(request);
  if (!client) client.emplace(form["client_id"], form["client_secret"]);
  if (client->first != world.credentials.client_id || client->second != world.credentials.client_secret)
    return refuse(401, "invalid_client", "Invalid client: client is invalid");
  const std::string& grant = form["grant_type"];
  if (grant != "refresh_token" && grant != "authorization_code")
    return refuse(400, "unsupported_grant_type", "Unsupported grant type: grant_type is invalid");
  const std::string& good = refresh_token_.empty() ? world.credentials.refresh_token : refresh_token_;
  if (grant == "refresh_token" && form["refresh_token"] != good)
    return refuse(400, "invalid_grant", "Invalid grant: refresh token is invalid");
  refresh_token_ = fmt::format("{}-{}", world.credentials.refresh_token, ++refreshed_);
  return json_reply(200, {{"access_token", tokens_.issue(world.now, kTokenLife)},
                          {"token_type", "Bearer"},
                          {"refresh_token", refresh_token_},
                          {"scope", "deals:full,contacts:full,activities:full,users:read"},
                          {"expires_in", kTokenLife.count() / 1000},
                          {"api_domain", world.origin}});
}

net::HttpResponse Pipedrive::fault_answer(const FaultRule& fault, World& world) {
  const std::string& what = fault.fault;
  if (what == "rate_limited" && (fault.name == "abuse" || fault.status == 403))
    return {403,
            {{"Content-Type", "text/html"}},
            "<!DOCTYPE html><html><head><title>Access denied</title></head><body>Too many requests</body></html>"};
  if (what == "rate_limited") {
    auto refused = error(429, "request over limit");
    refused.headers.emplace_back("x-ratelimit-limit", std::to_string(kBurstCalls));
    refused.headers.emplace_back("x-ratelimit-remaining", "0");
    refused.headers.emplace_back("x-ratelimit-reset", fmt::format("{:.0f}", fault.seconds > 0 ? fault.seconds : 2));
    refused.headers.emplace_back("x-daily-ratelimit-token-limit", std::to_string(daily_limit_));
    refused.headers.emplace_back(
        "x-daily-ratelimit-token-remaining",
        std::to_string(std::max<std::uint64_t>(left(daily_limit_, today_.used(world.now)), 1)));
    return refused;
  }
  if (what == "quota_gone") {
    auto refused = error(429, "daily request budget exhausted");
    refused.headers.emplace_back("x-daily-ratelimit-token-limit", std::to_string(daily_limit_));
    refused.headers.emplace_back("x-daily-ratelimit-token-remaining", "0");
    return refused;
  }
  if (what == "maintenance") return error(503, "Service temporarily unavailable", "Scheduled maintenance");
  if (what == "permission") return error(403, "Scope and URL mismatch", "The app has not been granted this scope.");
  return error(fault.status != 0 ? fault.status : 500, "Internal server error");
}

}  // namespace

Route route_of(std::string_view path) {
  Route route;
  auto parts = path_parts(path);
  if (!parts.empty() && parts.front() == "api") parts.erase(parts.begin());
  if (parts.size() < 2) return route;
  const bool v1 = parts[0] == "v1";
  const bool v2 = parts[0] == "v2" && path.starts_with("/api/");
  if ((!v1 && !v2) || std::find(kWords.begin(), kWords.end(), parts[1]) == kWords.end()) return route;
  // The status page is an /api/v1 of another host; /api/v2/status.json is a page of HubSpot's.
  if (parts[1].starts_with("status") && (!v1 || !path.starts_with("/api/"))) return route;
  route.version = v1 ? 1 : 2;
  parts.erase(parts.begin());
  route.parts = std::move(parts);
  return route;
}

net::HttpResponse success(json::value data, json::object more, int status) {
  json::object body{{"success", true}, {"data", std::move(data)}};
  for (auto& [name, value] : more) body[name] = value;
  return json_reply(status, body, {{"x-correlation-id", next_correlation()}});
}

net::HttpResponse error(int status, std::string_view message, std::string_view info) {
  return json_reply(status,
                    {{"success", false},
                     {"error", message},
                     {"error_info", info.empty() ? "See Pipedrive's developer documentation." : info},
                     {"errorCode", status},
                     {"data", nullptr},
                     {"additional_data", nullptr}},
                    {{"x-correlation-id", next_correlation()}});
}

json::value time_json(const Value& value, int version) {
  const auto time = time_of(value);
  if (!time) return nullptr;
  std::string text = format_time(std::chrono::floor<std::chrono::seconds>(*time));
  if (version == 1) text = text.substr(0, 10) + " " + text.substr(11, 8);
  return json::value(text);
}

}  // namespace pipedrive

std::unique_ptr<VendorApi> make_pipedrive() {
  return std::make_unique<pipedrive::Pipedrive>();
}

}  // namespace crmpulse::sandbox
