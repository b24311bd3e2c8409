#include "collector/inventory/rehearse.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <cmath>
#include <utility>

#include "collector/api/body.h"
#include "collector/backtest/rule_change.h"
#include "collector/http/answers.h"
#include "collector/suppression/text.h"
#include "config/suggest.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::int64_t kWeek = 7;
constexpr std::int64_t kMonth = 30;

struct Asked {
  std::string crm;
  std::string rule;
  RuleChange change;
  std::int64_t days = kWeek;
};

Checked<std::optional<double>> number_member(const json::object& body, const std::string& field) {
  const json::value* value = body.if_contains(field);
  if (value == nullptr || value->is_null()) return std::optional<double>{};
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  if (error || !std::isfinite(number)) return FieldError{field, "must be a number"};
  return std::optional{number};
}

Checked<std::int64_t> days_member(const json::object& body) {
  const json::value* value = body.if_contains("days");
  if (value == nullptr || value->is_null()) return kWeek;
  boost::system::error_code error;
  const auto days = value->to_number<std::int64_t>(error);
  if (error || (days != kWeek && days != kMonth)) return FieldError{"days", "must be 7 or 30"};
  return days;
}

Checked<std::optional<Duration>> hold_member(const json::object& body) {
  const auto text = filled_member(body, "for");
  if (!text) return text.error();
  if (text->empty()) return std::optional<Duration>{};
  const auto hold = parse_duration(*text);
  if (!hold) return FieldError{"for", "write a duration: 0s, 5m, 1d"};
  return std::optional{*hold};
}

Checked<Asked> read_asked(const json::object& body) {
  if (auto wrong = unknown_member(body, {"crm", "rule", "sub_healthy", "poor", "for", "days"})) return *wrong;
  Asked asked;
  for (const auto& [field, text] : {std::pair{"crm", &asked.crm}, std::pair{"rule", &asked.rule}}) {
    auto member = filled_member(body, field);
    if (!member) return member.error();
    if (member->empty()) return FieldError{field, "is missing"};
    *text = std::move(*member);
  }
  const auto sub = number_member(body, "sub_healthy");
  if (!sub) return sub.error();
  const auto poor = number_member(body, "poor");
  if (!poor) return poor.error();
  const auto hold = hold_member(body);
  if (!hold) return hold.error();
  const auto days = days_member(body);
  if (!days) return days.error();
  asked.change = {*sub, *poor, *hold};
  asked.days = *days;
  return asked;
}

double minutes(Duration duration) {
  constexpr double kTenths = 10;
  return std::round(to_seconds(duration) / 60 * kTenths) / kTenths;
}

json::object side_json(const RehearsedSide& side, TimePoint end) {
  json::array incidents;
  for (const RehearsedIncident& one : side.incidents) {
    incidents.push_back(
        json::object{{"opened_at", format_time(one.opened)},
                     {"resolved_at", one.resolved ? json::value(format_time(*one.resolved)) : json::value(nullptr)},
                     {"worst", to_string(one.worst)},
                     {"minutes", minutes(one.resolved.value_or(end) - one.opened)}});
  }
  return {{"incidents", std::move(incidents)},
          {"incident_count", side.count},
          {"minutes", json::object{{"sub_healthy", minutes(side.sub_healthy)}, {"poor", minutes(side.poor)}}}};
}

json::object rehearsal_json(const Rehearsal& rehearsal, const std::string& yaml, Duration took) {
  return {{"from", format_time(rehearsal.from)},
          {"to", format_time(rehearsal.to)},
          {"truncated", rehearsal.truncated},
          {"samples", rehearsal.samples},
          {"blocks_damaged", rehearsal.damaged},
          {"before", side_json(rehearsal.before, rehearsal.to)},
          {"after", side_json(rehearsal.after, rehearsal.to)},
          {"yaml", yaml},
          {"took_ms", took.count()}};
}

net::HttpResponse no_such_rule(const EngineLoop& engine, const Labels& labels, const std::string& rule) {
  std::vector<std::string> ids;
  for (const Rule& known : engine.configuration().ruleset.rules) {
    if (matches(known.applies_to, labels)) ids.push_back(known.id);
  }
  return error_answer(404, "not_found",
                      fmt::format("no rule '{}' judges this CRM{}", rule, config::suggestion(rule, ids)), "rule");
}

void rehearse_rule(const Request& request, const EngineLoop& engine, Rehearsals* rehearsals, net::Respond respond) {
  auto body = read_body(request);
  if (!body) return respond(std::move(body).error());
  const auto asked = read_asked(*body);
  if (!asked) return respond(wrong_field(asked.error()));
  const auto status = engine.rules().status(asked->crm);
  if (!status) return respond(error_answer(404, "not_found", "there is no such CRM", "crm"));
  const Rule* rule = rule_of(engine.configuration().ruleset, asked->rule, status->labels);
  if (rule == nullptr) return respond(no_such_rule(engine, status->labels, asked->rule));
  const auto changed = changed_rule(*rule, asked->change);
  if (!changed) return respond(error_answer(400, "invalid", changed.error().message, changed.error().field));
  using Steady = std::chrono::steady_clock;
  const auto done = [respond, yaml = change_yaml(*rule, *changed, asked->crm),
                     begin = Steady::now()](const Result<Rehearsal>& outcome) {
    const auto took = std::chrono::duration_cast<Duration>(Steady::now() - begin);
    if (outcome) return respond(json_answer(rehearsal_json(*outcome, yaml, took)));
    log::warning("a rehearsal was not answered", {{"why", outcome.error().message}});
    respond(busy_answer("the rehearsal cannot be done now; try again"));
  };
  const TimePoint now = engine.now();
  RehearsalPlan plan{engine.shared_configuration(), *changed, asked->crm, now - std::chrono::hours{24 * asked->days},
                     now};
  if (rehearsals == nullptr || !rehearsals->ask(std::move(plan), request.gone, done))
    respond(busy_answer("another rehearsal is under way; try again", 2));
}

}  // namespace

void add_rehearse_route(Router& router, const EngineLoop& engine, std::function<Rehearsals*()> rehearsals) {
  router.add({"POST", "/api/v1/rules/rehearse", AccessRole::viewer,
              [&engine, rehearsals = std::move(rehearsals)](const Request& request, net::Respond respond) {
                rehearse_rule(request, engine, rehearsals(), std::move(respond));
              }});
}

}  // namespace crmpulse::collector
