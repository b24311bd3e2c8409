// api.status.salesforce.com: what the vendor says about its instances.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/text/ascii.h"
#include "sandbox/salesforce/parts.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox::salesforce {
namespace {

boost::json::object incident(const World& world, const std::string& status) {
  const std::string begin = format_time(world.now - std::chrono::minutes{12});
  const bool core = status.ends_with("_CORE");
  return {{"id", 20001001},
          {"message", {{"rootCause", nullptr}, {"actionPlan", nullptr}, {"maintenanceType", nullptr}}},
          {"externalId", "20001001"},
          {"affectsAll", false},
          {"isCore", core},
          {"createdAt", begin},
          {"updatedAt", begin},
          {"status", "Investigating"},
          {"type", status.substr(0, status.find("_INCIDENT"))},
          {"instanceKeys", {kInstance}},
          {"serviceKeys", {"coreService"}},
          {"IncidentImpacts",
           {{{"id", 1},
             {"startTime", begin},
             {"endTime", nullptr},
             {"type", "performanceDegradation"},
             {"severity", status.starts_with("MAJOR") ? "major" : "minor"}}}},
          {"IncidentEvents",
           {{{"id", 1},
             {"type", "investigating"},
             {"message", "Requests to this instance are slow or fail."},
             {"createdAt", begin}}}}};
}

boost::json::object maintenance(const World& world) {
  return {{"id", 30001001},
          {"name", "Emergency maintenance"},
          {"isCore", true},
          {"plannedStartTime", format_time(world.now - std::chrono::minutes{5})},
          {"plannedEndTime", format_time(world.now + std::chrono::hours{1})},
          {"instanceKeys", {kInstance}}};
}

std::string status_of(const World& world) {
  if (const FaultRule* rule = world.fault("vendor_incident", "status"))
    return rule->name.empty() ? "MINOR_INCIDENT_CORE" : rule->name;
  return world.fault("maintenance", "status") != nullptr ? "MAINTENANCE_CORE" : "OK";
}

boost::json::object instance(const World& world, bool whole) {
  const std::string status = status_of(world);
  boost::json::object out{{"key", kInstance},
                          {"location", "EMEA"},
                          {"environment", "production"},
                          {"releaseVersion", "Winter '27 Patch 10.1"},
                          {"releaseNumber", "264.10.1"},
                          {"status", status},
                          {"isActive", true}};
  if (!whole) return out;
  boost::json::array incidents;
  boost::json::array maintenances;
  if (status.find("_INCIDENT") != std::string::npos) incidents.push_back(incident(world, status));
  if (status.starts_with("MAINTENANCE")) maintenances.push_back(maintenance(world));
  out["Services"] = boost::json::array{{{"key", "coreService"}, {"order", 1}, {"isCore", true}}};
  out["Incidents"] = std::move(incidents);
  out["Maintenances"] = std::move(maintenances);
  return out;
}

}  // namespace

net::HttpResponse serve_status(const World& world, std::string_view path) {
  const auto parts = path_parts(path);  // v1, instances, SBX1, status
  if (parts.size() == 2 && parts[1] == "instances") return json_reply(200, boost::json::array{instance(world, false)});
  if (parts.size() == 3 && parts[1] == "instances" && parts[2] == "status")
    return json_reply(200, boost::json::array{instance(world, true)});
  if (parts.size() >= 3 && parts[1] == "instances" && ascii::same_without_case(parts[2], kInstance))
    return json_reply(200, instance(world, true));
  if (parts.size() == 3 && parts[1] == "incidents" && parts[2] == "active")
    return json_reply(200, instance(world, true)["Incidents"]);
  return json_reply(404, {{"message", fmt::format("{} is not found", path)}});
}

}  // namespace crmpulse::sandbox::salesforce
