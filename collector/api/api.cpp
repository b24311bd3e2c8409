#include "collector/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "collector/api/incident_page.h"
#include "collector/http/answers.h"
#include "collector/openapi/document.h"
#include "collector/openapi/parameters.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr int kPageRows = 20;
/// Of one timeline: all there are (IncidentStore::kMostEvents, its end, and the notes).
constexpr int kMostEvents = 2000;

struct StatusName {
  std::string_view name;
  store::DeliveryStatus status;
};
constexpr std::array kStatusNames{StatusName{"pending", store::DeliveryStatus::pending},
                                  StatusName{"inflight", store::DeliveryStatus::inflight},
                                  StatusName{"delivered", store::DeliveryStatus::delivered},
                                  StatusName{"dead", store::DeliveryStatus::dead},
                                  StatusName{"superseded", store::DeliveryStatus::superseded},
                                  StatusName{"abandoned", store::DeliveryStatus::abandoned}};

}  // namespace

std::string parameter(const net::HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string{} : found->second;
}

int limit_of(const net::HttpRequest& request, int without) {
  const std::string text = parameter(request, "limit");
  int limit = without;
  (void)std::from_chars(text.data(), text.data() + text.size(), limit);
  return limit;
}

net::HttpResponse no_such(std::string_view what) {
  return error_answer(404, "not_found", fmt::format("there is no such {}", what));
}

void Api::add_routes(Router& router) {
  router.check_with(refuse_parameters);
  add_reading_routes(router);
  add_operator_routes(router);
}

void Api::add_reading_routes(Router& router) {
  router.add({"GET", "/api/v1/crms", AccessRole::viewer,
              [this](const Request& request, net::Respond respond) { list_crms(request, std::move(respond)); }});
  router.add({"GET", "/api/v1/crms/{crm}", AccessRole::viewer, [this](const Request& request, net::Respond respond) {
                show_crm(request.part("crm"), std::move(respond));
              }});
  router.add({"GET", "/api/v1/incidents", AccessRole::viewer,
              [this](const Request& request, net::Respond respond) { list_incidents(request, std::move(respond)); }});
  router.add(
      {"GET", "/api/v1/incidents/{id}", AccessRole::viewer, [this](const Request& request, net::Respond respond) {
         show_incident(request.part("id"), std::move(respond));
       }});
  router.add({"GET", "/api/v1/deliveries", AccessRole::viewer,
              [this](const Request& request, net::Respond respond) { list_deliveries(request, std::move(respond)); }});
  router.add({"GET", "/api/v1/troubles", AccessRole::viewer,
              [this](const Request&, net::Respond respond) { respond(json_answer(troubles_json(troubles_()))); }});
  router.add({"GET", "/api/v1/openapi.json", AccessRole::viewer,
              [&router](const Request&, net::Respond respond) { respond(json_answer(openapi(router.routes()))); }});
  router.add({"GET", "/page.css", std::nullopt, [](const Request&, net::Respond respond) {
                respond(text_answer(std::string{page_style()}, "text/css; charset=utf-8"));
              }});
  router.add({"GET", "/plain/incidents/{id}", AccessRole::viewer, [this](const Request& request, net::Respond respond) {
                show_incident_page(request.part("id"), std::move(respond));
              }});
  router.add({"GET", "/plain", AccessRole::viewer,
              [this](const Request&, net::Respond respond) { show_page(std::move(respond)); }});
}

/// By name. What is behind `cursor` stays in its place, whichever CRMs come or go meanwhile.
void Api::list_crms(const net::HttpRequest& request, net::Respond respond) const {
  const int limit = limit_of(request, kMostCount);
  const std::vector<std::string> names = engine_.rules().crms();
  const auto from = std::upper_bound(names.begin(), names.end(), parameter(request, "cursor"));
  const auto end = from + std::min<std::ptrdiff_t>(limit, names.end() - from);
  json::array crms;
  for (auto crm = from; crm != end; ++crm) {
    if (const auto status = engine_.rules().status(*crm)) crms.push_back(crm_json(engine_, *status));
  }
  const bool more = end != names.end();
  respond(json_answer(json::object{{"crms", std::move(crms)},
                                   {"next_cursor", more ? json::value(*std::prev(end)) : json::value(nullptr)}}));
}

void Api::show_crm(const std::string& crm, net::Respond respond) const {
  const auto status = engine_.rules().status(crm);
  respond(status ? json_answer(crm_details_json(engine_, *status)) : no_such("CRM"));
}

void Api::from_store(Job job, net::Respond respond, std::function<void(net::HttpResponse&)> then) {
  CRMPULSE_ON_LOOP(loop_);
  auto answer = std::make_shared<net::HttpResponse>();
  const auto run = [job = std::move(job), answer](store::Database& database) -> Result<void> {
    auto made = job(database);
    if (!made) return made.error();
    *answer = std::move(*made);
    return {};
  };
  const auto done = [this, answer, respond, then = std::move(then)](const Result<void>& result) {
    if (!result) log::error("the store did not answer a request", {{"why", result.error().message}});
    loop_.post([answer, respond, then, good = result.has_value()] {
      if (!good) return respond(busy_answer("the store cannot be read or written now"));
      if (then) then(*answer);
      respond(std::move(*answer));
    });
  };
  if (!writer_.submit(run, done)) respond(busy_answer("more is arriving than the disk takes"));
}

void Api::list_incidents(const net::HttpRequest& request, net::Respond respond) {
  store::IncidentFilter filter;
  filter.crm = parameter(request, "crm");
  filter.kind = parameter(request, "kind");
  filter.before = parameter(request, "before");
  if (const std::string level = parameter(request, "level"); !level.empty())
    filter.level = static_cast<int>(level == "poor" ? Level::poor : Level::sub_healthy);
  if (const auto from = parse_time(parameter(request, "from"))) filter.from = *from;
  if (const auto to = parse_time(parameter(request, "to"))) filter.to = *to;
  const int limit = limit_of(request);
  filter.limit = limit + 1;
  if (const std::string state = parameter(request, "state"); !state.empty()) filter.open = state == "open";
  const auto job = [filter,
                    most = static_cast<std::size_t>(limit)](store::Database& database) -> Result<net::HttpResponse> {
    if (!filter.before.empty()) {
      auto known = store::get_incident(database, filter.before);
      if (!known) return known.error();
      if (!*known) return error_answer(400, "parameter", "there is no such incident", "before");
    }
    auto found = store::list_incidents(database, filter);
    if (!found) return found.error();
    const bool more = found->size() > most;
    if (more) found->pop_back();
    json::array incidents;
    for (const store::StoredIncident& incident : *found) incidents.push_back(incident_json(incident));
    return json_answer(json::object{{"incidents", std::move(incidents)},
                                    {"next_before", more ? json::value(found->back().id) : json::value(nullptr)}});
  };
  from_store(job, std::move(respond));
}

void Api::show_incident(const std::string& id, net::Respond respond) {
  const auto job = [id](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::get_incident(database, id);
    if (!found) return found.error();
    if (!*found) return no_such("incident");
    auto events = store::list_events(database, id, kMostEvents);
    if (!events) return events.error();
    json::object incident = incident_json(**found);
    incident["timeline"] = timeline_json(database, *events);
    return json_answer(incident);
  };
  from_store(job, std::move(respond));
}

void Api::list_deliveries(const net::HttpRequest& request, net::Respond respond) {
  store::DeliveryFilter filter;
  filter.receiver = parameter(request, "receiver");
  filter.before = parameter(request, "before");
  if (const std::string crm = parameter(request, "crm"); !crm.empty()) filter.about = "crm/" + crm;
  const int limit = limit_of(request);
  filter.limit = limit + 1;
  const std::string wanted = parameter(request, "status");
  const auto status = std::find_if(kStatusNames.begin(), kStatusNames.end(),
                                   [&](const StatusName& entry) { return entry.name == wanted; });
  if (status != kStatusNames.end()) filter.status = status->status;
  const auto job = [filter,
                    most = static_cast<std::size_t>(limit)](store::Database& database) -> Result<net::HttpResponse> {
    if (!filter.before.empty()) {
      auto known = store::find_delivery(database, filter.before);
      if (!known) return known.error();
      if (!*known) return error_answer(400, "parameter", "there is no such delivery", "before");
    }
    auto rows = store::list_deliveries(database, filter);
    if (!rows) return rows.error();
    const bool more = rows->size() > most;
    if (more) rows->pop_back();
    json::array deliveries;
    for (const store::OutboxRow& row : *rows) deliveries.push_back(delivery_json(row));
    return json_answer(json::object{{"deliveries", std::move(deliveries)},
                                    {"next_before", more ? json::value(rows->back().id) : json::value(nullptr)}});
  };
  from_store(job, std::move(respond));
}

void Api::show_page(net::Respond respond) {
  auto dead = std::make_shared<std::vector<store::OutboxRow>>();
  const auto job = [dead](store::Database& database) -> Result<net::HttpResponse> {
    store::DeliveryFilter filter;
    filter.status = store::DeliveryStatus::dead;
    filter.limit = kPageRows;
    auto rows = store::list_deliveries(database, filter);
    if (!rows) return rows.error();
    *dead = std::move(*rows);
    return net::HttpResponse{};
  };
  from_store(job, std::move(respond), [this, dead](net::HttpResponse& answer) {
    answer = text_answer(render_page(engine_, troubles_(), *dead), "text/html; charset=utf-8");
  });
}

void Api::show_incident_page(const std::string& id, net::Respond respond) {
  const auto job =
      [id, zone = engine_.configuration().settings.time_zone](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::get_incident(database, id);
    if (!found) return found.error();
    if (!*found) return no_such("incident");
    auto events = store::list_events(database, id, kMostEvents);
    if (!events) return events.error();
    return text_answer(render_incident(**found, timeline_json(database, *events), zone), "text/html; charset=utf-8");
  };
  from_store(job, std::move(respond));
}

}  // namespace crmpulse::collector
