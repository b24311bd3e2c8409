#include "collector/openapi/document.h"

#include <fmt/format.h>

#include "collector/openapi/parameters.h"
#include "collector/openapi/routes.h"
#include "collector/openapi/schemas.h"
#include "core/text/ascii.h"
#include "core/version.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::string_view kWrite = "/api/v1/write";
constexpr std::string_view kReports = "/api/v1/reports/{crm}";
constexpr std::string_view kEvidence = "/api/v1/evidence";  ///< a body without a line is not a fault
constexpr std::string_view kSecondVersion = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

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
