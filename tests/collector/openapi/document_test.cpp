// The document that describes the API, held against the router's own table.

#include "collector/openapi/document.h"

#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

/// Every `$ref` of a value.
void collect_refs(const json::value& value, std::vector<std::string>& refs) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) collect_refs(item, refs);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.get_object()) {
    if (key == "$ref") refs.emplace_back(member.as_string());
    collect_refs(member, refs);
  }
}

}  // namespace

TEST_CASE("every route is described with its role, its parameters and its answers, and nothing else is") {
  RunningCollector running;
  const json::value document = running.get_json("/api/v1/openapi.json");
  CHECK(document.at("openapi").as_string() == "3.0.3");
  const json::object& paths = document.at("paths").as_object();
  std::size_t described = 0;
  for (const auto& [path, operations] : paths) described += operations.as_object().size();
  CHECK(described == running.collector().routes().size());
  for (const Route& route : running.collector().routes()) {
    INFO(route.method << " " << route.path);
    REQUIRE(paths.contains(route.path));
    REQUIRE(paths.at(route.path).as_object().contains(lower(route.method)));
    const json::object& operation = paths.at(route.path).at(lower(route.method)).as_object();
    REQUIRE(operation.contains("summary"));
    CHECK(operation.at("x-role").as_string() == (route.role ? to_string(*route.role) : "none"));
    CHECK(operation.at("security").as_array().empty() == !route.role.has_value());
    // A session is begun by whoever has a token, in the body; likewise who joins has a code.
    const bool typed = route.path == "/api/v1/session" || route.path == "/api/v1/join";
    const bool asks = route.role.has_value() || (route.method == "POST" && typed);
    CHECK(operation.at("responses").as_object().contains("401") == asks);
    // Prometheus drops what is answered 429.
    CHECK(operation.at("responses").as_object().contains("429") == (route.role != AccessRole::ingest));
    CHECK(operation.at("responses").as_object().begin()->key().starts_with("2"));
    for (const char* status : {"400", "421", "431", "503"})
      CHECK(operation.at("responses").as_object().contains(status));
    std::size_t parts = 0;
    for (const json::value& parameter : operation.at("parameters").as_array()) {
      if (parameter.at("in").as_string() != "path") continue;
      ++parts;
      CHECK(route.path.find("{" + std::string{parameter.at("name").as_string()} + "}") != std::string::npos);
    }
    CHECK(parts == static_cast<std::size_t>(std::count(route.path.begin(), route.path.end(), '{')));
  }
  std::vector<std::string> refs;
  collect_refs(document, refs);
  REQUIRE_FALSE(refs.empty());
  for (const std::string& ref : refs) {
    INFO(ref);
    REQUIRE(ref.starts_with("#/components/schemas/"));
    CHECK(document.at("components").at("schemas").as_object().contains(ref.substr(21)));
  }
}

TEST_CASE("the document calls itself an object, bounds its numbers and texts, and says what 2.0 answers") {
  const RunningCollector running;
  const json::value document = running.get_json("/api/v1/openapi.json");
  const json::value& schemas = document.at("components").at("schemas");
  const json::value& paths = document.at("paths");
  const json::value& own = paths.at("/api/v1/openapi.json").at("get").at("responses").at("200").at("content");
  CHECK(own.at("application/json").at("schema").at("$ref").as_string() == "#/components/schemas/Document");
  CHECK(schemas.at("Document").at("type").as_string() == "object");
  std::size_t limits = 0;
  for (const auto& [path, operations] : paths.as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      for (const json::value& parameter : operation.at("parameters").as_array()) {
        INFO(std::string_view{path} << ' ' << parameter.at("name").as_string());
        const json::object& schema = parameter.at("schema").as_object();
        const bool bounded = schema.contains("maxLength") || schema.contains("enum") || schema.contains("format") ||
                             schema.contains("anyOf");
        CHECK((bounded || (schema.contains("minimum") && schema.contains("maximum"))));
        if (parameter.at("name").as_string() != "limit") continue;
        ++limits;
        CHECK(schema.at("minimum").to_number<int>() == 1);
        CHECK(schema.at("maximum").to_number<int>() == 1000);
      }
    }
  }
  CHECK(limits >= 5);
  const json::value& write = paths.at("/api/v1/write").at("post");
  for (const char* status : {"204", "400"})
    CHECK(write.at("responses")
              .at(status)
              .at("headers")
              .as_object()
              .contains("X-Prometheus-Remote-Write-Samples-Written"));
  const json::object& pages = paths.at("/metrics").at("get").at("responses").at("200").at("content").as_object();
  CHECK(pages.contains("text/plain"));
  CHECK(pages.contains("application/openmetrics-text"));
}

TEST_CASE("answers hold no field that the document does not name") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return running.get_json("/api/v1/incidents").at("incidents").as_array().size() == 1; }));
  const json::value document = running.get_json("/api/v1/openapi.json");
  const auto named = [&](const char* schema, const json::value& answer) {
    const json::object& known = document.at("components").at("schemas").at(schema).at("properties").as_object();
    for (const auto& [field, value] : answer.as_object()) {
      INFO(schema << "." << std::string_view{field});
      CHECK(known.contains(field));
    }
  };
  const json::value crm = running.get_json("/api/v1/crms/acme");
  named("Crm", crm);
  named("Dimension", crm.at("dimensions").at(0));
  named("OpenIncident", crm.at("incident"));
  const std::string id{crm.at("incident").at("id").as_string()};
  named("Incident", running.get_json("/api/v1/incidents/" + id));
  const std::string body =
      fmt::format(R"({{"matchers":{{"crm":"acme"}},"ends_at":"{}","author":"ana","comment":"why"}})",
                  format_time(running.now() + std::chrono::hours{1}));
  for (const char* path : {"/api/v1/silences", "/api/v1/maintenance"}) {
    const auto made = send({"POST", running.base() + path, {{"Content-Type", "application/json"}}, body});
    REQUIRE(made.status == 201);
    named("Suppression", json::parse(made.body));
  }
}
