// Collector: which addresses it answers, beside those of the Api.

#include <fmt/format.h>

#include <filesystem>

#include "collector/api/history_api.h"
#include "collector/api/states_api.h"
#include "collector/collector.h"
#include "collector/http/answers.h"
#include "collector/http/session_routes.h"
#include "collector/inventory/rehearse.h"
#include "collector/page/page_routes.h"
#include "collector/stream/stream_routes.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kHealthyTick{std::chrono::seconds{10}};

bool is_of_path(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"/._-+@"}.find(c) != std::string_view::npos;
}

/// `no such file: /etc/x/y.pem` → `no such file: y.pem`. A slash inside a word does not begin a path (`http://x/y`).
std::string without_folders(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool begins =
        text[i] == '/' && (i == 0 || std::string_view{" '`\"("}.find(text[i - 1]) != std::string_view::npos);
    std::size_t end = i + 1;
    while (begins && end < text.size() && is_of_path(text[end])) ++end;
    std::string_view piece = text.substr(i, end - i);
    if (begins) piece.remove_prefix(piece.find_last_of('/') + 1);
    out += piece;
    i = end;
  }
  return out;
}

/// For people far away: which file, not where it lies.
json::array problems_json(const Problems& problems) {
  json::array out;
  for (Problem problem : problems) {
    problem.file = std::filesystem::path{problem.file}.filename();
    problem.message = without_folders(problem.message);
    out.push_back(json::value(to_string(problem)));
  }
  return out;
}

net::HttpResponse reload_answer(const Reload& outcome) {
  if (!outcome.applied) {
    return json_answer(
        json::object{{"error", json::object{{"code", "invalid_configuration"},
                                            {"message", "the new configuration is not valid; nothing has changed"},
                                            {"problems", problems_json(outcome.problems)}}}},
        422);
  }
  json::array restart;
  for (const std::string& key : outcome.restart) restart.push_back(json::value(key));
  return json_answer(json::object{{"status", "reloaded"}, {"needs_restart", std::move(restart)}});
}

}  // namespace

void Collector::add_routes() {
  router_.add({"POST", "/api/v1/write", AccessRole::ingest, [this](Request request, net::Respond respond) {
                 ingest_.write(std::move(request), std::move(respond));
               }});
  router_.add({"POST", "/api/v1/evidence", AccessRole::ingest, [this](Request request, net::Respond respond) {
                 ingest_.evidence(std::move(request), std::move(respond));
               }});
  api_.add_routes(router_);
  add_session_routes(router_, access_);
  add_stream_routes(router_, stream_);
  add_page_routes(router_, [this] { return configuration_->settings.external_url; });
  callbacks_.add_route(router_);
  inventory_.add_routes(router_);
  invitations_.add_routes(router_);
  public_.add_routes(router_);
  add_history_route(router_, engine_, [this] { return history_.get(); });
  add_rehearse_route(router_, engine_, [this] { return rehearsals_.get(); });
  reports_.add_route(router_);
  goals_.add_route(router_);
  add_state_routes(router_, engine_, [this] { return history_.get(); });
  add_service_routes();
}

/// What every page shows beside the CRMs.
json::object Collector::page_facts() const {
  const Settings& settings = configuration_->settings;
  return {{"time_zone", settings.time_zone ? settings.time_zone->name : "UTC"},
          {"muted", settings.mute},
          {"recovering", engine_.recovering()},
          {"lost_agents", engine_.rules().lost_agents().size()},
          {"dead_deliveries", notifier_.outbox().dead},
          {"troubles", troubles_json(troubles_.watch().all()).at("troubles")}};
}

void Collector::list_audit(const net::HttpRequest& request, net::Respond respond) {
  const auto job = [state_dir = configuration_->settings.state_dir,
                    limit =
                        static_cast<std::size_t>(limit_of(request))](store::Database&) -> Result<net::HttpResponse> {
    auto entries = newest_audit(state_dir, limit);
    if (!entries) return entries.error();
    return json_answer(json::object{{"entries", std::move(*entries)}});
  };
  api_.from_store(job, std::move(respond));
}

void Collector::show_metrics(const net::HttpRequest& request, net::Respond respond) {
  PageRequest asked = requested_page(request);
  const PageForm form = asked.form;
  exposition_.page(loop_, form, [respond = std::move(respond), asked = std::move(asked)](const Exposition::Text& text) {
    net::HttpResponse page = text_answer({}, asked.content_type);
    page.headers.emplace_back("Vary", "Accept, Accept-Encoding");
    if (asked.form.gzip) page.headers.emplace_back("Content-Encoding", "gzip");
    page.shared = text;
    respond(std::move(page));
  });
}

void Collector::add_service_routes() {
  const bool open = configuration_->settings.metrics == MetricsAccess::open;
  const std::optional<AccessRole> viewer = open ? std::nullopt : std::optional{AccessRole::viewer};
  router_.add({"GET", "/metrics", viewer,
               [this](const Request& request, net::Respond respond) { show_metrics(request, std::move(respond)); }});
  router_.add({"GET", "/-/healthy", std::nullopt, [this](const Request&, net::Respond respond) {
                 const bool turning = clocks_.engine.now() - engine_.last_tick() <= kHealthyTick;
                 respond(turning ? text_answer("healthy\n")
                                 : error_answer(503, "stalled", "the rule engine is not running"));
               }});
  router_.add({"GET", "/-/ready", std::nullopt, [this](const Request&, net::Respond respond) {
                 respond(stopping_ ? error_answer(503, "stopping", "the collector is stopping")
                                   : text_answer("ready\n"));
               }});
  router_.add({"POST", "/-/reload", AccessRole::admin, [this](const Request&, net::Respond respond) {
                 reload([respond](const Reload& outcome) { respond(reload_answer(outcome)); });
               }});
  router_.add({"GET", "/api/v1/audit", AccessRole::admin,
               [this](const Request& request, net::Respond respond) { list_audit(request, std::move(respond)); }});
}

}  // namespace crmpulse::collector
