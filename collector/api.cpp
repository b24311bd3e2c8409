#include "collector/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/answers.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr int kMostRows = 1000;

std::string parameter(const net::HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string{} : found->second;
}

struct StatusName {
  std::string_view name;
  store::DeliveryStatus status;
};
constexpr std::array kStatusNames{
    StatusName{"pending", store::DeliveryStatus::pending}, StatusName{"inflight", store::DeliveryStatus::inflight},
    StatusName{"delivered", store::DeliveryStatus::delivered}, StatusName{"dead", store::DeliveryStatus::dead},
    StatusName{"superseded", store::DeliveryStatus::superseded}};

net::HttpResponse no_such(std::string_view what) {
  return error_answer(404, "not_found", fmt::format("there is no such {}", what));
}

}  // namespace

void Api::add_routes(Router& router) {
  using Request = net::HttpRequest;
  router.add({"GET", "/api/v1/crms", AccessRole::viewer,
              [this](const Request&, const PathParts&, net::Respond respond) { list_crms(std::move(respond)); }});
  router.add({"GET", "/api/v1/crms/{crm}", AccessRole::viewer,
              [this](const Request&, const PathParts& parts, net::Respond respond) {
                show_crm(parts.find("crm")->second, std::move(respond));
              }});
  router.add({"GET", "/api/v1/incidents", AccessRole::viewer,
              [this](const Request& request, const PathParts&, net::Respond respond) {
                list_incidents(request, std::move(respond));
              }});
  router.add({"GET", "/api/v1/incidents/{id}", AccessRole::viewer,
              [this](const Request&, const PathParts& parts, net::Respond respond) {
                show_incident(parts.find("id")->second, std::move(respond));
              }});
  router.add({"GET", "/api/v1/deliveries", AccessRole::viewer,
              [this](const Request& request, const PathParts&, net::Respond respond) {
                list_deliveries(request, std::move(respond));
              }});
  router.add({"POST", "/api/v1/deliveries/{id}/retry", AccessRole::operator_,
              [this](const Request&, const PathParts& parts, net::Respond respond) {
                retry_delivery(parts.find("id")->second, std::move(respond));
              }});
  router.add({"GET", "/", AccessRole::viewer, [this](const Request&, const PathParts&, net::Respond respond) {
                respond(text_answer(render_page(engine_), "text/html; charset=utf-8"));
              }});
}

void Api::list_crms(net::Respond respond) const {
  json::array crms;
  for (const std::string& crm : engine_.content().engine().crms()) {
    if (const auto status = engine_.content().engine().status(crm)) crms.push_back(crm_json(engine_, *status));
  }
  respond(json_answer(json::object{{"crms", std::move(crms)}}));
}

void Api::show_crm(const std::string& crm, net::Respond respond) const {
  const auto status = engine_.content().engine().status(crm);
  respond(status ? json_answer(crm_details_json(engine_, *status)) : no_such("CRM"));
}

void Api::from_store(std::function<Result<net::HttpResponse>(store::Database&)> job, net::Respond respond) {
  auto answer = std::make_shared<net::HttpResponse>();
  const auto run = [job = std::move(job), answer](store::Database& database) -> Result<void> {
    auto made = job(database);
    if (!made) return made.error();
    *answer = std::move(*made);
    return {};
  };
  const auto done = [this, answer, respond](const Result<void>& result) {
    if (!result) log::error("a query failed", {{"why", result.error().message}});
    loop_.post([answer, respond, good = result.has_value()] {
      respond(good ? std::move(*answer) : error_answer(500, "store", "the store cannot be read"));
    });
  };
  if (!writer_.submit(run, done)) respond(busy_answer("more is arriving than the disk takes"));
}

void Api::list_incidents(const net::HttpRequest& request, net::Respond respond) {
  store::IncidentFilter filter;
  filter.crm = parameter(request, "crm");
  const std::string state = parameter(request, "state");
  if (state == "open" || state == "resolved") {
    filter.open = state == "open";
  } else if (!state.empty()) {
    return respond(error_answer(400, "parameter", "state is open or resolved", "state"));
  }
  const auto job = [filter](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::list_incidents(database, filter);
    if (!found) return found.error();
    json::array incidents;
    for (const store::StoredIncident& incident : *found) incidents.push_back(incident_json(incident));
    return json_answer(json::object{{"incidents", std::move(incidents)}});
  };
  from_store(job, std::move(respond));
}

void Api::show_incident(const std::string& id, net::Respond respond) {
  const auto job = [id](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::get_incident(database, id);
    if (!found) return found.error();
    return *found ? json_answer(incident_json(**found)) : no_such("incident");
  };
  from_store(job, std::move(respond));
}

void Api::list_deliveries(const net::HttpRequest& request, net::Respond respond) {
  std::optional<store::DeliveryStatus> status;
  const std::string wanted = parameter(request, "status");
  if (!wanted.empty()) {
    const auto known = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                    [&](const StatusName& entry) { return entry.name == wanted; });
    if (known == kStatusNames.end()) {
      return respond(
          error_answer(400, "parameter", "status is pending, inflight, delivered, dead or superseded", "status"));
    }
    status = known->status;
  }
  const auto job = [status](store::Database& database) -> Result<net::HttpResponse> {
    auto rows = store::list_outbox(database, status, kMostRows);
    if (!rows) return rows.error();
    json::array deliveries;
    for (const store::OutboxRow& row : *rows) deliveries.push_back(delivery_json(row));
    return json_answer(json::object{{"deliveries", std::move(deliveries)}});
  };
  from_store(job, std::move(respond));
}

void Api::retry_delivery(const std::string& id, net::Respond respond) {
  const TimePoint now = engine_.now();
  const auto job = [id, now](store::Database& database) -> Result<net::HttpResponse> {
    auto rows = store::list_outbox(database, store::DeliveryStatus::dead, 1'000'000);
    if (!rows) return rows.error();
    const auto found =
        std::find_if(rows->begin(), rows->end(), [&](const store::OutboxRow& row) { return row.id == id; });
    if (found == rows->end()) return no_such("dead delivery");
    found->status = store::DeliveryStatus::pending;
    found->not_before = now;
    if (auto settled = store::settle(database, *found); !settled) return settled.error();
    return json_answer(delivery_json(*found), 202);
  };
  from_store(job, std::move(respond));
}

}  // namespace crmpulse::collector
