// Which addresses the collector answers, beside those of the Api.

#include <fmt/format.h>

#include <filesystem>

#include "collector/answers.h"
#include "collector/collector.h"
#include "collector/history_api.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kHealthyTick{std::chrono::seconds{10}};

/// For people far away: which file, not where it lies.
json::array problems_json(const Problems& problems) {
  json::array out;
  for (Problem problem : problems) {
    problem.file = std::filesystem::path{problem.file}.filename();
    out.push_back(json::value(to_string(problem)));
  }
  return out;
}

net::HttpResponse reload_answer(const Collector::Reload& outcome) {
  if (!outcome.applied) {
    return json_answer(
        json::object{{"error", json::object{{"code", "invalid_configuration"},
                                            {"message", "the new configuration is not sound; nothing has changed"},
                                            {"problems", problems_json(outcome.problems)}}}},
        422);
  }
  json::array restart;
  for (const std::string& key : outcome.restart) restart.push_back(json::value(key));
  return json_answer(json::object{{"status", "reloaded"}, {"needs_restart", std::move(restart)}});
}

}  // namespace

void Collector::add_routes() {
  router_.add({"POST", "/api/v1/write", AccessRole::ingest,
               [this](const net::HttpRequest& request, const PathParts&, net::Respond respond) {
                 ingest_.write(request, std::move(respond));
               }});
  router_.add({"POST", "/api/v1/evidence", AccessRole::ingest,
               [this](const net::HttpRequest& request, const PathParts&, net::Respond respond) {
                 ingest_.evidence(request, std::move(respond));
               }});
  api_.add_routes(router_);
  add_history_route(router_, engine_, [this] { return history_.get(); });
  add_service_routes();
}

void Collector::add_service_routes() {
  const bool open = configuration_->settings.metrics == MetricsAccess::open;
  const std::optional<AccessRole> viewer = open ? std::nullopt : std::optional{AccessRole::viewer};
  router_.add({"GET", "/metrics", viewer, [this](const net::HttpRequest&, const PathParts&, net::Respond respond) {
                 exposition_.text(loop_, [respond = std::move(respond)](std::string text) {
                   respond(text_answer(std::move(text), Exposition::kContentType));
                 });
               }});
  router_.add(
      {"GET", "/-/healthy", std::nullopt, [this](const net::HttpRequest&, const PathParts&, net::Respond respond) {
         const bool turning = clocks_.engine.now() - engine_.last_tick() <= kHealthyTick;
         respond(turning ? text_answer("healthy\n") : error_answer(503, "stalled", "the engine does not tick"));
       }});
  router_.add(
      {"GET", "/-/ready", std::nullopt, [this](const net::HttpRequest&, const PathParts&, net::Respond respond) {
         respond(stopping_ ? error_answer(503, "stopping", "the collector is stopping") : text_answer("ready\n"));
       }});
  router_.add(
      {"POST", "/-/reload", AccessRole::admin, [this](const net::HttpRequest&, const PathParts&, net::Respond respond) {
         reload([respond](const Reload& outcome) { respond(reload_answer(outcome)); });
       }});
}

}  // namespace crmpulse::collector
