// The page's document and files, as a browser asks for them.

#include <catch2/catch.hpp>
#include <regex>

#include "collector/page/assets.h"
#include "collector/page/shell.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

net::ClientResponse get(const RunningCollector& running, const std::string& path, const std::string& name = "",
                        const std::string& value = "") {
  Call call{"GET", running.base() + path, {}, ""};
  if (!name.empty()) call.headers.emplace_back(name, value);
  return send(call);
}

}  // namespace

TEST_CASE("every address of the page gives one document, also to those who have not signed in") {
  const RunningCollector running{{"", "", "required"}};
  for (const std::string path :
       {"/", "/crm/acme", "/incidents", "/incidents/01JD75ZK4GWVQ2M8R3T6Y9BCDE", "/quiet", "/deliveries", "/agents",
        "/rules", "/reports", "/reports/acme", "/settings", "/login"}) {
    INFO(path);
    const net::ClientResponse page = get(running, path);
    CHECK(page.status == 200);
    CHECK_THAT(std::string{page.header("content-security-policy")},
               Contains("default-src 'none'") && Contains("script-src 'self'") && !Contains("unsafe"));
    CHECK_THAT(page.body, Contains(R"(<base href="/">)") && Contains("url=plain"));
    CHECK(get(running, path, "If-None-Match", std::string{page.header("etag")}).status == 304);
    // As a proxy that packs answers makes of it, beside another one.
    CHECK(get(running, path, "If-None-Match", "\"other\", W/" + std::string{page.header("etag")}).status == 304);
  }
  CHECK(get(running, "/plain").status == 401);
}

TEST_CASE("the document loads only files that the program has, and nothing stands in it that a policy must allow") {
  const RunningCollector running;
  const std::string page = get(running, "/").body;
  const std::regex file{"(?:src|href)=\"\\./(assets/[^\"]+)\""};
  int files = 0;
  for (auto found = std::sregex_iterator{page.begin(), page.end(), file}; found != std::sregex_iterator{}; ++found) {
    ++files;
    INFO((*found)[1].str());
    const net::ClientResponse asset = get(running, "/" + (*found)[1].str());
    CHECK(asset.status == 200);
    CHECK_THAT(std::string{asset.header("cache-control")}, Contains("immutable"));
  }
  CHECK(files >= 2);
  CHECK_THAT(page, !Contains("<style") && !Contains(" style=") && !Contains(" onload="));
  CHECK(get(running, "/assets/none.js").status == 404);
  CHECK(get(running, "/favicon.svg").status == 200);
}

TEST_CASE("files are sent as the browser accepts them") {
  for (const Asset& asset : assets()) {
    INFO(asset.path);
    net::HttpRequest request;
    CHECK(asset_answer(asset, request, true).body == asset.plain);
    request.headers = {{"Accept-Encoding", "gzip, deflate, br"}};
    const net::HttpResponse packed = asset_answer(asset, request, true);
    if (!asset.brotli.empty()) CHECK(packed.body == asset.brotli);
    request.headers = {{"Accept-Encoding", "gzip"}};
    if (!asset.gzip.empty()) CHECK(asset_answer(asset, request, true).body == asset.gzip);
  }
}

TEST_CASE("behind a proxy's sub-path the document says so, and the plain page of an incident is its own") {
  const std::string text = shell_text("/crm/", "plain/incidents/01JD");
  CHECK_THAT(text, Contains(R"(<base href="/crm/">)") && Contains("url=plain/incidents/01JD"));
}
