// Zoho CRM's organisation: org, users, modules, fields, licences; and the status feed.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "sandbox/zoho/parts.h"

namespace crmpulse::sandbox::zoho {
namespace {

namespace json = boost::json;

constexpr RecordId kOrgRecord = 999'999'999;
constexpr int kSeats = 50;

net::HttpResponse org() {
  return json_reply(200, {{"org", json::array{json::object{{"company_name", "Sandbox Company"},
                                                           {"id", id_text(kOrgRecord)},
                                                           {"zgid", "800112233"},
                                                           {"country_code", "PT"},
                                                           {"currency", "US Dollar - USD"},
                                                           {"iso_code", "USD"},
                                                           {"time_zone", "UTC"},
                                                           {"primary_email", "admin@example.com"},
                                                           {"license_details",
                                                            {{"paid", true},
                                                             {"paid_type", "enterprise"},
                                                             {"paid_expiry", nullptr},
                                                             {"trial_type", nullptr},
                                                             {"users_license_purchased", kSeats}}}}}}});
}

constexpr std::array<std::string_view, 6> kUserTypes{"AllUsers",    "ActiveUsers",          "DeactiveUsers",
                                                     "CurrentUser", "ActiveConfirmedUsers", "ConfirmedUsers"};

bool is_wanted(std::string_view type, bool active) {
  if (type == "ActiveUsers" || type == "ActiveConfirmedUsers") return active;
  return type == "DeactiveUsers" ? !active : true;
}

std::vector<const Record*> users_of(const Ask& ask) {
  const std::string type = query_value(ask.request, "type");
  if (!type.empty() && std::find(kUserTypes.begin(), kUserTypes.end(), type) == kUserTypes.end())
    throw bad_param("type");
  std::vector<const Record*> users;
  for (const RecordId id : ask.world.company.of(Kind::user)) {
    const Record* user = ask.world.company.find(id);
    if (user == nullptr || user->deleted || !is_wanted(type, truth_of(field(*user, "active")))) continue;
    if (type != "CurrentUser" || id == ask.world.company.api_user()) users.push_back(user);
  }
  return users;
}

json::object user_json(const Ask& ask, const Record& user) {
  const bool active = truth_of(field(user, "active"));
  return {{"id", id_text(user.id)},
          {"full_name", text_field(user, "name")},
          {"email", text_field(user, "email")},
          {"status", active ? "active" : "deleted"},
          {"confirm", true},
          {"type__s", text_field(user, "type") == "Standard" ? "Regular User" : "Integration User"},
          {"profile", {{"name", "Standard"}, {"id", id_text(26)}}},
          {"role", {{"name", "Sales"}, {"id", id_text(27)}}},
          {"created_time", iso(user.created)},
          {"Modified_Time", iso(user.modified)},
          {"Modified_By", value_json(ask.lookup, field(user, "modified_by"), FieldType::reference)}};
}

net::HttpResponse users(const Ask& ask) {
  const auto all = users_of(ask);
  if (ask.part(1) == "actions" && ask.part(2) == "count") return json_reply(200, {{"count", all.size()}});
  if (!ask.part(1).empty()) {
    const Record* user = ask.world.company.find(parse_id(ask.part(1)).value_or(0));
    if (user == nullptr || user->kind != Kind::user)
      return error(400, "INVALID_DATA", "the id given seems to be invalid");
    return json_reply(200, {{"users", json::array{user_json(ask, *user)}}});
  }
  const std::size_t per_page = number_param(ask, "per_page", 200, 200);
  const std::size_t page = number_param(ask, "page", 1, 10'000);
  const std::size_t from = std::min(all.size(), (page - 1) * per_page);
  const std::size_t to = std::min(all.size(), from + per_page);
  if (from == to) return empty();
  json::array list;
  for (std::size_t at = from; at < to; ++at) list.push_back(user_json(ask, *all[at]));
  return json_reply(200, {{"users", std::move(list)}, {"info", info_json(per_page, to - from, page, to < all.size())}});
}

net::HttpResponse modules(const Ask& ask) {
  json::array list;
  for (const Object& module : ask.schema.objects()) {
    if (ask.schema.object(module.name) == nullptr) continue;
    list.push_back({{"api_name", module.name},
                    {"module_name", module.name},
                    {"singular_label", module.alias},
                    {"plural_label", module.name},
                    {"api_supported", true},
                    {"visible", true},
                    {"status", "visible"},
                    {"viewable", true},
                    {"creatable", module.writable},
                    {"editable", module.writable},
                    {"deletable", module.writable},
                    {"generated_type", "default"},
                    {"id", id_text(100 + list.size())}});
  }
  return json_reply(200, {{"modules", std::move(list)}});
}

std::string_view data_type(const Field& field) {
  if (!field.options.empty()) return "picklist";
  switch (field.type) {
    case FieldType::number: return "double";
    case FieldType::boolean: return "boolean";
    case FieldType::date: return "date";
    case FieldType::time: return "datetime";
    case FieldType::id: return "bigint";
    case FieldType::reference: return "lookup";
    case FieldType::long_text: return "textarea";
    default: return "text";
  }
}

net::HttpResponse fields(const Ask& ask) {
  const std::string name = query_value(ask.request, "module");
  const Object* module = ask.schema.object(name);
  if (module == nullptr)
    return error(400, "INVALID_MODULE", "the module name given seems to be invalid", {{"param", "module"}});
  json::array list;
  for (const Field* field : ask.schema.fields(*module)) {
    json::array options;
    for (const std::string_view option : field->options)
      options.push_back({{"display_value", option}, {"actual_value", option}});
    list.push_back({{"api_name", field->name},
                    {"field_label", field->name},
                    {"data_type", data_type(*field)},
                    {"length", field->longest != 0 ? field->longest : 255},
                    {"pick_list_values", std::move(options)},
                    {"read_only", field->read_only},
                    {"visible", true},
                    {"id", id_text(500 + list.size())}});
  }
  return json_reply(200, {{"fields", std::move(list)}});
}

net::HttpResponse licences(const Ask& ask) {
  std::size_t active = 0;
  for (const RecordId id : ask.world.company.of(Kind::user))
    active += truth_of(field(*ask.world.company.find(id), "active")) ? 1U : 0U;
  const json::object details{{"limits", {{"total", kSeats}}},
                             {"used_count", {{"total", active}}},
                             {"available_count", {{"total", kSeats - static_cast<int>(active)}}}};
  return json_reply(
      200,
      {{"__features", json::array{json::object{
                          {"api_name", "user_licenses"}, {"feature_label", "User Licenses"}, {"details", details}}}}});
}

}  // namespace

net::HttpResponse answer_settings(const Ask& ask) {
  if (ask.request.method == "GET") {
    const std::string_view first = ask.part(0);
    if (first == "org") return org();
    if (first == "users") return users(ask);
    if (first == "settings" && ask.part(1) == "modules") return modules(ask);
    if (first == "settings" && ask.part(1) == "fields") return fields(ask);
    if (first == "__features" && ask.part(1) == "user_licenses") return licences(ask);
  }
  return error(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one");
}

net::HttpResponse answer_rss(const World& world) {
  std::string status = "Operational";
  if (world.fault("maintenance", "status") != nullptr) status = "Under Maintenance";
  if (const auto* incident = world.fault("vendor_incident", "status"); incident != nullptr)
    status = incident->name.empty() ? "Major Outage" : incident->name;
  std::string items;
  for (const char* component : {"Zoho Accounts", "Zoho CRM", "Zoho CRM Plus", "Zoho Desk", "Zoho Mail"}) {
    const bool ours = component == std::string_view{"Zoho CRM"};
    items += fmt::format("<item><title>{0} - {1}</title><link>{2}/</link><description>{0} is {1}</description></item>",
                         component, ours ? status : "Operational", world.origin);
  }
  return {200,
          {{"Content-Type", "application/rss+xml;charset=utf-8"}},
          fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\"><channel><title>Zoho Service "
                      "Status</title><link>{}/</link><description>Status</description>{}</channel></rss>",
                      world.origin, items)};
}

}  // namespace crmpulse::sandbox::zoho
