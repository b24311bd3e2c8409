// EspoCRM's REST API: an API key in a header, filters in the query string, reasons in a header.

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "core/text/ascii.h"
#include "sandbox/espocrm/entities.h"
#include "sandbox/espocrm/where.h"
#include "sandbox/expression/refusal.h"
#include "sandbox/vendor/reply.h"
#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using namespace selfhosted;

constexpr std::string_view kPrefix = "/api/v1/";
constexpr std::string_view kVersion = "9.1.5";
constexpr std::size_t kMaxSize = 200;
constexpr std::size_t kDefaultSize = 20;

net::HttpResponse failure(int status, const std::string& reason) {
  net::HttpResponse answer{status, {{"Content-Type", "application/json"}}, {}};
  if (!reason.empty()) answer.headers.emplace_back("X-Status-Reason", reason);
  return answer;
}

/// What a list request asks for, from the query string or from its `searchParams`.
struct Search {
  value where;
  std::string text;
  std::string order_by;
  bool descending = false;
  std::size_t offset = 0;
  std::size_t size = kDefaultSize;
  std::vector<std::string> select;
};

Search search_of(const net::HttpRequest& request) {
  const auto bad = [](const std::string& name) { return Refusal{Refusal::Kind::value, name, {}, "Bad " + name + "."}; };
  object given = nested(request.query);
  if (const value* packed = given.if_contains("searchParams"); packed != nullptr && packed->is_string()) {
    boost::system::error_code error;
    const value parsed = boost::json::parse(packed->get_string(), error);
    if (error || !parsed.is_object()) throw bad("searchParams");
    for (const auto& member : parsed.get_object()) given[member.key()] = member.value();
  }
  const auto text = [&](const char* name) {
    const value* member = given.if_contains(name);
    if (member == nullptr) return std::string{};
    return member->is_string() ? std::string{member->get_string()} : boost::json::serialize(*member);
  };
  const auto number = [&](const char* name, std::size_t otherwise) {
    const std::string written = text(name);
    if (written.empty()) return otherwise;
    const auto read = number_from<std::size_t>(written);
    if (!read) throw bad(name);
    return *read;
  };
  Search search;
  if (const value* where = given.if_contains("where")) search.where = *where;
  if (const value* where = given.if_contains("whereGroup")) search.where = *where;
  // A client that forgets to write it as PHP does sends one text.
  if (search.where.is_string()) throw bad("where");
  search.text = text("textFilter").empty() ? text("q") : text("textFilter");
  search.order_by = text("orderBy");
  const std::string order = ascii::lower(text("order"));
  if (!order.empty() && order != "asc" && order != "desc" && order != "true" && order != "false") throw bad("order");
  search.descending = order == "desc" || order == "true";
  search.offset = number("offset", 0);
  search.size = number("maxSize", kDefaultSize);
  search.select = comma_list(text("attributeSelect").empty() ? text("select") : text("attributeSelect"));
  return search;
}

class Entity {
 public:
  Entity(World& world, const Object& model) : world_(world), model_(model) {}

  net::HttpResponse list(const net::HttpRequest& request) const {
    const Search search = search_of(request);
    if (search.size > kMaxSize) return failure(403, "Max size should should not exceed 200. Use offset and limit.");
    auto condition = parse_where(search.where, [this](std::string_view name) { return attribute(name); }, world_.now);
    if (!search.text.empty()) {
      condition = all_of({std::move(condition), where("name", Compare::like, Value{"%" + search.text + "%"})});
    }
    auto rows = selfhosted::select(world_.company, model_, condition, world_.now);
    if (!search.order_by.empty()) {
      if (attribute(search.order_by) == nullptr) return failure(400, "Bad orderBy.");
      sort_rows(rows, {{search.order_by, search.descending}}, false);
    }
    array list;
    for (std::size_t i = search.offset; i < rows.size() && list.size() < search.size; ++i)
      list.push_back(shown(rows[i], search.select));
    return json_answer(200, object{{"total", rows.size()}, {"list", std::move(list)}});
  }

  net::HttpResponse one(const std::string& id) const {
    const auto row = selfhosted::read(world_.company, model_, espocrm_id_from(id), world_.now);
    return row ? json_answer(200, shown(*row, {})) : not_found(id);
  }

  net::HttpResponse create(const object& given, bool skip_duplicate_check) const {
    const std::string_view required = model_.find("lastName") != nullptr ? "lastName" : "name";
    const value* name = given.if_contains(required);
    if (name == nullptr || !name->is_string() || name->get_string().empty()) {
      return failure(400, "Field validation failure; entityType: " + std::string{model_.name} +
                              ", field: " + std::string{required} + ", type: required.");
    }
    Fields fields = canonical(given);
    if (!skip_duplicate_check) {
      const array same = duplicates(fields);
      if (!same.empty()) {
        net::HttpResponse answer = json_answer(409, same);
        answer.headers.emplace_back("X-Status-Reason", R"({"reason":"duplicate"})");
        return answer;
      }
    }
    const RecordId id = world_.company.create(model_.kind(), std::move(fields), world_.company.api_user(), world_.now);
    return one(espocrm_id(id));
  }

  net::HttpResponse update(const std::string& id, const object& given) const {
    if (!selfhosted::read(world_.company, model_, espocrm_id_from(id), world_.now)) return not_found(id);
    world_.company.update(espocrm_id_from(id), canonical(given), world_.company.api_user(), world_.now);
    return one(id);
  }

  net::HttpResponse remove(const std::string& id) const {
    if (!selfhosted::read(world_.company, model_, espocrm_id_from(id), world_.now)) return not_found(id);
    world_.company.remove(espocrm_id_from(id), world_.company.api_user(), world_.now);
    return json_answer(200, true);
  }

 private:
  const Field* attribute(std::string_view name) const {
    const bool missing = world_.missing("") == std::string{model_.name} + "." + std::string{name};
    return missing ? nullptr : model_.find(name);
  }

  static net::HttpResponse not_found(const std::string& id) {
    return failure(404, "Record " + id + " does not exist.");
  }

  /// `names`: what was selected; unknown ones are passed over, as EspoCRM does.
  object shown(const ModelRow& row, const std::vector<std::string>& names) const {
    object out{{"id", espocrm_id(row.id)}};
    for (const Field& each : model_.fields) {
      const bool wanted = names.empty() || std::find(names.begin(), names.end(), each.name) != names.end();
      if (!wanted || each.type == FieldType::id || attribute(each.name) == nullptr) continue;
      const auto found = row.fields.find(each.name);
      out[std::string{each.name}] = found == row.fields.end() ? value() : json_of(each, found->second);
    }
    return out;
  }

  static value json_of(const Field& each, const Value& stored) {
    if (const auto* flag = std::get_if<bool>(&stored)) return *flag;
    if (const auto* text = std::get_if<std::string>(&stored)) return value(*text);
    if (const auto* at = std::get_if<TimePoint>(&stored))
      return value(each.type == FieldType::date ? sql_date(*at) : sql_time(*at));
    const double n = std::get<double>(stored);
    if (each.type == FieldType::reference) return value(espocrm_id(static_cast<RecordId>(n)));
    return number_json(n);
  }

  Fields canonical(const object& given) const {
    Fields fields;
    for (const auto& [name, json] : given) {
      const Field* known = attribute(name);
      if (known == nullptr) continue;  // EspoCRM passes over what it does not know
      const auto parsed = value_from(known->type, json, espocrm_id_from);
      if (!parsed) throw not_valid(name, "valid");
      check_value(*known, *parsed);
      store(*known, *parsed, fields);
    }
    return fields;
  }

  void check_value(const Field& known, const Value& value) const {
    switch (mismatch_of(Lookup{world_.company, world_.now}, known, value)) {
      case Mismatch::none: return;
      case Mismatch::length: throw not_valid(known.name, "maxLength");
      case Mismatch::option: throw not_valid(known.name, "valid");
      case Mismatch::reference: break;
    }
    throw Refusal{Refusal::Kind::object, std::string{known.name}, {}, "Can't relate with non-existing record."};
  }

  Refusal not_valid(std::string_view name, const std::string& rule) const {
    return {Refusal::Kind::value,
            std::string{name},
            {},
            "Field validation failure; entityType: " + std::string{model_.name} + ", field: " + std::string{name} +
                ", type: " + rule + "."};
  }

  /// Records with the same e-mail address or the same full name.
  array duplicates(const Fields& fields) const {
    const auto get = [&](const char* name) {
      const auto found = fields.find(name);
      return found == fields.end() ? Value{} : found->second;
    };
    std::vector<Condition> same;
    if (!is_null(get("email")) && model_.find("emailAddress") != nullptr)
      same.push_back(where("emailAddress", Compare::equal, get("email")));
    if (model_.find("lastName") != nullptr && !is_null(get("first_name"))) {
      same.push_back(all_of({where("firstName", Compare::equal, get("first_name")),
                             where("lastName", Compare::equal, get("last_name"))}));
    }
    if (model_.name == "Account") same.push_back(where("name", Compare::equal, get("name")));
    array out;
    if (same.empty()) return out;
    for (const ModelRow& row : selfhosted::select(world_.company, model_, any_of(same), world_.now))
      out.push_back(shown(row, {"name", "emailAddress"}));
    return out;
  }

  World& world_;
  const Object& model_;
};

class EspoCrm final : public VendorApi {
 public:
  [[nodiscard]] std::string_view name() const override { return "espocrm"; }

  /// Entities and controllers begin with a capital; other vendors' paths below /api/v1 do not.
  [[nodiscard]] bool owns(const net::HttpRequest& request) const override {
    const std::string_view path = request.path;
    return path.starts_with(kPrefix) && path.size() > kPrefix.size() && path[kPrefix.size()] >= 'A' &&
           path[kPrefix.size()] <= 'Z';
  }

  [[nodiscard]] std::string operation(const net::HttpRequest& request) const override {
    const std::string_view rest = std::string_view{request.path}.substr(kPrefix.size());
    if (rest == "Settings" || rest == "I18n" || rest.starts_with("App/")) return "health";
    if (rest == "Metadata") return "describe";
    if (request.method == "POST") return "create";
    if (request.method == "PUT" || request.method == "PATCH") return "update";
    if (request.method == "DELETE") return "delete";
    if (rest.find('/') != std::string_view::npos) return "read";
    return request.query.contains("q") || request.query.contains("textFilter") ? "search" : "query";
  }

  net::HttpResponse answer(const net::HttpRequest& request, World& world, Call& call) override {
    const std::string_view rest = std::string_view{request.path}.substr(kPrefix.size());
    const bool is_administrator =
        basic_login(request) == std::pair{world.credentials.username, world.credentials.client_secret};
    const bool revoked = world.fault("token_revoked", call.operation) != nullptr;
    const bool authorised =
        !revoked && (is_administrator || request.header("x-api-key") == world.credentials.static_token);
    if (rest == "Settings" || rest == "I18n") return json_answer(200, settings(authorised));
    if (!authorised) return failure(401, "");
    call.counted = true;
    if (rest == "App/user") return json_answer(200, session(world));
    if (rest.starts_with("AuthLogRecord") && !is_administrator) return failure(403, "No access.");
    const auto answer = understood([&] { return entity_call(request, rest, world); });
    if (answer) return *answer;
    return failure(answer.error().kind == Refusal::Kind::object ? 403 : 400, answer.error().message);
  }

  net::HttpResponse fault_answer(const FaultRule& fault, World& /*world*/) override {
    if (fault.fault == "permission") return failure(403, "No access.");
    net::HttpResponse answer = failure(500, "");
    if (fault.fault == "maintenance") answer = failure(503, "Application is in maintenance mode.");
    if (fault.fault == "rate_limited" || fault.fault == "quota_gone") answer = failure(429, "");
    if (answer.status != 500 && fault.seconds > 0)
      answer.headers.emplace_back("Retry-After", std::to_string(static_cast<int>(fault.seconds)));
    return answer;
  }

  void revoke_tokens() override {}  // every call carries the key, which is refused while the fault lasts
  void set_daily_limit(std::uint64_t /*calls*/) override {}

 private:
  static value settings(bool authorised) {
    object out{{"applicationName", "EspoCRM"}, {"theme", "Espo"}, {"language", "en_US"}};
    if (authorised) out["version"] = std::string{kVersion};
    return out;
  }

  static value session(const World& world) {
    const Record* user = world.company.find(world.company.api_user());
    const std::string name = user == nullptr ? std::string{} : text_of(field(*user, "name"));
    return object{{"user", object{{"id", espocrm_id(world.company.api_user())}, {"userName", name}, {"type", "api"}}},
                  {"acl", object{{"table", object{}}}},
                  {"settings", settings(true)}};
  }

  static net::HttpResponse entity_call(const net::HttpRequest& request, std::string_view rest, World& world) {
    const std::string name{rest.substr(0, rest.find('/'))};
    const std::string id{rest.substr(std::min(name.size() + 1, rest.size()))};
    const auto entities = espocrm_entities();
    const auto model =
        std::find_if(entities.begin(), entities.end(), [&](const Object& each) { return each.name == name; });
    if (model == entities.end()) return failure(404, "Entity type '" + name + "' does not exist.");
    const Entity entity{world, *model};
    if (request.method == "GET") return id.empty() ? entity.list(request) : entity.one(id);
    if (request.method == "DELETE") return entity.remove(id);
    if (!model->is_stored()) return failure(403, "No create access.");
    boost::system::error_code error;
    const value body = boost::json::parse(request.body, error);
    if (error || !body.is_object()) return failure(400, "Bad JSON.");
    if (request.method == "POST" && id.empty())
      return entity.create(body.get_object(), request.header("x-skip-duplicate-check") == "true");
    if (request.method == "PUT" || request.method == "PATCH") return entity.update(id, body.get_object());
    return failure(405, "");
  }
};

}  // namespace

std::unique_ptr<VendorApi> make_espocrm() {
  return std::make_unique<EspoCrm>();
}

}  // namespace crmpulse::sandbox
