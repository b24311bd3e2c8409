// What can be said about a target's HTTP measurements without the network.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "core/time/clock.h"
#include "probes/auth/flows.h"
#include "probes/http/exchange_request.h"
#include "probes/http/run_http.h"

namespace crmpulse::probes {
namespace {

using TextVisitor = std::function<void(std::string_view text, bool filter)>;

void visit(const config::Node& node, const TextVisitor& see) {
  see(node.scalar, false);
  for (const config::Node& item : node.items) visit(item, see);
  for (const config::Member& member : node.members) {
    see(member.first, false);
    visit(member.second, see);
  }
}

/// Every text of an exchange that may hold ${}; `filter` when it is a condition of OData.
void visit(const Exchange& exchange, const TextVisitor& see) {
  const HttpCall& call = exchange.call;
  see(call.url, false);
  see(call.body, false);
  for (const auto& entry : call.query) see(entry.second, entry.first == "$filter" || entry.first == "$apply");
  see(call.basic.first, false);
  see(call.basic.second, false);
  for (const TextPairs* pairs : {&call.headers, &call.form, &call.expect_at}) {
    for (const auto& entry : *pairs) see(entry.second, false);
  }
  if (call.json) visit(*call.json, see);
  for (const auto* columns : {&exchange.columns, &exchange.save}) {
    for (const Column& column : *columns) see(column.text, false);
  }
  for (const SampleSpec& spec : exchange.samples) {
    for (const auto& label : spec.labels) see(label.second, false);
  }
}

}  // namespace

std::vector<Asked> asked_of(const Measurement& measurement, const Arguments& arguments) {
  std::vector<Asked> out;
  for (const Exchange& exchange : measurement.exchanges) {
    if (exchange.each_of.first.empty()) {
      out.push_back({&exchange, {}});
    } else {
      for (const std::string& item : arguments.list(exchange.each_of.second)) out.push_back({&exchange, item});
    }
  }
  return out;
}

std::vector<std::string> names_of(const Exchange& exchange) {
  std::vector<std::string> out;
  visit(exchange, [&](std::string_view text, bool) {
    if (text.find("${") == std::string_view::npos) return;
    for (std::string& name : names_in(text)) out.push_back(std::move(name));
  });
  return out;
}

std::vector<const Exchange*> exchanges_of(const Measurement& measurement) {
  std::vector<const Exchange*> out;
  for (const Exchange& exchange : measurement.exchanges) out.push_back(&exchange);
  for (const Step& step : measurement.steps) {
    if (step.exchange) out.push_back(&*step.exchange);
  }
  if (measurement.sweep) out.push_back(&*measurement.sweep);
  return out;
}

namespace {

/// Does the name stand unquoted in a query?
bool stands_in_query(const Exchange& exchange, const std::string& name) {
  bool found = false;
  visit(exchange, [&](std::string_view text, bool filter) {
    found = found || ((filter || is_select(text)) && stands_bare(name, text));
  });
  return found;
}

bool has_basic(const HttpCall& call) {
  return !call.basic.first.empty() || !call.basic.second.empty();
}

/// Does the login that was chosen stand in the header Authorization?
bool login_has_authorization(const TargetSpec& spec) {
  const auto& flows = spec.recipe->auth.flows;
  const auto flow =
      std::find_if(flows.begin(), flows.end(), [&](const AuthFlow& one) { return one.flow == spec.auth.flow; });
  if (flow == flows.end() || (flow->request && !flow->gives_token())) return false;
  const auth::Flow* const kind = auth::find_flow(flow->flow);
  const std::string_view header = flow->header.empty() && kind != nullptr ? kind->default_header : flow->header;
  return ascii::same_without_case(header.substr(0, header.find(':')), "authorization");
}

/// Stand-ins for what only a run knows.
Variables stand_ins(const TargetSpec& spec, const Measurement& measurement) {
  Variables out = start_variables("0123456789abcdef", TimePoint{std::chrono::hours{24 * 365 * 50}});
  for (const auto* exchange : exchanges_of(measurement)) {
    for (const Column& column : exchange->save) out.insert_or_assign(column.name, "1");
  }
  for (const auto& known : scope_of(*spec.recipe).names) out.insert_or_assign(known.first, "1");
  out.insert_or_assign("id", "1");
  add_access(out, {{}, "https://crm.invalid", {}, 0}, spec.arguments);
  return out;
}

}  // namespace

std::vector<std::string> request_faults(const TargetSpec& spec, const Measurement& measurement) {
  std::vector<std::string> faults;
  Variables variables = stand_ins(spec, measurement);
  const Values values{*spec.recipe,
                      spec.arguments,
                      "0123456789abcdef",
                      std::string{spec.labels.get("agent")},
                      TimePoint{std::chrono::hours{24 * 365 * 50}},
                      &variables};
  const auto check = [&](const Exchange& exchange) {
    const auto request = fill_in(exchange.call, exchange.next, Page{}, values);
    if (!request) faults.push_back(request.error().message);
  };
  for (const Exchange* exchange : exchanges_of(measurement)) {
    if (exchange->call.auth && has_basic(exchange->call) && login_has_authorization(spec))
      faults.emplace_back(
          "the login and `basic` both give the header Authorization: write `auth: none` beside `basic`, or another "
          "`header` in the login");
    const auto& [name, list] = exchange->each_of;
    if (name.empty()) {
      check(*exchange);
      continue;
    }
    const bool bare = stands_in_query(*exchange, name);
    for (const std::string& item : spec.arguments.list(list)) {
      if (bare && !is_identifier(item))
        faults.push_back(fmt::format("{}: '{}' stands in a query: only letters, digits, _ and dots", list, item));
      variables.insert_or_assign(name, item);
      check(*exchange);
    }
  }
  return faults;
}

namespace {

/// `now` and `run_id` among the login's values stand for those of the moment.
auth::FillIn fill_in_of(const TargetSpec& spec) {
  return [recipe = spec.recipe, arguments = spec.arguments, agent = std::string{spec.labels.get("agent")}](
             const HttpCall& call, const auth::LoginValues& login) {
    const auto run_id = login.find(kRunId);
    const Values values{*recipe,
                        arguments,
                        run_id == login.end() ? new_run_id() : run_id->second,
                        agent,
                        login.contains(kNow) ? TimePoint{} : wall_now(),
                        &login};
    return fill_in(call, std::nullopt, Page{}, values);
  };
}

/// What of a recipe's own login stands still: what its answer must hold, and where it is. An error when a value cannot
/// stand in its place.
Result<auth::RecipeRequests> requests_of(const TargetSpec& spec, AuthFlow& flow, const Values& values) {
  auth::RecipeRequests requests;
  if (!flow.request) return requests;
  for (auto& [pointer, wanted] : flow.request->expect_at) {
    Result<std::string> filled = expand(wanted, values, Place::text);
    if (!filled) return filled.error();
    wanted = *std::move(filled);
  }
  requests.fill_in = fill_in_of(spec);
  auth::LoginValues anybody{{"username", "u"}, {"password", "p"}, {"token", "t"}};
  for (const auto& [name, pointer] : flow.save) anybody.emplace(name, "1");
  const auto request = requests.fill_in(*flow.request, anybody);
  if (!request) return request.error();
  flow.url = request->url;
  if (flow.logout) {
    const auto logout = requests.fill_in(*flow.logout, anybody);
    if (!logout) return logout.error();
  }
  for (const Parameter& parameter : spec.recipe->parameters) {
    if (parameter.type == ParameterType::secret) requests.secrets.push_back(spec.arguments.secret(parameter.name));
  }
  return requests;
}

}  // namespace

Result<std::shared_ptr<auth::Session>> session_of(const TargetSpec& spec, auth::Sessions& sessions) {
  const auto& flows = spec.recipe->auth.flows;
  const auto chosen =
      std::find_if(flows.begin(), flows.end(), [&](const AuthFlow& flow) { return flow.flow == spec.auth.flow; });
  if (spec.auth.flow.empty() || chosen == flows.end()) return std::shared_ptr<auth::Session>{};
  AuthFlow flow = *chosen;
  // What a session puts in the token's place stays there for it.
  const Variables token{{"token", "${token}"}};
  const Values values{*spec.recipe, spec.arguments, {}, std::string{spec.labels.get("agent")}, wall_now(), &token};
  for (const auto& [text, place] : {std::pair{&flow.token_url, Place::url},
                                    {&flow.url, Place::url},
                                    {&flow.audience, Place::text},
                                    {&flow.scope, Place::text},
                                    {&flow.database, Place::text},
                                    {&flow.header, Place::header}}) {
    const Result<std::string> filled = expand(*text, values, place);
    if (!filled) return filled.error();
    *text = *filled;
  }
  Result<auth::RecipeRequests> requests = requests_of(spec, flow, values);
  if (!requests) return requests.error();
  return sessions.get(flow, spec.auth, spec.tls, spec.proxy, spec.state_dir, *std::move(requests));
}

int planned_calls(const Recipe& recipe, const Measurement& measurement, const Arguments& arguments) {
  if (!measurement.steps.empty()) return static_cast<int>(measurement.steps.size());
  if (measurement.exchanges.empty()) return 1;
  const std::vector<Asked> all = asked_of(measurement, arguments);
  int asked = 0;
  for (const Asked& one : all)
    if (!one.exchange->call.free) asked += one.exchange->call.also.empty() ? 1 : 2;
  if (!measurement.batch) return asked;
  const int most = recipe.batch ? recipe.batch->most : 1;
  return (asked + most - 1) / most;
}

}  // namespace crmpulse::probes
