// Parameters, parts of paths and times that say nothing, or not what they should, are refused by every route that knows
// them.

#include "collector/openapi/parameters.h"

#include <catch2/catch.hpp>

#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

/// With each `{…}` of its path filled.
std::string address_of(const RunningCollector& running, const Route& route) {
  std::string path = route.path;
  for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{'))
    path.replace(open, path.find('}') - open + 1, "acme");
  return running.base() + path;
}

/// Of a refusal: the field that is to blame.
std::string blamed(const net::ClientResponse& response) {
  if (response.status != 400) return "status " + std::to_string(response.status);
  const boost::json::value body = boost::json::parse(response.body);
  const auto* field = body.at("error").as_object().if_contains("field");
  return field == nullptr ? "nothing" : std::string{field->as_string()};
}

std::vector<std::string> wrong_values(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::text: return {};
    case Parameter::Kind::count:
      return {"0", "1001", "-1", "1.5", "1e2", "x", "9999999999999999999999", "%2B5", "%205"};
    case Parameter::Kind::time: return {"yesterday", "1700000000", "2026-13-01T00:00:00Z", "2026-11-21"};
    case Parameter::Kind::duration: return {"5", "x", "-5m", "5%20m", "999999999999999999d"};
    case Parameter::Kind::choice: return {"odd", "OPEN", "open%7Cresolved", "a,b"};
  }
  return {};
}

net::ClientResponse post(const RunningCollector& running, const std::string& path, const std::string& body) {
  return send({"POST", running.base() + path, {{"Content-Type", "application/json"}}, body});
}

}  // namespace

TEST_CASE(
    "every parameter of every route is refused when it is empty, repeated, too long, not text or of another kind") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 0.1, 1) == 204);
  std::size_t checked = 0;
  for (const Route& route : running.collector().routes()) {
    for (const Parameter& parameter : parameters_of(route)) {
      ++checked;
      const std::string begin = address_of(running, route) + "?" + std::string{parameter.name} + "=";
      std::vector<std::string> wrong = wrong_values(parameter.kind);
      for (const std::string& value :
           {std::string{}, std::string{"%00"}, std::string{"a%0Ab"}, std::string{"%ff"}, std::string(1025, 'a')})
        wrong.push_back(value);
      wrong.push_back("5&" + std::string{parameter.name} + "=6");
      for (const std::string& value : wrong) {
        INFO(route.method << ' ' << begin << value);
        CHECK(blamed(send({route.method, begin + value, {}, ""})) == parameter.name);
      }
    }
  }
  CHECK(checked > 15);
}

TEST_CASE("a parameter that a route does not know is passed over, also when it is there twice") {
  const RunningCollector running;
  CHECK(running.get("/api/v1/crms?_=1&_=2").status == 200);
  CHECK(running.get("/api/v1/crms?limit=1000").status == 200);
  CHECK(running.get("/api/v1/crms?limit=1").status == 200);
}

TEST_CASE("a part of a path that is not text, or too long, is refused before anything is looked up") {
  const RunningCollector running;
  CHECK(blamed(running.get("/api/v1/crms/%ff")) == "crm");
  CHECK(blamed(running.get("/api/v1/incidents/" + std::string(1025, 'a'))) == "id");
  CHECK(running.get("/api/v1/crms/" + std::string(1024, 'a')).status == 404);
  CHECK(running.get("/api/v1/crms/a%00b").status == 400);
}

TEST_CASE("a time that is empty, or no time, is refused wherever one is taken") {
  const RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return running.get_json("/api/v1/incidents").at("incidents").as_array().size() == 1; }));
  const std::string id{running.get_json("/api/v1/incidents").at("incidents").at(0).at("id").as_string()};
  const std::string ack = "/api/v1/incidents/" + id + "/ack";
  for (const char* value :
       {R"("")", R"(" ")", "5", "true", "[]", R"("soon")", R"("0000-00-00T00:00:00Z")",
        R"("2026-11-21T09:00:00Z\u0000")", R"("9999-12-31T23:59:59Z")", R"("0001-01-01T00:00:00Z")"}) {
    INFO(value);
    CHECK(blamed(post(running, ack, fmt::format(R"({{"author":"ana","expires_at":{}}})", value))) == "expires_at");
    for (const char* path : {"/api/v1/silences", "/api/v1/maintenance"}) {
      CHECK(blamed(post(running, path,
                        fmt::format(R"({{"matchers":{{"crm":"acme"}},"comment":"why","ends_at":{}}})", value))) ==
            "ends_at");
    }
  }
  for (const char* value : {R"("")", "5", R"("x")", R"("-5m")", R"("0s")", R"("31d")"})
    CHECK(blamed(post(running, ack, fmt::format(R"({{"author":"ana","expires_in":{}}})", value))) == "expires_in");
  const std::string end = format_time(running.now() + std::chrono::hours{1});
  for (const char* path : {"/api/v1/silences", "/api/v1/maintenance"}) {
    const std::string start =
        fmt::format(R"({{"matchers":{{"crm":"acme"}},"comment":"why","ends_at":"{}","starts_at":"")", end);
    CHECK(blamed(post(running, path, start + "}")) == "starts_at");
  }
  CHECK(running.get_json("/api/v1/silences").at("silences").as_array().empty());
}

TEST_CASE("a field that stands twice in a body is refused, at whatever depth, whichever of the two is sound") {
  const RunningCollector running;
  const std::string end = format_time(running.now() + std::chrono::hours{1});
  const std::string rest = R"(,"author":"ana","comment":"why"})";
  const std::string sound = fmt::format(R"("ends_at":"{}")", end);
  const std::string matchers = R"({"matchers":{"crm":"acme"},)";
  CHECK(blamed(post(running, "/api/v1/silences", matchers + sound + "," + sound + rest)) == "ends_at");
  CHECK(blamed(post(running, "/api/v1/silences", matchers + R"("ends_at":"",)" + sound + rest)) == "ends_at");
  CHECK(blamed(post(running, "/api/v1/silences", matchers + sound + ",\"ends\\u005fat\":\"\"" + rest)) == "ends_at");
  CHECK(blamed(post(running, "/api/v1/silences", R"({"matchers":{"crm":"a","crm":"b"},)" + sound + rest)) == "crm");
  CHECK(post(running, "/api/v1/silences", matchers + sound + rest).status == 201);
  // The same name in another object is another field.
  const std::string same = R"({"matchers":{"comment":"a","crm":["b","b"]},)";
  CHECK(post(running, "/api/v1/silences", same + sound + rest).status == 201);
}

TEST_CASE("a comment may have its thousand characters in any language, and not one more") {
  const RunningCollector running;
  const std::string end = format_time(running.now() + std::chrono::hours{1});
  const auto with_comment = [&](int characters) {
    std::string comment;
    for (int i = 0; i < characters; ++i) comment += "修";
    return post(
        running, "/api/v1/silences",
        fmt::format(R"({{"matchers":{{"crm":"acme"}},"ends_at":"{}","author":"ana","comment":"{}"}})", end, comment));
  };
  CHECK(with_comment(1000).status == 201);
  CHECK(blamed(with_comment(1001)) == "comment");
}
