#include "collector/api/openapi.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/api/openapi_schemas.h"
#include "collector/api/parameters.h"
#include "core/text/ascii.h"
#include "core/version.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

struct RouteText {
  std::string_view method;
  std::string_view path;
  std::string_view summary;
  int status = 200;
  std::string_view answer;  ///< schema of the answer; or a media type, with a slash
  std::vector<Parameter> parameters;
  std::string_view body;      ///< schema, or media type, of the request
  std::vector<int> failures;  ///< beside 400, 401 and 403 of routes with a role, 404 of a path with parts, 503
};

using Kind = Parameter::Kind;
constexpr std::string_view kWrite = "/api/v1/write";
constexpr std::string_view kReports = "/api/v1/reports/{crm}";
constexpr std::string_view kEvidence = "/api/v1/evidence";  ///< no line at all is no fault
constexpr std::string_view kSecondVersion = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
constexpr Parameter kLimit{"limit", Kind::count, "default: 200"};
constexpr Parameter kLanguage{"lang", Kind::choice, "default: as Accept-Language says", "en|zh"};
constexpr std::string_view kPhases = "pending|active|expired";

const std::vector<RouteText>& texts() {
  static const std::vector<RouteText> kTexts{
      {"POST",
       "/api/v1/write",
       "Takes samples: Prometheus remote write 1.0 or 2.0",
       204,
       "",
       {},
       "application/x-protobuf",
       {413, 415}},
      {"POST",
       "/api/v1/evidence",
       "Takes evidence, one JSON object a line; lines that cannot be read are left out and counted in "
       "X-Crm-Lines-Left-Out",
       204,
       "",
       {},
       "application/x-ndjson",
       {413, 415}},
      {"GET",
       "/api/v1/crms",
       "CRMs by name: state, dimensions, open incident, what holds news back",
       200,
       "Crms",
       {{"cursor", Kind::text, "CRMs after this cursor: `next_cursor` of the previous page"},
        {"limit", Kind::count, "default: 1000"}},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}",
       "One CRM, with every rule, its evidence and newest failures",
       200,
       "Crm",
       {},
       "",
       {}},
      {"DELETE",
       "/api/v1/crms/{crm}",
       "Forgets a CRM that is not watched any more; receivers hear `incident.resolved` with reason `removed`",
       204,
       "",
       {},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}/history",
       "Stored readings of the series that feed a dimension's rules, or of one metric, summed up step by step",
       200,
       "History",
       {{"dimension", Kind::text, "the dimension; or `metric`"},
        {"metric", Kind::text, "the metric; or `dimension`"},
        {"from", Kind::time, "RFC 3339; default: a day before `to`; at most 400 days are shown at once"},
        {"to", Kind::time, "RFC 3339; default: now"},
        {"step", Kind::duration,
         "30s, 5m, 1h; at most 5000 points; longer in the answer where only rollups reach back so far"},
        {"max_points", Kind::text, "instead of `step`: the least step that gives no more; 2 to 5000, default: 501"},
        {"format", Kind::choice, "default: json", "json|csv"}},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}/states",
       "Changes of the CRM's state, of its data's status and of its maintenance; the first is the one that held at "
       "`from`",
       200,
       "States",
       {{"from", Kind::time, "RFC 3339; default: a day before `to`"}, {"to", Kind::time, "RFC 3339; default: now"}},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}/days",
       "How long the CRM was healthy, sub-healthy, poor, without data and in maintenance, on each of the last days",
       200,
       "Days",
       {{"days", Kind::count, "so many, today among them; default: 90"}},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}/changes",
       "What changed around the CRM: the newest twenty changes of its version, release, instance, schemas, of the "
       "agents "
       "and of the rules",
       200,
       "Changes",
       {{"from", Kind::time, "RFC 3339; default: any time"}, {"to", Kind::time, "RFC 3339; default: now"}},
       "",
       {}},
      {"GET",
       "/api/v1/reports/{crm}",
       "The evaluation report of a period: as JSON, a page to print, or one table for spreadsheets",
       200,
       "Report",
       {{"period", Kind::text,
         "2026-10, 2026-Q4, 2026, 2026-W48 or 2026-11-01..2026-11-15, by `time_zone`; default: "
         "the last month"},
        {"compare", Kind::text, "another period to set beside it; default: the one before, and a year ago"},
        {"format", Kind::choice, "default: json", "json|html|csv"},
        {"lang", Kind::choice, "of html; default: en", "en|zh"}},
       "",
       {}},
      {"POST",
       "/api/v1/rules/rehearse",
       "Judges the stored samples of one CRM anew, with one rule changed and beside that as the rules are; one at a "
       "time",
       200,
       "Rehearsal",
       {},
       "NewRehearsal",
       {404, 413, 415}},
      {"GET",
       "/api/v1/incidents",
       "Incidents, newest first",
       200,
       "Incidents",
       {{"state", Kind::choice, "default: all", "open|resolved"},
        {"crm", Kind::text, "of this CRM"},
        {"kind", Kind::text, "of CRMs of this kind"},
        {"level", Kind::choice, "open ones of this level now, others that were it at worst", "sub_healthy|poor"},
        {"from", Kind::time, "RFC 3339: those that were open then or later"},
        {"to", Kind::time, "RFC 3339: those that opened before"},
        {"before", Kind::text, "incidents listed after the one with this id: `next_before` of the previous page"},
        kLimit},
       "",
       {}},
      {"GET", "/api/v1/incidents/{id}", "One incident with its timeline", 200, "Incident", {}, "", {}},
      {"POST",
       "/api/v1/incidents/{id}/ack",
       "Acknowledges: no reminders and no escalation until it expires, gets worse or is over",
       200,
       "Acknowledged",
       {},
       "NewAck",
       {409, 413, 415}},
      {"POST",
       "/api/v1/incidents/{id}/notes",
       "Adds a note to the timeline of an incident, open or over; at most 200",
       201,
       "TimelineLine",
       {},
       "NewNote",
       {409, 413, 415}},
      {"DELETE", "/api/v1/incidents/{id}/ack", "Takes the acknowledgement back", 200, "Acknowledged", {}, "", {409}},
      {"GET",
       "/api/v1/silences",
       "Silences, newest first",
       200,
       "Silences",
       {{"state", Kind::choice, "default: all", kPhases}, kLimit},
       "",
       {}},
      {"POST",
       "/api/v1/silences",
       "Silences messages about some CRMs for a time; resolved is sent all the same",
       201,
       "Suppression",
       {},
       "NewSilence",
       {409, 413, 415}},
      {"GET", "/api/v1/silences/{id}", "One silence", 200, "Suppression", {}, "", {}},
      {"DELETE", "/api/v1/silences/{id}", "Ends a silence now", 200, "Suppression", {}, "", {}},
      {"GET",
       "/api/v1/maintenance",
       "Maintenance windows, those of collector.yaml first",
       200,
       "Maintenances",
       {{"state", Kind::choice, "default: all", kPhases}, kLimit},
       "",
       {}},
      {"POST",
       "/api/v1/maintenance",
       "Plans maintenance, once or every week: no news, no error budget spent",
       201,
       "Suppression",
       {},
       "NewMaintenance",
       {409, 413, 415}},
      {"GET", "/api/v1/maintenance/{id}", "One maintenance window", 200, "Suppression", {}, "", {}},
      {"DELETE", "/api/v1/maintenance/{id}", "Ends a maintenance window now", 200, "Suppression", {}, "", {409}},
      {"GET",
       "/api/v1/deliveries",
       "Messages on their way and what became of them, newest first",
       200,
       "Deliveries",
       {{"status", Kind::choice, "default: all", "pending|inflight|delivered|dead|superseded|abandoned"},
        {"receiver", Kind::text, "to this receiver"},
        {"crm", Kind::text, "about this CRM"},
        {"before", Kind::text, "deliveries listed after the one with this id: `next_before` of the previous page"},
        kLimit},
       "",
       {}},
      {"POST",
       "/api/v1/receivers/{receiver}/events",
       "Takes an acknowledgement that somebody made in PagerDuty or Opsgenie: their webhook, checked by the receiver's "
       "webhook_secret; what is not news is ignored",
       200,
       "EventTaken",
       {},
       "application/json",
       {403, 413}},
      {"POST", "/api/v1/deliveries/{id}/retry", "Sends a dead message once more", 202, "Delivery", {}, "", {}},
      {"GET", "/api/v1/session", "Who asks, and how that is known", 200, "Session", {}, "", {}},
      {"POST",
       "/api/v1/session",
       "Begins a browser's session with a token: the answer sets a cookie that no script reads",
       200,
       "Session",
       {},
       "NewSession",
       {401, 403, 409, 413}},
      {"DELETE", "/api/v1/session", "Ends the browser's session", 204, "", {}, "", {}},
      {"GET", "/api/v1/fleet", "All CRMs in one piece, as the page lists them", 200, "Fleet", {}, "", {}},
      {"GET",
       "/api/v1/stream",
       "Server-sent events: `snapshot` (schema Fleet), then `crm` (FleetRow), `gone`, `facts`, `heartbeat`. With the "
       "header Last-Event-ID only what came after that event, if it is still known",
       200,
       "text/event-stream",
       {{"after", Kind::text, "like the header Last-Event-ID, for clients that cannot set it"}},
       "",
       {}},
      {"GET",
       "/api/v1/crms/{crm}/rules",
       "The rules that judge one CRM, in words and as numbers, and where each is written",
       200,
       "Rules",
       {},
       "",
       {}},
      {"GET",
       "/api/v1/agents",
       "Agents by name: when each was last heard, its clock, its spool, the CRMs it watches",
       200,
       "Agents",
       {},
       "",
       {}},
      {"GET",
       "/api/v1/receivers",
       "Receivers as configured, what waits for each, and how the last deliveries went",
       200,
       "Receivers",
       {},
       "",
       {}},
      {"POST",
       "/api/v1/receivers/{receiver}/test",
       "Sends a test message to one receiver, past the queue; answers with what became of it, one test at a time",
       200,
       "Tested",
       {},
       "",
       {}},
      {"GET", "/api/v1/tokens", "Tokens by name, without their secrets", 200, "Tokens", {}, "", {}},
      {"POST",
       "/api/v1/tokens",
       "Makes a token; only this answer ever shows its secret",
       201,
       "MadeToken",
       {},
       "NewToken",
       {409, 413, 415}},
      {"DELETE",
       "/api/v1/tokens/{name}",
       "Revokes a token at once; not the one that the request is made with",
       204,
       "",
       {},
       "",
       {409}},
      {"GET",
       "/api/v1/ca",
       "The authority of this collector's certificate, for agents that know its hash",
       200,
       "application/x-pem-file",
       {},
       "",
       {404}},
      {"POST",
       "/api/v1/join",
       "Trades the code of an invitation for a token of the agent's own; the code works once",
       201,
       "Joined",
       {},
       "NewJoin",
       {401, 413, 415}},
      {"GET", "/api/v1/invitations", "Invitations that hold, without their codes", 200, "Invitations", {}, "", {}},
      {"POST",
       "/api/v1/invitations",
       "Invites an agent for an hour; only this answer shows the code. An open invitation of the agent is replaced",
       201,
       "MadeInvitation",
       {},
       "NewInvitation",
       {413, 415}},
      {"DELETE", "/api/v1/invitations/{agent}", "Revokes an agent's invitation", 204, "", {}, "", {}},
      {"GET",
       "/api/v1/about",
       "Version, libraries and licences, what is kept for how long, bytes on disk",
       200,
       "About",
       {},
       "",
       {}},
      {"GET",
       "/api/v1/troubles",
       "What is wrong with crmpulse itself, the oldest first, and what to do",
       200,
       "Troubles",
       {},
       "",
       {}},
      {"GET", "/api/v1/openapi.json", "This document", 200, "Document", {}, "", {}},
      {"GET", "/api/v1/audit", "Who changed what, newest first", 200, "Audit", {kLimit}, "", {}},
      {"GET", "/page.css", "The plain page's style", 200, "text/css", {}, "", {}},
      {"GET", "/plain", "All states as plain tables, for browsers without scripts", 200, "text/html", {}, "", {}},
      {"GET", "/plain/incidents/{id}", "One incident, for browsers without scripts", 200, "text/html", {}, "", {}},
      {"GET", "/favicon.svg", "The page's icon", 200, "image/svg+xml", {}, "", {404}},
      {"GET",
       "/assets/{file}",
       "A file of the page; its name changes with its content",
       200,
       "text/javascript",
       {},
       "",
       {}},
      {"GET", "/", "The page: the fleet", 200, "text/html", {}, "", {}},
      {"GET", "/crm/{crm}", "The page: one CRM", 200, "text/html", {}, "", {}},
      {"GET", "/incidents", "The page: incidents", 200, "text/html", {}, "", {}},
      {"GET", "/incidents/{id}", "The page: one incident: where links of messages lead", 200, "text/html", {}, "", {}},
      {"GET", "/quiet", "The page: silences and maintenance", 200, "text/html", {}, "", {}},
      {"GET", "/deliveries", "The page: messages and their receivers", 200, "text/html", {}, "", {}},
      {"GET", "/agents", "The page: agents", 200, "text/html", {}, "", {}},
      {"GET", "/rules", "The page: rules, and rehearsing them", 200, "text/html", {}, "", {}},
      {"GET", "/reports", "The page: reports", 200, "text/html", {}, "", {}},
      {"GET", "/reports/{crm}", "The page: the report of one CRM", 200, "text/html", {}, "", {}},
      {"GET", "/settings", "The page: tokens, audit, language", 200, "text/html", {}, "", {}},
      {"GET", "/login", "The page: signing in", 200, "text/html", {}, "", {}},
      {"GET",
       "/status",
       "The public status page, where `public:` of collector.yaml switches it on; else 404, as its other forms",
       200,
       "text/html",
       {kLanguage},
       "",
       {404}},
      {"GET", "/status.css", "The public status page's style", 200, "text/css", {}, "", {404}},
      {"GET", "/status.json", "The public status page as data", 200, "PublicStatus", {}, "", {404}},
      {"GET",
       "/status.atom",
       "Incidents and planned maintenance as an Atom feed",
       200,
       "application/atom+xml",
       {kLanguage},
       "",
       {404}},
      {"GET",
       "/badge/{badge}",
       "NAME.svg: a picture that says the state of the CRM of this name",
       200,
       "image/svg+xml",
       {kLanguage},
       "",
       {}},
      {"GET", "/metrics", "What Prometheus scrapes, as text or OpenMetrics", 200, "text/plain", {}, "", {}},
      {"GET", "/-/healthy", "Is the rule engine running?", 200, "text/plain", {}, "", {}},
      {"GET", "/-/ready", "Does the collector take requests?", 200, "text/plain", {}, "", {}},
      {"POST", "/-/reload", "Reloads the configuration, whole or not at all", 200, "Reloaded", {}, "", {422}},
  };
  return kTexts;
}

json::object text_schema() {
  return {{"schema", json::object{{"type", "string"}}}};
}

json::object schema_or_media(std::string_view name) {
  const bool media = name.find('/') != std::string_view::npos;
  json::object content = text_schema();
  if (name == "application/json") content["schema"] = json::object{{"type", "object"}};
  if (!media) content["schema"] = json::object{{"$ref", fmt::format("#/components/schemas/{}", name)}};
  json::object out;
  out[media ? name : std::string_view{"application/json"}] = std::move(content);
  return out;
}

json::array path_and_query(const Route& route) {
  json::array out;
  const std::string_view path = route.path;
  for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1)) {
    const std::string_view name = path.substr(open + 1, path.find('}', open) - open - 1);
    out.push_back(json::object{{"name", name}, {"in", "path"}, {"required", true}, {"schema", part_schema()}});
  }
  for (const Parameter& parameter : parameters_of(route)) {
    out.push_back(json::object{{"name", parameter.name},
                               {"in", "query"},
                               {"required", false},
                               {"description", parameter.about},
                               {"schema", parameter_schema(parameter)}});
  }
  return out;
}

json::object failure(std::string_view about) {
  return {{"description", about}, {"content", schema_or_media("Error")}};
}

std::string_view about_failure(int status) {
  switch (status) {
    case 401: return "the token is not valid";
    case 404: return "there is no such thing";
    case 403: return "the signature or secret is not valid, or the role does not allow it";
    case 409: return "not possible in the current state";
    case 413: return "the body is too large";
    case 415: return "unsupported Content-Type or Content-Encoding";
    case 422: return "the new configuration is not valid; nothing has changed";
    default: return "refused";
  }
}

json::object responses_of(const Route& route, const RouteText& text) {
  json::object out;
  json::object good{{"description", "done"}};
  if (!text.answer.empty()) good["content"] = schema_or_media(text.answer);
  if (route.path == kReports) {
    for (const char* media : {"text/html", "text/csv"}) good["content"].as_object().emplace(media, text_schema());
  }
  if (route.path == "/metrics") good["content"].as_object().emplace("application/openmetrics-text", text_schema());
  out[std::to_string(text.status)] = std::move(good);
  out["400"] = failure("the request cannot be read, or something in it is invalid; `field` says what");
  if (route.path == kWrite) {
    for (const char* status : {"204", "400"}) out[status].as_object()["headers"] = written_headers();
  }
  if (route.role) {
    out["401"] = failure("a valid token is needed");
    out["403"] = failure("the token's role does not allow this");
  }
  out["421"] = failure("without tokens, requests are answered only under a loopback address or external_url");
  if (route.role != AccessRole::ingest)
    out["429"] = failure("too many requests, or wrong tokens; Retry-After says for how long");
  out["431"] = failure("the headers are larger than 16 KiB");
  if (route.path.find('{') != std::string::npos) out["404"] = failure("there is no such thing");
  for (const int status : text.failures) out[std::to_string(status)] = failure(about_failure(status));
  out["503"] = failure("busy for a moment, stalled or stopping; Retry-After may say for how long");
  return out;
}

const RouteText* text_of(const Route& route) {
  const auto text = std::find_if(texts().begin(), texts().end(), [&](const RouteText& known) {
    return known.method == route.method && known.path == route.path;
  });
  return text == texts().end() ? nullptr : &*text;
}

json::object operation_of(const Route& route) {
  const RouteText* text = text_of(route);
  json::object out{{"x-role", route.role ? json::value(to_string(*route.role)) : json::value("none")},
                   {"security", json::array{}},
                   {"parameters", path_and_query(route)},
                   {"responses", json::object{}}};
  if (route.role) out["security"] = json::array{json::object{{"token", json::array{}}}};
  if (route.role == AccessRole::ingest) add_ingest_headers(out["parameters"].as_array(), route.path == kWrite);
  if (text == nullptr) return out;
  out["summary"] = text->summary;
  if (!text->body.empty()) {
    json::object content = schema_or_media(text->body);
    if (route.path == kWrite) content[kSecondVersion] = text_schema();
    out["requestBody"] = json::object{{"required", route.path != kEvidence}, {"content", std::move(content)}};
  }
  out["responses"] = responses_of(route, *text);
  return out;
}

}  // namespace

std::span<const Parameter> parameters_of(const Route& route) {
  const RouteText* text = text_of(route);
  return text == nullptr ? std::span<const Parameter>{} : std::span<const Parameter>{text->parameters};
}

json::object openapi(const std::vector<Route>& routes) {
  json::object paths;
  for (const Route& route : routes) {
    if (!paths.contains(route.path)) paths[route.path] = json::object{};
    paths[route.path].as_object()[ascii::lower(route.method)] = operation_of(route);
  }
  json::object components{
      {"securitySchemes", json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}}},
      {"schemas", openapi_schemas()}};
  return {{"openapi", "3.0.3"},
          {"info",
           json::object{
               {"title", "crmpulse-collector"},
               {"version", kVersion},
               {"description",
                "`x-role` is the role a token needs: an admin may do everything, an operator also what a viewer may, "
                "ingest may only send. With `auth: off` no token is asked for."}}},
          {"paths", std::move(paths)},
          {"components", std::move(components)}};
}

}  // namespace crmpulse::collector
