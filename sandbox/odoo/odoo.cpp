// Odoo's JSON-RPC and XML-RPC: the password in every call, and errors that come with HTTP 200; and their successor
// JSON-2: an address for each method, a bearer key, and errors with their status.

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/odoo/calls.h"
#include "sandbox/odoo/services.h"
#include "sandbox/odoo/xmlrpc.h"
#include "sandbox/selfhosted/model.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using namespace selfhosted;

/// What a call to /jsonrpc asks for, and the id its answer carries.
struct Rpc {
  value id;
  ServiceCall call;
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
  rpc.call.service = text("service");
  rpc.call.method = text("method");
  const value* args = params->get_object().if_contains("args");
  if (args != nullptr && args->is_array()) rpc.call.args = args->get_array();
  return rpc;
}

constexpr std::string_view kXml = "/xmlrpc/";
constexpr std::string_view kXml2 = "/xmlrpc/2/";

/// The service stands in the path, the rest in the body.
std::optional<ServiceCall> xml_service_call(const net::HttpRequest& request) {
  if (!request.path.starts_with(kXml)) return std::nullopt;
  const std::size_t prefix = request.path.starts_with(kXml2) ? kXml2.size() : kXml.size();
  auto call = xml_call(request.body);
  if (!call) return std::nullopt;
  return ServiceCall{request.path.substr(prefix), std::move(call->method), std::move(call->args)};
}

std::string traceback(const Refusal& error) {
  return "Traceback (most recent call last):\n  …\n" + error.name + ": " + error.message;
}

bool is_user_error(const Refusal& error) {
  for (const char* name : {"UserError", "ValidationError", "MissingError", "AccessError"}) {
    if (error.name == std::string{"odoo.exceptions."} + name) return true;
  }
  return false;
}

/// At /xmlrpc/2 what went wrong is a number, at the older /xmlrpc its name and message.
net::HttpResponse xml_failure(const Refusal& error, bool numbered) {
  const std::string name = error.name.substr(error.name.rfind('.') + 1);
  const bool denied = error.name == "odoo.exceptions.AccessDenied";
  if (!numbered) {
    if (denied) return xml_fault("AccessDenied", error.message);
    if (!is_user_error(error)) return xml_fault(value(error.message), traceback(error));
    const bool own = name == "MissingError" || name == "AccessError";
    return xml_fault(value("warning -- " + (own ? name : std::string{"UserError"}) + "\n\n" + error.message), "");
  }
  if (denied) return xml_fault(3, error.message);
  if (name == "AccessError") return xml_fault(4, error.message);
  return is_user_error(error) ? xml_fault(2, error.message) : xml_fault(1, traceback(error));
}

net::HttpResponse result(const value& id, value told) {
  return json_answer(200, object{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(told)}});
}

net::HttpResponse failure(const value& id, const Refusal& error) {
  const object data{{"name", error.name},
                    {"debug", traceback(error)},
                    {"message", error.message},
                    {"arguments", array{error.message}},
                    {"context", object{}}};
  return json_answer(200, object{{"jsonrpc", "2.0"},
                                 {"id", id},
                                 {"error", object{{"code", 200}, {"message", "Odoo Server Error"}, {"data", data}}}});
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
std::optional<OdooCall> json2_call(const net::HttpRequest& request) {
  if (!request.path.starts_with(kJson2)) return std::nullopt;
  const std::string_view rest = std::string_view{request.path}.substr(kJson2.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  OdooCall call{std::string{rest.substr(0, slash)}, std::string{rest.substr(slash + 1)}, {}, {}};
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
  if (error.name == "builtins.TypeError") return 422;  // arguments that do not fit the method
  return error.name.starts_with("odoo.exceptions.") ? 422 : 500;
}

net::HttpResponse json2_failure(const Refusal& error) {
  return json_answer(status_of(error), object{{"name", error.name},
                                              {"message", error.message},
                                              {"arguments", array{error.message}},
                                              {"context", object{}},
                                              {"debug", "Traceback (most recent call last):\n  …"}});
}

struct Named {
  std::string_view method;
  std::string_view operation;
};
constexpr std::array kOperations{Named{"create", "create"},
                                 Named{"write", "update"},
                                 Named{"unlink", "delete"},
                                 Named{"read", "read"},
                                 Named{"name_get", "read"},
                                 Named{"search_read", "query"},
                                 Named{"search_count", "query"},
                                 Named{"read_group", "query"},
                                 Named{"formatted_read_group", "query"},
                                 Named{"context_get", "read"},
                                 Named{"check_access_rights", "read"},
                                 Named{"search", "search"},
                                 Named{"name_search", "search"},
                                 Named{"fields_get", "describe"},
                                 Named{"login", "token"},
                                 Named{"authenticate", "token"},
                                 Named{"version", "health"},
                                 Named{"server_version", "health"},
                                 Named{"about", "health"},
                                 Named{"list", "health"},
                                 Named{"db_exist", "health"},
                                 Named{"list_lang", "health"}};

class Odoo final : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "odoo"; }

  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return request.path == "/jsonrpc" || request.path == "/web/version" || request.path.starts_with(kJson2) ||
           request.path == "/web/health" || request.path == "/web/webclient/version_info" ||
           request.path.starts_with(kXml);
  }

  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    if (request.path.starts_with(kJson2)) return named(request.path.substr(request.path.rfind('/') + 1));
    if (request.path.starts_with(kXml)) {
      const auto call = xml_service_call(request);
      return call ? named(called_method(*call)) : "query";
    }
    if (request.path != "/jsonrpc") return "health";
    const auto rpc = rpc_of(request.body);
    return rpc ? named(called_method(rpc->call)) : "query";
  }

  static std::string named(const std::string& method) {
    const auto found =
        std::find_if(kOperations.begin(), kOperations.end(), [&](const Named& each) { return each.method == method; });
    return std::string{found == kOperations.end() ? "query" : found->operation};
  }

  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override {
    if (request.path == "/web/health") return json_answer(200, object{{"status", "pass"}});
    if (request.path == "/web/webclient/version_info") return result({}, odoo_version());
    if (request.path == "/web/version")
      return json_answer(200, object{{"version_info", array{19, 0, 0, "final", 0, ""}}, {"version", "19.0"}});
    if (request.method != "POST") return front_page(405, "405 Method Not Allowed", 0);
    if (request.path.starts_with(kJson2)) return json2(request, world, call);
    if (request.path.starts_with(kXml)) return xml_rpc(request, world, call);
    const auto rpc = rpc_of(request.body);
    if (!rpc) return front_page(400, "400 Bad Request", 0);
    call.counted = rpc->call.service == "object";
    auto told = answer_service(world, rpc->call, call.operation);
    return told ? result(rpc->id, std::move(*told)) : failure(rpc->id, told.error());
  }

  net::HttpResponse fault_answer(const FaultRule& fault, World& /*world*/) override {
    if (fault.fault == "maintenance") return front_page(503, "503 Service Temporarily Unavailable", fault.seconds);
    if (fault.fault == "rate_limited" || fault.fault == "quota_gone")
      return front_page(429, "429 Too Many Requests", fault.seconds);
    if (fault.fault == "permission") {
      return failure(
          {}, odoo_error("odoo.exceptions.AccessError",
                         "You are not allowed to access these records.\n\nThis operation is allowed for the following "
                         "groups:\n\t- Sales/User: Own Documents Only"));
    }
    // What Odoo says while its PostgreSQL is away.
    return failure({}, odoo_error("psycopg2.OperationalError", "connection to server failed: Connection refused"));
  }

  void revoke_tokens() override {}  // every call carries the secret, which is refused while the fault lasts
  void set_daily_limit(std::uint64_t /*calls*/) override {}

 private:
  static net::HttpResponse json2(const net::HttpRequest& request, World& world, Call& call) {
    if (!knows_secret(world, bearer_of(request), call.operation))
      return json2_failure(odoo_error("werkzeug.exceptions.Unauthorized", "Invalid apikey"));
    const std::string_view database = request.header("x-odoo-database");
    if (!database.empty() && database != kOdooDatabase)
      return json2_failure(
          odoo_error("werkzeug.exceptions.NotFound", "the database '" + std::string{database} + "' does not exist"));
    const auto asked = json2_call(request);
    if (!asked) return json2_failure(odoo_error("werkzeug.exceptions.BadRequest", "the body must be a JSON object"));
    call.counted = true;
    auto told = execute(world, *asked);
    if (told) return json_answer(200, *told);
    const auto& error = told.error();
    if (error.message.ends_with("doesn't exist"))
      return json2_failure(
          odoo_error("werkzeug.exceptions.NotFound", "the model '" + asked->model + "' does not exist"));
    return json2_failure(error);
  }

  static net::HttpResponse xml_rpc(const net::HttpRequest& request, World& world, Call& call) {
    const auto asked = xml_service_call(request);
    if (!asked) return front_page(400, "400 Bad Request", 0);
    call.counted = asked->service == "object";
    auto told = answer_service(world, *asked, call.operation);
    return told ? xml_answer(*told) : xml_failure(told.error(), request.path.starts_with(kXml2));
  }
};

}  // namespace

std::unique_ptr<VendorApi> make_odoo() {
  return std::make_unique<Odoo>();
}

}  // namespace crmpulse::sandbox
