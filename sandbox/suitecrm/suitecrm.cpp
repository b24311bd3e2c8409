// SuiteCRM's V8 API: OAuth2 client credentials, JSON:API, filters with six comparisons, and pages instead of totals.

#include <algorithm>
#include <boost/json.hpp>

#include "sandbox/expression/refusal.h"
#include "sandbox/suitecrm/records.h"
#include "sandbox/vendor/reply.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using namespace selfhosted;

constexpr std::chrono::seconds kTokenLife{3600};

net::HttpResponse oauth_failure(int status, const std::string& error, const std::string& description,
                                const std::string& hint = {}) {
  object body{{"error", error}, {"error_description", description}, {"message", description}};
  if (!hint.empty()) body["hint"] = hint;
  return json_answer(status, body);
}

std::string_view without_prefix(std::string_view path) {
  if (path.starts_with("/legacy/")) path.remove_prefix(7);  // where SuiteCRM 8 has it
  return path;
}

/// The members of the JSON body, or the form's: either is taken. The client may also stand in the header.
Form grant_of(const net::HttpRequest& request) {
  Form grant;
  if (const auto body = parse_json(request.body); body && body->is_object()) {
    for (const auto& [name, member] : body->get_object()) grant[name] = scalar_text(member).value_or("");
  } else {
    net::HttpRequest form;  // without the query
    form.body = request.body;
    grant = form_of(form);
  }
  if (const auto client = basic_login(request)) {
    grant["client_id"] = client->first;
    grant["client_secret"] = client->second;
  }
  return grant;
}

class SuiteCrm final : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "suitecrm"; }

  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    return without_prefix(request.path).starts_with("/Api/");
  }

  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    const std::string_view path = without_prefix(request.path);
    if (path == "/Api/access_token") return "token";
    if (!path.starts_with("/Api/V8/module")) return "describe";
    if (request.method == "POST") return "create";
    if (request.method == "PATCH") return "update";
    if (request.method == "DELETE") return "delete";
    const auto slashes = std::count(path.begin(), path.end(), '/');
    if (slashes > 4) return "read";
    const bool filtered = std::any_of(request.query.begin(), request.query.end(),
                                      [](const auto& each) { return each.first.starts_with("filter["); });
    return filtered ? "search" : "query";
  }

  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override {
    const std::string_view path = without_prefix(request.path);
    if (path == "/Api/access_token") return token(request, world);
    if (!is_authorised(request, world)) {
      return oauth_failure(401, "access_denied", "The resource owner or authorization server denied the request.",
                           "Access token is invalid");
    }
    call.counted = true;
    if (path.starts_with("/Api/V8/meta/")) return meta(path.substr(13), world);
    if (!path.starts_with("/Api/V8/module")) return suitecrm_failure(404, "Page not found");
    const auto answer = understood([&] { return module_call(request, path.substr(14), world); });
    return answer ? *answer : suitecrm_failure(400, answer.error().message);
  }

  net::HttpResponse fault_answer(const FaultRule& fault, World& /*world*/) override {
    if (fault.fault == "permission") return suitecrm_failure(403, "Not allowed");
    net::HttpResponse answer = suitecrm_failure(500, "Database failure. Please refer to suitecrm.log for details.");
    if (fault.fault == "maintenance") answer = suitecrm_failure(503, "The site is under maintenance");
    if (fault.fault == "rate_limited" || fault.fault == "quota_gone")
      answer = suitecrm_failure(429, "Too Many Requests");
    if (answer.status != 500 && fault.seconds > 0)
      answer.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(fault.seconds)));
    return answer;
  }

  void revoke_tokens() override { tokens_.revoke_all(); }
  void set_daily_limit(std::uint64_t /*calls*/) override {}  // there is no allowance

 private:
  net::HttpResponse token(const net::HttpRequest& request, const World& world) {
    Form grant = grant_of(request);
    if (request.method != "POST" || grant["grant_type"] != "client_credentials") {
      return oauth_failure(400, "unsupported_grant_type",
                           "The authorization grant type is not supported by the authorization server.",
                           "Check that all required parameters have been provided");
    }
    if (grant["client_id"] != world.credentials.client_id || grant["client_secret"] != world.credentials.client_secret)
      return oauth_failure(401, "invalid_client", "Client authentication failed");
    return json_answer(200, object{{"token_type", "Bearer"},
                                   {"expires_in", kTokenLife.count()},
                                   {"access_token", tokens_.issue(world.now, kTokenLife)}});
  }

  bool is_authorised(const net::HttpRequest& request, const World& world) const {
    return tokens_.is_live(credential(request, "Bearer"), world.now);
  }

  static const Object* model_named(std::string_view name) {
    const auto modules = suitecrm_modules();
    const auto found =
        std::find_if(modules.begin(), modules.end(), [&](const Object& each) { return each.name == name; });
    return found == modules.end() ? nullptr : &*found;
  }

  static net::HttpResponse meta(std::string_view what, World& world) {
    if (what == "modules") {
      object modules;
      for (const Object& each : suitecrm_modules()) {
        const std::string name{each.name};
        modules[name] = object{{"label", name}, {"access", array{"access", "view", "list", "edit", "delete"}}};
      }
      return suitecrm_answer(200, {{"data", object{{"type", "modules"}, {"attributes", std::move(modules)}}}});
    }
    const std::string_view module = what.starts_with("fields/") ? what.substr(7) : std::string_view{};
    const Object* model = model_named(module);
    if (model == nullptr) return suitecrm_failure(400, "Module " + std::string{module} + " does not exist");
    return SuiteModule{world, *model}.fields_told();
  }

  /// `rest`: what follows /Api/V8/module.
  static net::HttpResponse module_call(const net::HttpRequest& request, std::string_view rest, World& world) {
    if (rest.empty()) return write(request, world);
    rest.remove_prefix(1);
    const std::string name{rest.substr(0, rest.find('/'))};
    const Object* model = model_named(name);
    if (model == nullptr) return suitecrm_failure(400, "Module " + name + " does not exist");
    const SuiteModule module{world, *model};
    const std::string id{rest.substr(std::min(name.size() + 1, rest.size()))};
    if (id.empty()) return module.list(request);
    return request.method == "DELETE" ? module.remove(id) : module.one(request, id);
  }

  static net::HttpResponse write(const net::HttpRequest& request, World& world) {
    const value body = parse_json(request.body).value_or(value());
    const value* data = member(body, "data");
    if (data == nullptr) return suitecrm_failure(400, "The required option \"data\" is missing");
    const std::string type = text_member(*data, "type");
    const Object* model = model_named(type);
    if (model == nullptr) return suitecrm_failure(400, "Module " + type + " does not exist");
    if (!model->is_stored()) return suitecrm_failure(403, "Not allowed");
    const value* attributes = member(*data, "attributes");
    const object given = attributes != nullptr && attributes->is_object() ? attributes->get_object() : object{};
    if (request.method == "POST") return SuiteModule{world, *model}.create(given);
    return SuiteModule{world, *model}.update(text_member(*data, "id"), given);
  }

  TokenBook tokens_{"suitecrm-access-"};
};

}  // namespace

std::unique_ptr<VendorApi> make_suitecrm() {
  return std::make_unique<SuiteCrm>();
}

}  // namespace crmpulse::sandbox
