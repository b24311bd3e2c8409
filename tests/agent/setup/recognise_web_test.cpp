#include <catch2/catch.hpp>

#include "agent/setup/recognise.h"
#include "tests/probes/crm_server.h"
#include "tests/support/temp_dir.h"

using namespace crmpulse;
using namespace crmpulse::agent::setup;

namespace {

KnownRecipe recipe(const std::string& name, const std::string& recognise) {
  const test::TempDir folder;
  const auto known = probes::load_described(
      folder.write(name + ".yaml", "recipe: " + name + "\ntitle: {en: Shop, zh: Shop}\ntransport: http\nrecognise:\n" +
                                       recognise +
                                       "parameters:\n"
                                       "  url: {type: url, required: true, help: x}\n"
                                       "  tenant: {type: string, default: \"\", help: x}\n"
                                       "measurements:\n"
                                       "  - {id: liveness, liveness: true, request: {url: \"${url}\"}}\n"),
      "");
  if (!known) throw std::runtime_error(to_string(known.error()));
  return std::make_shared<const probes::DescribedRecipe>(*known);
}

KnownRecipe shop() {
  return recipe("shop",
                "  answers:\n"
                "    - request: {url: /api/about}\n"
                "      at: {/product: \"^Shop$\"}\n"
                "      version: /version\n"
                "      versions: {from: \"2\", below: \"3\"}\n"
                "      told: {tenant: {header: X-Tenant, match: \"id=([0-9]+)\"}}\n");
}

Recognition look(const std::string& url, const std::vector<KnownRecipe>& recipes) {
  net::HttpClient client;
  WebPlace place{url, {}};
  auto found = recognise_web(client, place, recipes);
  if (!found) throw std::runtime_error(found.error().message);
  return std::move(*found);
}

net::HttpResponse about(const net::HttpRequest& request, const std::string& path, const std::string& version) {
  if (request.path != path) return {404, {}, "no"};
  return {200,
          {{"Content-Type", "application/json"}, {"X-Tenant", "id=42"}},
          R"({"product":"Shop","version":")" + version + "\"}"};
}

}  // namespace

TEST_CASE("an API is recognised by what it answers before any login, with version and what it tells") {
  const test::CrmServer server{[](const auto& request) { return about(request, "/api/about", "2.5"); }};
  const Recognition found = look(server.url(), {shop()});
  REQUIRE(found.found.size() == 1);
  CHECK(found.found[0].version == "2.5");
  CHECK(found.found[0].with == probes::TextPairs{{"url", server.url()}, {"tenant", "42"}});
}

TEST_CASE("an API is recognised above the path that somebody pasted") {
  const test::CrmServer server{[](const auto& request) { return about(request, "/crm/api/about", "2.5"); }};
  const Recognition found = look(server.url() + "/crm/leads/list", {shop()});
  REQUIRE(found.found.size() == 1);
  CHECK(found.found[0].with.at(0) == std::pair<std::string, std::string>{"url", server.url() + "/crm"});
}

TEST_CASE("an API of another version is not this recipe's, and that is told") {
  const test::CrmServer server{[](const auto& request) { return about(request, "/api/about", "3.0"); }};
  const Recognition found = look(server.url(), {shop()});
  CHECK(found.found.empty());
  REQUIRE(found.near.size() == 1);
  CHECK(found.near[0].missing == "version 3.0");
}

TEST_CASE("a server that answers everything alike is not recognised") {
  const test::CrmServer server{
      [](const net::HttpRequest&) { return net::HttpResponse{200, {}, R"({"product":"Shop","version":"2.5"})"}; }};
  CHECK(look(server.url(), {shop()}).found.empty());
  const test::CrmServer page{[](const net::HttpRequest&) { return net::HttpResponse{200, {}, "<html>Shop</html>"}; }};
  CHECK(look(page.url(), {shop()}).found.empty());
}

TEST_CASE("nobody who answers is an error, not a stranger") {
  std::string url;
  {
    const test::CrmServer server{[](const net::HttpRequest&) { return net::HttpResponse{404, {}, ""}; }};
    url = server.url();
  }
  CHECK_THROWS_WITH(look(url, {shop()}), Catch::Contains("does not answer: connect/refused"));
}

TEST_CASE("a host's name is enough, and nothing is sent to it") {
  const KnownRecipe by_host =
      recipe("hosted", "  hosts: [\"*.shop.invalid\", {\"*.old-shop.invalid\": {url: \"https://new.invalid\"}}]\n");
  const Recognition own = look("https://acme.shop.invalid/login", {by_host, shop()});
  REQUIRE(own.found.size() == 1);
  CHECK(own.found[0].with == probes::TextPairs{{"url", "https://acme.shop.invalid"}});
  CHECK(look("https://x.old-shop.invalid", {by_host}).found.at(0).with ==
        probes::TextPairs{{"url", "https://new.invalid"}});
}
