// Zoho CRM: its paths, logins, credits and errors. Records are in zoho_records.cpp and its neighbours.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/zoho/coql.h"
#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox {
namespace zoho {
namespace {

namespace json = boost::json;

// Enterprise with 40 users: 50,000 + 1,000 for each.
constexpr std::uint64_t kDailyCredits = 90'000;
constexpr Duration kDay = std::chrono::hours{24};
constexpr Duration kTokenLife = std::chrono::hours{1};
constexpr std::uint64_t kMostTokens = 10;
constexpr Duration kTokenWindow = std::chrono::minutes{10};
constexpr std::string_view kScopes =
    "ZohoCRM.modules.ALL ZohoCRM.coql.READ ZohoCRM.org.READ ZohoCRM.users.READ ZohoCRM.settings.READ";
constexpr std::array<std::string_view, 5> kWords{"org", "users", "settings", "coql", "__features"};

/// `/crm/v2/` to `/crm/v8/`, then a module or one of our words: HubSpot has lower-case words of its own there.
bool is_crm_path(const std::vector<std::string>& parts) {
  if (parts.size() < 3 || parts[0] != "crm" || parts[1].size() != 2 || parts[1][0] != 'v') return false;
  if (parts[1][1] < '2' || parts[1][1] > '8') return false;
  const char first = parts[2].front();
  return (first >= 'A' && first <= 'Z') || std::find(kWords.begin(), kWords.end(), parts[2]) != kWords.end();
}

std::vector<std::string> parts_after_version(std::string_view path) {
  auto parts = path_parts(path);
  parts.erase(parts.begin(), parts.begin() + 2);
  return parts;
}

class Zoho : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "zoho"; }
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path == "/oauth/v2/token" || request.path == "/rss" || is_crm_path(path_parts(request.path));
  }
  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override;
  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override;
  net::HttpResponse fault_answer(const FaultRule& fault, World& world) override;
  void revoke_tokens() override {
    tokens_.revoke_all();
    given_.clear();
  }
  void set_daily_limit(std::uint64_t calls) override { daily_limit_ = calls != 0 ? calls : kDailyCredits; }

 private:
  net::HttpResponse give_token(const net::HttpRequest& request, World& world);
  [[nodiscard]] std::optional<net::HttpResponse> refuse(const net::HttpRequest& request, const World& world) const;

  TokenBook tokens_{"1000."};
  RollingCount given_{kTokenWindow};
  RollingCount credits_{kDay};
  std::uint64_t daily_limit_ = kDailyCredits;
};

std::string Zoho::operation(const net::HttpRequest& request) const {
  if (request.path == "/rss") return "status";
  if (request.path == "/oauth/v2/token") return "token";
  const auto parts = parts_after_version(request.path);
  const std::string& first = parts[0];
  if (first == "org") return "liveness";
  if (first == "__features") return "limits";
  if (first == "coql" || first == "users" || first == "settings") return "query";
  const std::string second = parts.size() > 1 ? parts[1] : "";
  if (second == "search") return "search";
  if (request.method == "POST") return "create";
  if (request.method == "PUT" || request.method == "PATCH") return "update";
  if (request.method == "DELETE") return "delete";
  return second.empty() || second == "actions" || second == "deleted" ? "query" : "read";
}

net::HttpResponse serve(const Ask& ask) {
  const std::string_view first = ask.part(0);
  if (first == "coql") return answer_coql(ask);
  if (std::find(kWords.begin(), kWords.end(), first) != kWords.end()) return answer_settings(ask);
  const Object* module = ask.schema.object(first);
  if (module == nullptr || module->name != first)
    return error(400, "INVALID_MODULE", "the module name given seems to be invalid", {{"resource_path_index", 0}});
  return ask.request.method == "GET" ? answer_records(ask, *module) : answer_writes(ask, *module);
}

/// COQL costs by its LIMIT: 200 rows 1, 1,000 rows 2, more 3.
std::uint64_t cost_of(const Ask& ask) {
  if (ask.part(0) != "coql") return 1;
  const auto body = parse_json(ask.request.body);
  const auto coql = parse_coql(body ? text_member(*body, "select_query") : "", ask.schema);
  const std::size_t rows = coql ? coql->query.limit.value_or(0) : 0;
  return rows <= 200 ? 1 : rows <= 1000 ? 2 : 3;
}

net::HttpResponse Zoho::answer(const net::HttpRequest& request, World& world, Call& call) {
  if (request.path == "/rss") return answer_rss(world);
  if (request.path == "/oauth/v2/token") return give_token(request, world);
  if (auto refused = refuse(request, world)) return std::move(*refused);
  const Ask ask{{request, world, call.operation, objects(), parse_id}, {parts_after_version(request.path)}};
  const std::uint64_t cost = cost_of(ask);
  if (credits_.used(world.now) + cost > daily_limit_)
    return error(429, "TOO_MANY_REQUESTS", "Required number of API credits have been exhausted");
  call.counted = true;
  credits_.add(world.now, cost);
  const auto answer = understood([&] { return serve(ask); });
  auto response = answer ? *answer : refused(answer.error());
  const std::uint64_t used = credits_.used(world.now);
  if (used * 2 >= daily_limit_)  // Zoho tells it only from the half on
    response.headers.emplace_back("X-API-CREDITS-REMAINING", std::to_string(left(daily_limit_, used)));
  return response;
}

std::optional<net::HttpResponse> Zoho::refuse(const net::HttpRequest& request, const World& world) const {
  std::string token = credential(request, "Zoho-oauthtoken");
  if (token.empty()) token = credential(request, "Bearer");
  if (token.empty()) return error(401, "AUTHENTICATION_FAILURE", "Authentication failed");
  if (tokens_.is_live(token, world.now)) return {};
  return error(401, "INVALID_TOKEN", "invalid oauth token");
}

/// Errors come with status 200, as Zoho's do.
net::HttpResponse Zoho::give_token(const net::HttpRequest& request, World& world) {
  Form form = form_of(request);
  const Credentials& known = world.credentials;
  if (form["client_id"] != known.client_id) return json_reply(200, {{"error", "invalid_client"}});
  if (form["client_secret"] != known.client_secret) return json_reply(200, {{"error", "invalid_client_secret"}});
  if (form["grant_type"] != "refresh_token" && form["grant_type"] != "authorization_code")
    return json_reply(200, {{"error", "unsupported_grant_type"}});
  const bool refresh = form["grant_type"] == "refresh_token";
  if (refresh && form["refresh_token"] != known.refresh_token) return json_reply(200, {{"error", "invalid_code"}});
  if (given_.used(world.now) >= kMostTokens)
    return json_reply(200, {{"error", "access_denied"},
                            {"error_description", "You have made too many requests continuously."},
                            {"status", "failure"}});
  given_.add(world.now);
  json::object body{{"access_token", tokens_.issue(world.now, kTokenLife)},
                    {"scope", kScopes},
                    {"api_domain", world.origin},
                    {"token_type", "Bearer"},
                    {"expires_in", kTokenLife.count() / 1000}};
  if (!refresh) body["refresh_token"] = known.refresh_token;
  return json_reply(200, body);
}

net::HttpResponse Zoho::fault_answer(const FaultRule& fault, World&) {
  const std::string& what = fault.fault;
  // Not told apart but by the text.
  if (what == "rate_limited") return error(429, "TOO_MANY_REQUESTS", "Too many concurrent requests");
  if (what == "quota_gone")
    return error(429, "TOO_MANY_REQUESTS", "Required number of API credits have been exhausted");
  if (what == "maintenance") return error(503, "SERVICE_UNAVAILABLE", "Zoho CRM is under maintenance");
  if (what == "permission") {
    const bool scope = fault.name == "OAUTH_SCOPE_MISMATCH";
    if (scope) return error(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL");
    return error(403, "NO_PERMISSION", "permission denied", {{"permissions", json::array{"Crm_Implied_Api_Access"}}});
  }
  return error(fault.status != 0 ? fault.status : 500, "INTERNAL_ERROR", "Internal Server Error");
}

}  // namespace

json::object problem(std::string_view code, std::string_view message, json::object details) {
  return {{"code", code}, {"details", std::move(details)}, {"message", message}, {"status", "error"}};
}

net::HttpResponse error(int status, std::string_view code, std::string_view message, json::object details) {
  return json_reply(status, problem(code, message, std::move(details)));
}

net::HttpResponse empty() {
  return {204, {}, {}};
}

std::string iso(TimePoint time) {
  return format_time(std::chrono::floor<std::chrono::seconds>(time)).substr(0, 19) + "+00:00";
}

json::object info_json(std::size_t per_page, std::size_t count, std::size_t page, bool more) {
  return {{"per_page", per_page}, {"count", count}, {"page", page}, {"more_records", more}};
}

}  // namespace zoho

std::unique_ptr<VendorApi> make_zoho() {
  return std::make_unique<zoho::Zoho>();
}

}  // namespace crmpulse::sandbox
