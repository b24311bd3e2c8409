#include "collector/report/desk.h"

#include <fmt/format.h>

#include "collector/http/answers.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr int kRetryAfter = 5;

std::string query_value(const net::HttpRequest& request, std::string_view name, std::string_view otherwise) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string{otherwise} : found->second;
}

/// Before a period is over its report changes with every minute.
net::HttpResponse answer_of(const report::Report& made, report::Format format, Language language) {
  net::HttpResponse answer = text_answer(report::render(made, format, language), report::media_type(format));
  if (format == report::Format::html) {
    answer.headers.emplace_back("Content-Security-Policy", report::html_policy());
    // The page shows it in a frame of its own.
    answer.headers.emplace_back("X-Frame-Options", "SAMEORIGIN");
  }
  if (format == report::Format::csv) {
    answer.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"{}\"", report::file_name(made, format)));
  }
  return answer;
}

}  // namespace

bool ReportDesk::make(report::ReportRequest request, Done done) {
  if (waiting_ >= kMostWaiting) return false;
  ++waiting_;
  thread_.run([request = std::move(request),
               configuration = configuration_()] { return report::make_report(*configuration, request); },
              [this, done = std::move(done)](Result<report::Report> made) {
                --waiting_;
                done(std::move(made));
              });
  return true;
}

void ReportDesk::show(const Request& request, net::Respond respond) {
  const std::string& crm = request.part("crm");
  if (!engine_.rules().status(crm)) return respond(error_answer(404, "not_found", "there is no such CRM"));
  const auto configuration = configuration_();
  auto asked = report::request_from({crm, query_value(request, "period", ""), query_value(request, "compare", "")},
                                    engine_.now(), configuration->settings.time_zone);
  if (!asked) return respond(error_answer(400, "parameter", asked.error().message, asked.error().field));
  asked->known = true;
  // Both were checked against their choices.
  const report::Format format =
      report::format_from(query_value(request, "format", "json")).value_or(report::Format::json);
  const Language language = query_value(request, "lang", "en") == "zh" ? Language::zh : Language::en;
  const auto done = [respond, format, language](const Result<report::Report>& made) {
    if (made) return respond(answer_of(*made, format, language));
    log::error("a report could not be made", {{"why", made.error().message}});
    respond(busy_answer("the report cannot be made now; try again", kRetryAfter));
  };
  if (!make(*asked, done)) respond(busy_answer("too many reports at once; try again", kRetryAfter));
}

void ReportDesk::add_route(Router& router) {
  router.add({"GET", "/api/v1/reports/{crm}", AccessRole::viewer,
              [this](const Request& request, net::Respond respond) { show(request, std::move(respond)); }});
}

}  // namespace crmpulse::collector
