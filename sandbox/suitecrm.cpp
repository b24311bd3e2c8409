// SuiteCRM's V8 API: OAuth2 client credentials, JSON:API, filters with six comparisons, and pages instead of totals.

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "sandbox/dialect.h"
#include "sandbox/suitecrm_records.h"

namespace crmpulse::sandbox {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using namespace selfhosted;

constexpr int kTokenSeconds = 3600;

net::HttpResponse oauth_failure(int status, const std::string& error, const std::string& description,
                                const std::string& hint = {}) {
  object body{{"error", error}, {"error_description", description}, {"message", description}};
  if (!hint.empty()) body["hint"] = hint;
  return json_answer(status, body);
}

std::optional<object> object_of(const std::string& body) {
  boost::system::error_code error;
  const value json = boost::json::parse(body, error);
  if (error || !json.is_object()) return std::nullopt;
  return json.get_object();
}

std::string member(const object& in, std::string_view name) {
  const value* found = in.if_contains(name);
  return found != nullptr && found->is_string() ? std::string{found->get_string()} : std::string{};
}

std::string_view without_prefix(std::string_view path) {
  if (path.starts_with("/legacy/")) path.remove_prefix(7);  // where SuiteCRM 8 has it
  return path;
}

class SuiteCrm final : public Dialect {
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
    return slashes > 4 ? "read" : "query";
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
    return module_call(request, path.substr(14), world);
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

  void revoke_tokens() override { tokens_.clear(); }
  void set_daily_limit(std::uint64_t /*calls*/) override {}  // there is no allowance

 private:
  net::HttpResponse token(const net::HttpRequest& request, const World& world) {
    const auto body = object_of(request.body);
    const std::string grant = body ? member(*body, "grant_type") : std::string{};
    if (request.method != "POST" || grant != "client_credentials") {
      return oauth_failure(400, "unsupported_grant_type",
                           "The authorization grant type is not supported by the authorization server.",
                           "Check that all required parameters have been provided");
    }
    if (member(*body, "client_id") != world.credentials.client_id ||
        member(*body, "client_secret") != world.credentials.client_secret)
      return oauth_failure(401, "invalid_client", "Client authentication failed");
    const std::string token =
        "suitecrm-access-" + std::to_string(++issued_) + "-" + std::to_string(unix_millis(world.now));
    tokens_[token] = world.now + std::chrono::seconds{kTokenSeconds};
    return json_answer(200, object{{"token_type", "Bearer"}, {"expires_in", kTokenSeconds}, {"access_token", token}});
  }

  bool is_authorised(const net::HttpRequest& request, const World& world) const {
    std::string_view header = request.header("authorization");
    if (!header.starts_with("Bearer ")) return false;
    const auto found = tokens_.find(header.substr(7));
    return found != tokens_.end() && world.now < found->second;
  }

  static const Model* model_named(std::string_view name) {
    const auto modules = suitecrm_modules();
    const auto found =
        std::find_if(modules.begin(), modules.end(), [&](const Model& each) { return each.name == name; });
    return found == modules.end() ? nullptr : &*found;
  }

  static net::HttpResponse meta(std::string_view what, World& world) {
    if (what == "modules") {
      object modules;
      for (const Model& each : suitecrm_modules()) {
        const std::string name{each.name};
        modules[name] = object{{"label", name}, {"access", array{"access", "view", "list", "edit", "delete"}}};
      }
      return suitecrm_answer(200, {{"data", object{{"type", "modules"}, {"attributes", std::move(modules)}}}});
    }
    const std::string_view module = what.starts_with("fields/") ? what.substr(7) : std::string_view{};
    const Model* model = model_named(module);
    if (model == nullptr) return suitecrm_failure(400, "Module " + std::string{module} + " does not exist");
    return SuiteModule{world, *model}.fields_told();
  }

  /// `rest`: what follows /Api/V8/module.
  static net::HttpResponse module_call(const net::HttpRequest& request, std::string_view rest, World& world) {
    if (rest.empty()) return write(request, world);
    rest.remove_prefix(1);
    const std::string name{rest.substr(0, rest.find('/'))};
    const Model* model = model_named(name);
    if (model == nullptr) return suitecrm_failure(400, "Module " + name + " does not exist");
    const SuiteModule module{world, *model};
    const std::string id{rest.substr(std::min(name.size() + 1, rest.size()))};
    if (id.empty()) return module.list(request);
    return request.method == "DELETE" ? module.remove(id) : module.one(request, id);
  }

  static net::HttpResponse write(const net::HttpRequest& request, World& world) {
    const auto body = object_of(request.body);
    const value* data = body ? body->if_contains("data") : nullptr;
    if (data == nullptr || !data->is_object()) return suitecrm_failure(400, "The required option \"data\" is missing");
    const Model* model = model_named(member(data->get_object(), "type"));
    if (model == nullptr)
      return suitecrm_failure(400, "Module " + member(data->get_object(), "type") + " does not exist");
    const value* attributes = data->get_object().if_contains("attributes");
    const object given = attributes != nullptr && attributes->is_object() ? attributes->get_object() : object{};
    if (request.method == "POST") return SuiteModule{world, *model}.create(given);
    return SuiteModule{world, *model}.update(member(data->get_object(), "id"), given);
  }

  std::map<std::string, TimePoint, std::less<>> tokens_;  ///< with their end
  std::uint64_t issued_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_suitecrm() {
  return std::make_unique<SuiteCrm>();
}

}  // namespace crmpulse::sandbox
