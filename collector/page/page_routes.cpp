#include "collector/page/page_routes.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "collector/http/answers.h"
#include "collector/http/external_url.h"
#include "collector/page/assets.h"
#include "collector/page/shell.h"
#include "core/text/percent.h"

namespace crmpulse::collector {
namespace {

constexpr std::array<std::string_view, 11> kViews{"/",           "/crm/{crm}", "/incidents",    "/quiet",
                                                  "/deliveries", "/agents",    "/rules",        "/reports",
                                                  "/settings",   "/login",     "/reports/{crm}"};

}  // namespace

void add_page_routes(Router& router, std::function<std::string()> external_url) {
  const auto base = std::make_shared<std::function<std::string()>>(
      [external_url = std::move(external_url)] { return base_path(external_url()) + "/"; });
  for (const std::string_view view : kViews) {
    router.add({"GET", std::string{view}, std::nullopt, [base](const Request& request, const net::Respond& respond) {
                  respond(shell_answer(request, (*base)(), "plain"));
                }});
  }
  // Where links of messages lead.
  router.add({"GET", "/incidents/{id}", std::nullopt, [base](const Request& request, const net::Respond& respond) {
                respond(shell_answer(request, (*base)(),
                                     fmt::format("plain/incidents/{}", percent_encoded(request.part("id")))));
              }});
  router.add({"GET", "/favicon.svg", std::nullopt, [](const Request& request, const net::Respond& respond) {
                const Asset* const icon = find_asset("favicon.svg");
                respond(icon == nullptr ? error_answer(404, "not_found", "there is no such file")
                                        : asset_answer(*icon, request, false));
              }});
  router.add({"GET", "/assets/{file}", std::nullopt, [](const Request& request, const net::Respond& respond) {
                const Asset* const asset = find_asset(fmt::format("assets/{}", request.part("file")));
                respond(asset == nullptr ? error_answer(404, "not_found", "there is no such file")
                                         : asset_answer(*asset, request, true));
              }});
}

}  // namespace crmpulse::collector
