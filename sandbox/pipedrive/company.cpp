// Pipedrive's company: users, stages, pipelines, fields; and the status page.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "sandbox/pipedrive/parts.h"

namespace crmpulse::sandbox::pipedrive {
namespace {

namespace json = boost::json;

json::object user_json(const Ask& ask, const Record& user) {
  const bool active = truth_of(field(user, "active"));
  return {{"id", user.id},
          {"name", text_field(user, "name")},
          {"email", text_field(user, "email")},
          {"active_flag", active},
          {"is_deleted", false},
          {"activated", true},
          {"is_admin", user.id == ask.world.company.api_user() ? 1 : 0},
          {"is_you", user.id == ask.world.company.api_user()},
          {"timezone_name", "Etc/UTC"},
          {"created", time_json(user.created, 1)},
          {"modified", time_json(user.modified, 1)},
          {"last_login", time_json(field(user, "last_login"), 1)}};
}

net::HttpResponse users(const Ask& ask) {
  const Company& company = ask.world.company;
  const std::string_view which = ask.route.part(1);
  if (which == "me") {
    json::object me = user_json(ask, *company.find(company.api_user()));
    me["company_id"] = 8'412'773;
    me["company_name"] = "Sandbox Company";
    me["company_domain"] = "sandbox";
    return success(std::move(me));
  }
  if (!which.empty()) {
    const Record* user = company.find(parse_id(which).value_or(0));
    if (user == nullptr || user->kind != Kind::user || user->deleted) return error(404, "User not found");
    return success(user_json(ask, *user));
  }
  json::array data;
  for (const RecordId id : company.of(Kind::user)) {
    if (!company.find(id)->deleted) data.push_back(user_json(ask, *company.find(id)));
  }
  return success(std::move(data));
}

net::HttpResponse stages(const Ask& ask) {
  json::array data;
  for (const std::string_view name : kStages) {
    data.push_back({{"id", data.size() + 1},
                    {"name", name},
                    {"order_nr", data.size()},
                    {"pipeline_id", 1},
                    {"is_deleted", false},
                    {"is_deal_rot_enabled", false},
                    {"days_to_rotten", nullptr}});
  }
  const std::size_t id = bounded(ask.route.part(1), 0, 0, 1000);
  if (ask.route.part(1).empty()) return success(std::move(data), {{"additional_data", {{"next_cursor", nullptr}}}});
  if (id < 1 || id > data.size()) return error(404, "Stage not found");
  return success(data[id - 1]);
}

net::HttpResponse pipelines() {
  return success(json::array{json::object{{"id", 1}, {"name", "Pipeline"}, {"order_nr", 1}, {"is_deleted", false}}},
                 {{"additional_data", {{"next_cursor", nullptr}}}});
}

net::HttpResponse deal_fields(const Ask& ask) {
  const Object* deals = ask.schema.object("deals");
  if (deals == nullptr) return error(404, "Unknown path");
  json::array data;
  for (const Field* field : ask.schema.fields(*deals))
    data.push_back({{"id", data.size() + 1}, {"key", field->name}, {"name", field->name}, {"active_flag", true}});
  return success(std::move(data));
}

}  // namespace

net::HttpResponse answer_company(const Ask& ask) {
  const std::string_view first = ask.route.part(0);
  if (ask.request.method != "GET") return error(405, "Method not allowed");
  if (first == "users" && ask.route.version == 1) return users(ask);
  if (first == "stages") return stages(ask);
  if (first == "pipelines") return pipelines();
  if (first == "dealFields") return deal_fields(ask);
  return error(404, "Unknown path");
}

/// The page's real form is not known; this one is simple: a state for the page, and open notices.
net::HttpResponse answer_status_page(const World& world) {
  std::string state = "operational";
  json::array notices;
  if (world.fault("maintenance", "status") != nullptr) state = "under_maintenance";
  if (const auto* incident = world.fault("vendor_incident", "status"); incident != nullptr) {
    state = incident->name.empty() ? "major_outage" : incident->name;
    notices.push_back({{"type", "unplanned"}, {"state", "open"}, {"subject", "Errors in the API"}});
  }
  return json_reply(200, {{"page", {{"name", "Pipedrive"}, {"state", state}, {"url", world.origin}}},
                          {"notices", std::move(notices)}});
}

}  // namespace crmpulse::sandbox::pipedrive
