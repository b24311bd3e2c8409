// Odoo's JSON-RPC: one address for everything, the password in every call, and errors that come with HTTP 200; and its
// successor JSON-2: an address for each method, a bearer key, and errors with their status.

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/odoo/calls.h"
#include "sandbox/selfhosted/model.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::string_view kDatabase = "sandbox";

/// What a call to /jsonrpc asks for.
struct Rpc {
  value id;
  std::string service;
  std::string method;
  array args;
};

std::optional<Rpc> rpc_of(const std::string& body) {
  boost::system::error_code error;
  const value json = boost::json::parse(body, error);
  if (error || !json.is_object()) return std::nullopt;
  const auto* params = json.get_object().if_contains("params");
  if (params == nullptr || !params->is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const value* member = params->get_object().if_contains(name);
    return member != nullptr && member->is_string() ? std::string{member->get_string()} : std::string{};
  };
  Rpc rpc;
  if (const value* id = json.get_object().if_contains("id")) rpc.id = *id;
  rpc.service = text("service");
  rpc.method = text("method");
  const value* args = params->get_object().if_contains("args");
  if (args != nullptr && args->is_array()) rpc.args = args->get_array();
  return rpc;
}

std::string text_at(const array& args, std::size_t place) {
  return place < args.size() && args[place].is_string() ? std::string{args[place].get_string()} : std::string{};
}

net::HttpResponse result(const value& id, value told) {
  return selfhosted::json_answer(200, object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(told)}});
}

net::HttpResponse failure(const value& id, const Refusal& error) {
  const object data{{"name", error.name},
                    {"debug", "Traceback (most recent call last):\n  …\n" + error.name + ": " + error.message},
                    {"message", error.message},
                    {"arguments", array{error.message}},
                    {"context", object{}}};
  return selfhosted::json_answer(
      200, object{{"jsonrpc", "2.0"},
                  {"id", id},
                  {"error", object{{"code", 200}, {"message", "Odoo Server Error"}, {"data", data}}}});
}

value version() {
  return object{{"server_version", "17.0"},
                {"server_version_info", array{17, 0, 0, "final", 0, ""}},
                {"server_serie", "17.0"},
                {"protocol_version", 1}};
}

/// The page of the web server in front: Odoo itself knows neither limits nor maintenance.
net::HttpResponse front_page(int status, const std::string& title, double seconds) {
  net::HttpResponse answer{status,
                           {{"Content-Type", "text/html"}},
                           "<html><head><title>" + title + "</title></head><body><center><h1>" + title +
                               "</h1></center><hr><center>nginx</center></body></html>"};
  if (seconds > 0) answer.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(seconds)));
  return answer;
}

constexpr std::string_view kJson2 = "/json/2/";

/// `/json/2/MODEL/METHOD` with its arguments by name.
std::optional<selfhosted::OdooCall> json2_call(const net::HttpRequest& request) {
  if (!request.path.starts_with(kJson2)) return std::nullopt;
  const std::string_view rest = std::string_view{request.path}.substr(kJson2.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  selfhosted::OdooCall call{std::string{rest.substr(0, slash)}, std::string{rest.substr(slash + 1)}, {}, {}};
  boost::system::error_code error;
  const value body = boost::json::parse(request.body, error);
  if (error || !body.is_object()) return std::nullopt;
  call.kwargs = body.get_object();
  return call;
}

std::string bearer_of(const net::HttpRequest& request) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view header = request.header("authorization");
  return header.starts_with(kScheme) ? std::string{header.substr(kScheme.size())} : std::string{};
}

int status_of(const Refusal& error) {
  if (error.name.ends_with("AccessDenied") || error.name.ends_with("Unauthorized")) return 401;
  if (error.name.ends_with("AccessError")) return 403;
  if (error.name.ends_with("MissingError") || error.name.ends_with("NotFound")) return 404;
  return error.name.starts_with("odoo.exceptions.") ? 422 : 500;
}

net::HttpResponse json2_failure(const Refusal& error) {
  return selfhosted::json_answer(status_of(error), object{{"name", error.name},
                                                          {"message", error.message},
                                                          {"arguments", array{error.message}},
                                                          {"context", object{}},
                                                          {"debug", "Traceback (most recent call last):\n  …"}});
}

struct Named {
  std::string_view method;
  std::string_view operation;
};
constexpr std::array kOperations{Named{"create", "create"},       Named{"write", "update"},
                                 Named{"unlink", "delete"},       Named{"read", "read"},
                                 Named{"search_read", "query"},   Named{"search_count", "query"},
                                 Named{"read_group", "query"},    Named{"formatted_read_group", "query"},
                                 Named{"context_get", "read"},    Named{"search", "search"},
                                 Named{"fields_get", "describe"}, Named{"login", "token"},
                                 Named{"authenticate", "token"},  Named{"version", "health"}};

class Odoo final : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "odoo"; }

  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path == "/jsonrpc" || request.path == "/web/version" || request.path.starts_with(kJson2) ||
           request.path == "/web/health" || request.path == "/web/webclient/version_info";
  }

  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    if (request.path.starts_with(kJson2)) return named(request.path.substr(request.path.rfind('/') + 1));
    if (request.path != "/jsonrpc") return "health";
    const auto rpc = rpc_of(request.body);
    if (!rpc) return "query";
    // db, uid, password, model, method, …
    return named(rpc->service == "object" ? text_at(rpc->args, 4) : rpc->method);
  }

  static std::string named(const std::string& method) {
    const auto found =
        std::find_if(kOperations.begin(), kOperations.end(), [&](const Named& each) { return each.method == method; });
    return std::string{found == kOperations.end() ? "query" : found->operation};
  }

  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override {
    if (request.path == "/web/health") return selfhosted::json_answer(200, object{{"status", "pass"}});
    if (request.path == "/web/webclient/version_info") return result({}, version());
    if (request.path == "/web/version")
      return selfhosted::json_answer(200,
                                     object{{"version_info", array{19, 0, 0, "final", 0, ""}}, {"version", "19.0"}});
    if (request.method != "POST") return front_page(405, "405 Method Not Allowed", 0);
    if (request.path.starts_with(kJson2)) return json2(request, world, call);
    const auto rpc = rpc_of(request.body);
    if (!rpc) return front_page(400, "400 Bad Request", 0);
    if (rpc->service == "common") return common(*rpc, world);
    if (rpc->service != "object")
      return failure(rpc->id, selfhosted::odoo_error("builtins.KeyError", "unknown service " + rpc->service));
    call.counted = true;
    return object_call(*rpc, world);
  }

  net::HttpResponse fault_answer(const FaultRule& fault, World& /*world*/) override {
    if (fault.fault == "maintenance") return front_page(503, "503 Service Temporarily Unavailable", fault.seconds);
    if (fault.fault == "rate_limited" || fault.fault == "quota_gone")
      return front_page(429, "429 Too Many Requests", fault.seconds);
    if (fault.fault == "permission") {
      return failure({},
                     selfhosted::odoo_error(
                         "odoo.exceptions.AccessError",
                         "You are not allowed to access these records.\n\nThis operation is allowed for the following "
                         "groups:\n\t- Sales/User: Own Documents Only"));
    }
    // What Odoo says while its PostgreSQL is away.
    return failure(
        {}, selfhosted::odoo_error("psycopg2.OperationalError", "connection to server failed: Connection refused"));
  }

  void revoke_tokens() override {}  // there are none: every call carries the password
  void set_daily_limit(std::uint64_t /*calls*/) override {}

 private:
  static bool knows(const World& world, const std::string& password) {
    // A password or an API key of the user: Odoo takes either.
    return password == world.credentials.client_secret || password == world.credentials.static_token;
  }

  static net::HttpResponse json2(const net::HttpRequest& request, World& world, Call& call) {
    if (!knows(world, bearer_of(request)))
      return json2_failure(selfhosted::odoo_error("werkzeug.exceptions.Unauthorized", "Invalid apikey"));
    const std::string_view database = request.header("x-odoo-database");
    if (!database.empty() && database != kDatabase)
      return json2_failure(selfhosted::odoo_error("werkzeug.exceptions.NotFound",
                                                  "the database '" + std::string{database} + "' does not exist"));
    const auto asked = json2_call(request);
    if (!asked)
      return json2_failure(selfhosted::odoo_error("werkzeug.exceptions.BadRequest", "the body must be a JSON object"));
    call.counted = true;
    auto told = selfhosted::execute(world, *asked);
    if (told) return selfhosted::json_answer(200, *told);
    const auto& error = told.error();
    if (error.message.ends_with("doesn't exist"))
      return json2_failure(
          selfhosted::odoo_error("werkzeug.exceptions.NotFound", "the model '" + asked->model + "' does not exist"));
    return json2_failure(error);
  }

  static net::HttpResponse no_database(const Rpc& rpc, const std::string& database) {
    return failure(rpc.id, selfhosted::odoo_error("psycopg2.OperationalError",
                                                  "FATAL:  database \"" + database + "\" does not exist"));
  }

  static net::HttpResponse common(const Rpc& rpc, const World& world) {
    if (rpc.method == "version") return result(rpc.id, version());
    if (rpc.method != "login" && rpc.method != "authenticate")
      return failure(rpc.id, selfhosted::odoo_error("builtins.AttributeError", "Method not found: " + rpc.method));
    if (text_at(rpc.args, 0) != kDatabase) return no_database(rpc, text_at(rpc.args, 0));
    const bool right = text_at(rpc.args, 1) == world.credentials.username && knows(world, text_at(rpc.args, 2));
    return result(rpc.id, right ? value(world.company.api_user()) : value(false));
  }

  static net::HttpResponse object_call(const Rpc& rpc, World& world) {
    const array& args = rpc.args;
    if (args.size() < 5)
      return failure(rpc.id, selfhosted::odoo_error("builtins.TypeError", "execute_kw() needs five arguments"));
    if (text_at(args, 0) != kDatabase) return no_database(rpc, text_at(args, 0));
    if (args[1] != value(world.company.api_user()) || !knows(world, text_at(args, 2)))
      return failure(rpc.id, selfhosted::odoo_error("odoo.exceptions.AccessDenied", "Access Denied"));
    selfhosted::OdooCall call{text_at(args, 3), text_at(args, 4), {}, {}};
    if (rpc.method == "execute") {
      call.args = array(args.begin() + 5, args.end());
    } else {
      if (args.size() > 5 && args[5].is_array()) call.args = args[5].get_array();
      if (args.size() > 6 && args[6].is_object()) call.kwargs = args[6].get_object();
    }
    auto told = selfhosted::execute(world, call);
    return told ? result(rpc.id, std::move(*told)) : failure(rpc.id, told.error());
  }
};

}  // namespace

std::unique_ptr<VendorApi> make_odoo() {
  return std::make_unique<Odoo>();
}

}  // namespace crmpulse::sandbox
