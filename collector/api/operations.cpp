// What operators do over HTTP: acknowledge, silence, plan maintenance, retry. Answered only when it is on disk.

#include <fmt/format.h>

#include <algorithm>

#include "collector/api/api.h"
#include "collector/api/body.h"
#include "collector/http/answers.h"
#include "collector/message/compose.h"
#include "collector/suppression/text.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kLongestAck{std::chrono::hours{24 * 30}};
/// Ended ones are listed as long as they are kept; how many are kept is bounded by people.
constexpr int kMostListed = 100'000;

Checked<TimePoint> read_expiry(const json::object& body, TimePoint now, Duration otherwise) {
  auto in = filled_member(body, "expires_in");
  if (!in) return in.error();
  auto at = filled_member(body, "expires_at");
  if (!at) return at.error();
  if (!in->empty() && !at->empty()) return FieldError{"expires_at", "expires_in or expires_at, not both"};
  TimePoint until = now + otherwise;
  std::string field = "expires_at";
  if (!in->empty()) {
    field = "expires_in";
    const auto duration = parse_duration(*in);
    if (!duration) return FieldError{field, "write a duration: 30m, 2h, 1d"};
    if (*duration > kLongestAck) return FieldError{field, "at most 30 days"};
    until = now + *duration;
  } else if (!at->empty()) {
    const auto time = parse_time(*at);
    if (!time) return FieldError{field, "write a time as in RFC 3339: 2026-11-21T09:00:00Z"};
    until = *time;
  }
  if (until <= now) return FieldError{field, "must not be in the past"};
  if (until > now + kLongestAck) return FieldError{field, "at most 30 days"};
  return until;
}

Checked<Acknowledgement> read_ack(const json::object& body, const std::string& who, TimePoint now, Duration otherwise) {
  if (auto wrong = unknown_member(body, {"author", "comment", "expires_in", "expires_at"})) return *wrong;
  Acknowledgement ack;
  ack.at = now;
  auto author = read_author(body, who);
  if (!author) return author.error();
  ack.author = std::move(*author);
  auto comment = text_member(body, "comment");
  if (!comment) return comment.error();
  ack.comment = *comment;
  if (auto wrong = check_text("comment", ack.comment, kMaxComment, false)) return *wrong;
  auto until = read_expiry(body, now, otherwise);
  if (!until) return until.error();
  ack.until = *until;
  return ack;
}

constexpr std::size_t kMostMatchesShown = 20;

std::optional<Suppression::Phase> phase_from(std::string_view name) {
  using Phase = Suppression::Phase;
  for (const Phase phase : {Phase::pending, Phase::active, Phase::expired}) {
    if (to_string(phase) == name) return phase;
  }
  return std::nullopt;
}

std::string_view list_name(Suppression::Kind kind) {
  return kind == Suppression::Kind::silence ? "silences" : "maintenance";
}

/// Which CRMs it is about, so that a misspelt matcher is seen when it is made and not when somebody is paged.
void add_matches(json::object& made, const std::vector<std::string>& crms) {
  json::array shown;
  for (std::size_t i = 0; i < std::min(crms.size(), kMostMatchesShown); ++i) shown.push_back(json::value(crms[i]));
  made["matches"] = json::object{{"count", crms.size()}, {"crms", std::move(shown)}};
  if (crms.empty()) {
    made["warning"] = json::object{
        {"en", "No CRM that is known now has these labels. It takes effect for CRMs that come later and have them."},
        {"zh", "目前没有 CRM 带有这些标签；只对以后出现、并且带有这些标签的 CRM 生效。"}};
  }
}

net::HttpResponse not_stored() {
  return busy_answer("it cannot be stored now");
}

}  // namespace

void Api::add_operator_routes(Router& router) {
  router.add({"POST", "/api/v1/incidents/{id}/ack", AccessRole::operator_,
              [this](const Request& request, net::Respond respond) {
                acknowledge(request, request.part("id"), std::move(respond));
              }});
  router.add({"DELETE", "/api/v1/incidents/{id}/ack", AccessRole::operator_,
              [this](const Request& request, net::Respond respond) {
                unacknowledge(request, request.part("id"), std::move(respond));
              }});
  router.add({"POST", "/api/v1/incidents/{id}/notes", AccessRole::operator_,
              [this](const Request& request, net::Respond respond) {
                add_note(request, request.part("id"), std::move(respond));
              }});
  router.add({"POST", "/api/v1/deliveries/{id}/retry", AccessRole::operator_,
              [this](const Request& request, net::Respond respond) {
                retry_delivery(request, request.part("id"), std::move(respond));
              }});
  router.add(
      {"DELETE", "/api/v1/crms/{crm}", AccessRole::operator_,
       [this](const Request& request, net::Respond respond) { forget_crm(request.part("crm"), std::move(respond)); }});
  add_suppression_routes(router, Kind::silence, "/api/v1/silences");
  add_suppression_routes(router, Kind::maintenance, "/api/v1/maintenance");
}

void Api::forget_crm(const std::string& crm, net::Respond respond) {
  const auto stored = [respond](const Result<void>& result) {
    respond(result ? net::HttpResponse{204, {}, {}} : not_stored());
  };
  if (!engine_.forget(crm, stored)) respond(no_such("CRM"));
}

void Api::add_suppression_routes(Router& router, Kind kind, const std::string& path) {
  router.add({"GET", path, AccessRole::viewer, [this, kind](const Request& request, net::Respond respond) {
                list_suppressions(kind, request, std::move(respond));
              }});
  router.add({"POST", path, AccessRole::operator_, [this, kind](const Request& request, net::Respond respond) {
                create_suppression(kind, request, std::move(respond));
              }});
  router.add({"GET", path + "/{id}", AccessRole::viewer, [this, kind](const Request& request, net::Respond respond) {
                show_suppression(kind, request.part("id"), std::move(respond));
              }});
  router.add(
      {"DELETE", path + "/{id}", AccessRole::operator_, [this, kind](const Request& request, net::Respond respond) {
         end_suppression(kind, request, request.part("id"), std::move(respond));
       }});
}

std::function<void()> Api::audit(const Request& request, std::string action, std::string about,
                                 std::string author) const {
  return [token = request.caller.name(), address = request.remote_address, action = std::move(action),
          about = std::move(about), author = std::move(author)] {
    log::info("an operator acted", {{"action", action},
                                    {"about", about},
                                    {"token", token.empty() ? "none" : token},
                                    {"author", author},
                                    {"address", address}});
  };
}

void Api::list_suppressions(Kind kind, const net::HttpRequest& request, net::Respond respond) {
  const int limit = limit_of(request);
  const std::optional<Suppression::Phase> phase = phase_from(parameter(request, "state"));
  std::vector<Suppression> configured;
  for (const Suppression& suppression : engine_.operations().all()) {
    if (suppression.configured && suppression.kind == kind) configured.push_back(suppression);
  }
  const auto job = [kind, phase, configured, most = static_cast<std::size_t>(limit),
                    now = engine_.now()](store::Database& database) -> Result<net::HttpResponse> {
    auto stored = store::list_suppressions(database, kind, TimePoint{}, kMostListed);
    if (!stored) return stored.error();
    std::vector<Suppression> all = configured;
    for (const store::StoredSuppression& row : *stored) {
      if (auto suppression = from_stored(row)) all.push_back(std::move(*suppression));
    }
    json::array list;
    for (const Suppression& suppression : all) {
      if (list.size() < most && (!phase || suppression.phase_at(now) == *phase))
        list.push_back(suppression_json(suppression, now));
    }
    json::object body;
    body[list_name(kind)] = std::move(list);
    return json_answer(body);
  };
  from_store(job, std::move(respond));
}

void Api::show_suppression(Kind kind, const std::string& id, net::Respond respond) {
  const Suppression* known = engine_.operations().find(id);
  if (known != nullptr && known->kind == kind) return respond(json_answer(suppression_json(*known, engine_.now())));
  const auto job = [kind, id, now = engine_.now()](store::Database& database) -> Result<net::HttpResponse> {
    auto stored = store::list_suppressions(database, kind, TimePoint{}, kMostListed);
    if (!stored) return stored.error();
    const auto found = std::find_if(stored->begin(), stored->end(), [&](const auto& row) { return row.id == id; });
    const auto suppression = found == stored->end() ? std::nullopt : from_stored(*found);
    return suppression ? json_answer(suppression_json(*suppression, now)) : no_such(to_string(kind));
  };
  from_store(job, std::move(respond));
}

void Api::create_suppression(Kind kind, const Request& request, net::Respond respond) {
  auto body = read_body(request);
  if (!body) return respond(body.error());
  auto text = read_suppression(kind, *body);
  if (!text) return respond(wrong_field(text.error()));
  if (text->author.empty()) text->author = request.caller.name();
  const TimePoint now = engine_.now();
  auto checked = check_suppression(kind, *text, now);
  if (!checked) return respond(wrong_field(checked.error()));
  if (engine_.operations().full(now))
    return respond(error_answer(
        409, "too_many",
        fmt::format("there are {} silences and maintenance windows already: end some first", Operations::kMost)));
  checked->id = message_id(now, to_string(kind), checked->author, ++made_);
  const auto noted = audit(request, fmt::format("{}.create", to_string(kind)), checked->id, checked->author);
  const auto job = [row = to_stored(*checked)](store::Database& database) -> Result<net::HttpResponse> {
    if (auto saved = store::save_suppression(database, row); !saved) return saved.error();
    return net::HttpResponse{};
  };
  const auto then = [this, noted, suppression = std::move(*checked)](net::HttpResponse& answer) {
    noted();
    engine_.add(suppression);
    json::object made = suppression_json(suppression, engine_.now());
    add_matches(made, Operations::matching(engine_.rules(), suppression.matchers));
    answer = json_answer(made, 201);
  };
  from_store(job, std::move(respond), then);
}

void Api::end_suppression(Kind kind, const Request& request, const std::string& id, net::Respond respond) {
  const Suppression* known = engine_.operations().find(id);
  if (known != nullptr && known->configured) {
    return respond(error_answer(409, "configured", "it is defined in collector.yaml: remove it there and reload"));
  }
  const TimePoint now = engine_.now();
  const auto noted = audit(request, fmt::format("{}.end", to_string(kind)), id, request.caller.name());
  const auto job = [kind, id, now](store::Database& database) -> Result<net::HttpResponse> {
    auto ended = store::end_suppression(database, kind, id, now);
    if (!ended) return ended.error();
    if (!*ended) return error_answer(404, "not_found", fmt::format("no active {} with this id", to_string(kind)));
    return net::HttpResponse{};
  };
  const auto then = [this, noted, id, now](net::HttpResponse& answer) {
    if (answer.status != 200) return;
    noted();
    engine_.end_suppression(id, now);
    const Suppression* ended = engine_.operations().find(id);
    answer =
        ended == nullptr ? json_answer(json::object{{"id", id}}) : json_answer(suppression_json(*ended, engine_.now()));
  };
  from_store(job, std::move(respond), then);
}

void Api::acknowledge(const Request& request, const std::string& id, net::Respond respond) {
  auto body = read_body(request);
  if (!body) return respond(body.error());
  const TimePoint now = engine_.now();
  auto ack = read_ack(*body, request.caller.name(), now, engine_.configuration().ruleset.settings.ack_expiry);
  if (!ack) return respond(wrong_field(ack.error()));
  const std::optional<std::string> crm = engine_.incidents().crm_of(id);
  if (!crm) return refuse_ack(id, std::move(respond));
  const auto noted = audit(request, "incident.ack", id, ack->author);
  const auto stored = [respond, noted, id, crm = *crm, made = *ack](const Result<void>& result) {
    noted();
    respond(result ? json_answer(json::object{{"id", id}, {"crm", crm}, {"ack", ack_json(&made)}}) : not_stored());
  };
  if (!engine_.acknowledge(*crm, *ack, stored)) refuse_ack(id, std::move(respond));
}

void Api::unacknowledge(const Request& request, const std::string& id, net::Respond respond) {
  const std::optional<std::string> crm = engine_.incidents().crm_of(id);
  if (!crm) return refuse_ack(id, std::move(respond));
  const std::string name = request.caller.name();
  const auto noted = audit(request, "incident.unack", id, name);
  const auto stored = [respond, noted, id, crm = *crm](const Result<void>& result) {
    noted();
    respond(result ? json_answer(json::object{{"id", id}, {"crm", crm}, {"ack", nullptr}}) : not_stored());
  };
  if (!engine_.unacknowledge(*crm, name, stored))
    respond(error_answer(409, "not_acknowledged", "nobody has acknowledged it"));
}

void Api::refuse_ack(const std::string& id, net::Respond respond) {
  const auto job = [id](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::get_incident(database, id);
    if (!found) return found.error();
    return *found ? error_answer(409, "resolved", "the CRM is healthy again: there is nothing to acknowledge")
                  : no_such("incident");
  };
  from_store(job, std::move(respond));
}

void Api::retry_delivery(const Request& request, const std::string& id, net::Respond respond) {
  const TimePoint now = engine_.now();
  const auto noted = audit(request, "delivery.retry", id, request.caller.name());
  const auto job = [id, now](store::Database& database) -> Result<net::HttpResponse> {
    auto found = store::find_delivery(database, id);
    if (!found) return found.error();
    if (!*found || (*found)->status != store::DeliveryStatus::dead) return no_such("dead delivery");
    store::OutboxRow row = **found;
    row.status = store::DeliveryStatus::pending;
    row.not_before = now;
    if (auto settled = store::settle(database, row); !settled) return settled.error();
    return json_answer(delivery_json(row), 202);
  };
  from_store(job, std::move(respond), [noted](const net::HttpResponse& answer) {
    if (answer.status == 202) noted();
  });
}

}  // namespace crmpulse::collector
