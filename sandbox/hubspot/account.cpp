// HubSpot's account: details, logins, usage, users, owners, limits; properties, pipelines; associations; status page.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/hubspot/parts.h"

namespace crmpulse::sandbox::hubspot {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kMostRecords = 15'000'000;
constexpr Duration kLoginsKept = std::chrono::hours{90 * 24};

json::value at(const Value& value) {
  return property_value(value, FieldType::time);
}

net::HttpResponse details() {
  return json_reply(200, {{"portalId", kPortal},
                          {"accountType", "STANDARD"},
                          {"timeZone", "UTC"},
                          {"companyCurrency", "USD"},
                          {"additionalCurrencies", json::array{}},
                          {"utcOffset", "+00:00"},
                          {"utcOffsetMilliseconds", 0},
                          {"uiDomain", "app.hubspot.com"},
                          {"dataHostingLocation", "na1"}});
}

/// `results` from `after` on, at most `limit`, and where the next page begins.
json::object page_of(const Ask& ask, const std::vector<json::object>& all, std::size_t otherwise, std::size_t most) {
  const std::size_t limit = limit_of(ask, otherwise, most);
  const std::size_t from = after_of(ask, all.size());
  const std::size_t to = std::min(all.size(), from + limit);
  json::array results;
  for (std::size_t index = from; index < to; ++index) results.push_back(all[index]);
  json::object body{{"results", std::move(results)}};
  if (to < all.size()) body["paging"] = {{"next", {{"after", std::to_string(to)}}}};
  return body;
}

net::HttpResponse logins(const Ask& ask) {
  Query query;
  query.from = Kind::login;
  query.where = where("at", Compare::greater_equal, ask.world.now - kLoginsKept);
  query.order_by.push_back({0, "at", std::nullopt, true, true});
  std::vector<json::object> all;
  for (const Row& row : evaluate(ask.world.company, query, ask.world.now).rows) {
    const Record& login = *ask.world.company.find(row.id);
    const Record* user = ask.world.company.find(id_of(field(login, "user")));
    all.push_back({{"id", std::to_string(login.id)},
                   {"loginAt", at(field(login, "at"))},
                   {"loginSucceeded", text_field(login, "status") == "Success"},
                   {"userId", id_of(field(login, "user"))},
                   {"email", user != nullptr ? text_field(*user, "email") : ""},
                   {"ipAddress", "192.0.2.10"},
                   {"location", "Lisbon, Portugal"},
                   {"userAgent", text_field(login, "application")},
                   {"countryCode", "pt"},
                   {"regionCode", "11"}});
  }
  return json_reply(200, page_of(ask, all, 100, 1000));
}

net::HttpResponse daily_usage(const Ask& ask) {
  const TimePoint tomorrow = std::chrono::floor<std::chrono::days>(ask.world.now) + std::chrono::days{1};
  return json_reply(200, {{"results", json::array{json::object{{"name", "private-apps-api-calls-daily"},
                                                               {"usageLimit", ask.daily.limit},
                                                               {"currentUsage", ask.daily.used},
                                                               {"collectedAt", at(ask.world.now)},
                                                               {"fetchStatus", "SUCCESS"},
                                                               {"resetsAt", at(tomorrow)}}}}});
}

std::vector<const Record*> people(const Ask& ask, bool active) {
  std::vector<const Record*> users;
  for (const RecordId id : ask.world.company.of(Kind::user)) {
    const Record* user = ask.world.company.find(id);
    if (user != nullptr && !user->deleted && truth_of(field(*user, "active")) == active) users.push_back(user);
  }
  return users;
}

std::pair<std::string, std::string> names_of(const Record& user) {
  const std::string name = text_field(user, "name");
  const auto blank = name.find(' ');
  if (blank == std::string::npos) return {"", name};
  return {name.substr(0, blank), name.substr(blank + 1)};
}

/// Owners are users; one who has left is an archived owner.
net::HttpResponse owners(const Ask& ask) {
  std::vector<json::object> all;
  const bool archived = query_value(ask.request, "archived") == "true";
  for (const Record* user : people(ask, !archived)) {
    const auto [first, last] = names_of(*user);
    all.push_back({{"id", std::to_string(user->id)},
                   {"email", text_field(*user, "email")},
                   {"type", "PERSON"},
                   {"firstName", first},
                   {"lastName", last},
                   {"userId", user->id},
                   {"userIdIncludingInactive", user->id},
                   {"createdAt", at(user->created)},
                   {"updatedAt", at(user->modified)},
                   {"archived", archived}});
  }
  const std::string one{ask.route.part(1)};
  if (one.empty()) return json_reply(200, page_of(ask, all, 100, 500));
  for (json::object& owner : all) {
    if (text_member(owner, "id") == one) return json_reply(200, owner);
  }
  return error(404, "OBJECT_NOT_FOUND", "owner not found");
}

net::HttpResponse users(const Ask& ask) {
  std::vector<json::object> all;
  for (const Record* user : people(ask, true)) {
    const auto [first, last] = names_of(*user);
    all.push_back({{"id", std::to_string(user->id)},
                   {"email", text_field(*user, "email")},
                   {"firstName", first},
                   {"lastName", last},
                   {"roleIds", json::array{}},
                   {"superAdmin", user->id == ask.world.company.api_user()}});
  }
  return json_reply(200, page_of(ask, all, 100, 100));
}

std::uint64_t count(const Ask& ask, const Object& object) {
  Query query;
  query.limit = 1;
  return answer_query(ask.lookup, object, query).total;
}

std::string title(std::string_view path) {
  std::string text{path.substr(0, path.find('_'))};
  text.front() = static_cast<char>(text.front() - 32);
  return text;
}

net::HttpResponse record_limits(const Ask& ask) {
  json::array types;
  for (const Object& object : ask.schema.objects()) {
    if (!object.writable || ask.schema.object(object.name) == nullptr) continue;
    const std::uint64_t usage = count(ask, object);
    types.push_back({{"objectTypeId", object.alias},
                     {"pluralLabel", title(object.name)},
                     {"singularLabel", title(object.name)},
                     {"usage", usage},
                     {"limit", kMostRecords},
                     {"percentage", static_cast<double>(usage) * 100 / static_cast<double>(kMostRecords)}});
  }
  return json_reply(200, {{"hubspotDefinedObjectTypes", std::move(types)},
                          {"customObjectTypes", {{"usage", 0}, {"limit", 0}, {"byObjectType", json::array{}}}}});
}

std::string_view property_type(const Field& field) {
  if (!field.options.empty()) return "enumeration";
  switch (field.type) {
    case FieldType::number: return "number";
    case FieldType::boolean: return "bool";
    case FieldType::date: return "date";
    case FieldType::time: return "datetime";
    default: return "string";
  }
}

std::string_view field_type(const Field& field) {
  if (!field.options.empty()) return "select";
  return field.type == FieldType::number ? "number" : field.type == FieldType::long_text ? "textarea" : "text";
}

json::object property_json(const Field& field) {
  json::array options;
  for (const std::string_view option : field.options)
    options.push_back({{"label", option}, {"value", option}, {"displayOrder", options.size()}, {"hidden", false}});
  return {{"name", field.name},
          {"label", field.name},
          {"type", property_type(field)},
          {"fieldType", field_type(field)},
          {"options", std::move(options)},
          {"groupName", "information"},
          {"calculated", field.read != nullptr && field.write == nullptr},
          {"archived", false},
          {"modificationMetadata", {{"readOnlyValue", field.read_only}}}};
}

net::HttpResponse properties(const Ask& ask) {
  const std::string type{ask.route.part(1)};
  const Object* object = ask.schema.object(type);
  if (object == nullptr) return no_such_object(type);
  if (const std::string_view name = ask.route.part(2); !name.empty()) {
    const Field* field = ask.schema.field(*object, name);
    if (field == nullptr) return error(404, "OBJECT_NOT_FOUND", fmt::format("Property \"{}\" does not exist", name));
    return json_reply(200, property_json(*field));
  }
  json::array results;
  for (const Field* field : ask.schema.fields(*object)) results.push_back(property_json(*field));
  return json_reply(200, {{"results", std::move(results)}});
}

struct Stage {
  std::string_view label;
  std::string_view probability;
  bool closed = false;
};
constexpr std::array kDealStages{Stage{"Prospecting", "0.1"},      Stage{"Qualification", "0.2"},
                                 Stage{"Proposal", "0.5"},         Stage{"Negotiation", "0.8"},
                                 Stage{"Closed Won", "1.0", true}, Stage{"Closed Lost", "0.0", true}};
constexpr std::array kTicketStages{Stage{"New", ""}, Stage{"Working", ""}, Stage{"Escalated", ""},
                                   Stage{"Closed", "", true}};
constexpr std::array kLeadStages{Stage{"Open - Not Contacted", ""}, Stage{"Working - Contacted", ""},
                                 Stage{"Closed - Converted", "", true}, Stage{"Closed - Not Converted", "", true}};

net::HttpResponse pipelines(const Ask& ask) {
  const std::string type{ask.route.part(1)};
  std::span<const Stage> stages = kDealStages;
  if (type == "tickets") stages = kTicketStages;
  if (type == "leads") stages = kLeadStages;
  if (type != "deals" && type != "tickets" && type != "leads") return no_such_object(type);
  json::array list;
  for (const Stage& stage : stages) {
    json::object metadata{{"isClosed", stage.closed ? "true" : "false"}};
    if (!stage.probability.empty()) metadata["probability"] = stage.probability;
    if (type == "tickets") metadata = {{"ticketState", stage.closed ? "CLOSED" : "OPEN"}};
    list.push_back({{"id", internal_name(stage.label)},
                    {"label", stage.label},
                    {"displayOrder", list.size()},
                    {"metadata", std::move(metadata)},
                    {"archived", false}});
  }
  json::object pipeline{{"id", "default"}, {"label", "Pipeline"}, {"displayOrder", 0}, {"archived", false}};
  pipeline["stages"] = std::move(list);
  if (!ask.route.part(2).empty()) return json_reply(200, pipeline);
  return json_reply(200, {{"results", json::array{std::move(pipeline)}}});
}

/// Records of type `to` that belong to `id`: a deal's company, a company's deals.
json::array associated(const Ask& ask, RecordId id, const Object& to) {
  json::array list;
  const auto add = [&list](RecordId other, std::string_view type) {
    list.push_back({{"id", std::to_string(other)},
                    {"toObjectId", other},
                    {"type", type},
                    {"associationTypes", json::array{{{"category", "HUBSPOT_DEFINED"}, {"typeId", 5}}}}});
  };
  const Record* record = ask.world.company.find(id);
  if (record == nullptr || record->deleted) return list;
  const char* link = to.kind() == Kind::account ? "account" : to.kind() == Kind::contact ? "contact" : nullptr;
  const RecordId other = link != nullptr ? id_of(field(*record, link)) : 0;
  if (other != 0) add(other, "primary");
  if (record->kind != Kind::account || to.kind() == Kind::account) return list;
  Query query;
  query.from = to.kind();
  query.where = where("account", Compare::equal, static_cast<double>(id));
  for (const Row& row : evaluate(ask.world.company, query, ask.world.now).rows) add(row.id, "primary");
  return list;
}

struct PageState {
  std::string indicator = "none";  ///< none, minor, major, critical
  std::string description = "All Systems Operational";
  std::string component = "operational";
};

PageState state_of(const World& world) {
  if (const auto* incident = world.fault("vendor_incident", "status"); incident != nullptr) {
    const std::string indicator = incident->name.empty() ? "major" : incident->name;
    return {indicator, "Service disruption", indicator == "minor" ? "partial_outage" : "major_outage"};
  }
  if (world.fault("maintenance", "status") != nullptr)
    return {"maintenance", "Service Under Maintenance", "under_maintenance"};
  return {};
}

json::object component(std::string_view id, std::string_view name, std::string_view status, TimePoint now) {
  return {{"id", id},         {"name", name},
          {"status", status}, {"updated_at", at(now)},
          {"group", false},   {"only_show_if_degraded", false}};
}

}  // namespace

net::HttpResponse answer_account(const Ask& ask) {
  const Route& route = ask.route;
  const std::string_view first = route.part(0);
  if (first == "owners") return owners(ask);
  if (first == "settings") return route.part(1) == "users" ? users(ask) : no_such_path();
  if (first == "limits") return route.part(1) == "records" ? record_limits(ask) : no_such_path();
  if (route.part(1) == "details") return details();
  if (route.part(1) == "api-usage" && route.part(2) == "daily") return daily_usage(ask);
  if (route.part(1) == "activity" && route.part(2) == "login") return logins(ask);
  if (route.part(1) == "activity" && route.part(2) == "audit-logs")
    return error(403, "MISSING_SCOPES", "Audit logs are for Enterprise accounts");
  if (route.part(1) == "activity" && route.part(2) == "security") return json_reply(200, {{"results", json::array{}}});
  return no_such_path();
}

net::HttpResponse answer_schema(const Ask& ask) {
  return ask.route.part(0) == "pipelines" ? pipelines(ask) : properties(ask);
}

net::HttpResponse answer_associations(const Ask& ask) {
  const Route& route = ask.route;
  if (route.part(0) == "objects") {  // objects/deals/7/associations/companies
    const Object* to = ask.schema.object(route.part(4));
    if (to == nullptr) return no_such_object(route.part(4));
    return json_reply(200, {{"results", associated(ask, parse_id(route.part(2)).value_or(0), *to)}});
  }
  const Object* to = ask.schema.object(route.part(2));
  const auto input = parse_json(ask.request.body);
  const auto* inputs = input ? member(*input, "inputs") : nullptr;
  if (to == nullptr) return no_such_object(route.part(2));
  if (route.part(4) != "read" || inputs == nullptr || !inputs->is_array()) return no_such_path();
  json::array results;
  for (const auto& one : inputs->get_array()) {
    const std::string id = text_member(one, "id");
    auto list = associated(ask, parse_id(id).value_or(0), *to);
    if (!list.empty()) results.push_back({{"from", {{"id", id}}}, {"to", std::move(list)}});
  }
  return json_reply(200, {{"status", "COMPLETE"},
                          {"results", std::move(results)},
                          {"startedAt", at(ask.world.now)},
                          {"completedAt", at(ask.world.now)}});
}

net::HttpResponse answer_status_page(const Route& route, World& world) {
  const PageState state = state_of(world);
  const json::object page{{"id", "hubspot"}, {"name", "HubSpot"}, {"url", world.origin}, {"updated_at", at(world.now)}};
  const json::object status{{"indicator", state.indicator}, {"description", state.description}};
  const json::array components{component("crm", "CRM", state.component, world.now),
                               component("api", "APIs", state.component, world.now),
                               component("mail", "Email", "operational", world.now)};
  json::array incidents;
  if (world.fault("vendor_incident", "status") != nullptr)
    incidents.push_back({{"id", "sandbox-incident"},
                         {"name", "CRM and API errors"},
                         {"status", "investigating"},
                         {"impact", state.indicator},
                         {"created_at", at(world.now)}});
  const std::string_view file = route.part(1);
  json::object body{{"page", page}};
  if (file == "status.json" || file == "summary.json") body["status"] = status;
  if (file == "components.json" || file == "summary.json") body["components"] = components;
  if (file == "incidents.json" || file == "incidents" || file == "summary.json") body["incidents"] = incidents;
  if (file == "summary.json") body["scheduled_maintenances"] = json::array{};
  return body.size() > 1 ? json_reply(200, body) : no_such_path();
}

}  // namespace crmpulse::sandbox::hubspot
