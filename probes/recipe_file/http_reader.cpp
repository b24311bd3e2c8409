// What a recipe says about a CRM behind HTTP as a whole: login, errors, allowance, batches, checks.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "core/text/ascii.h"
#include "probes/auth/flows.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Reader;
using namespace std::chrono_literals;

/// `header`, `base_url` and `expires_in` are keys of every flow.
void read_flow_texts(Reader& reader, const auth::Flow& keys, const Recipe& recipe, AuthFlow& flow) {
  for (const auto& [key, out] : {std::pair{"token_url", &flow.token_url},
                                 {"audience", &flow.audience},
                                 {"scope", &flow.scope},
                                 {"url", &flow.url},
                                 {"database", &flow.database},
                                 {"encoding", &flow.encoding},
                                 {"send", &flow.send}}) {
    const bool known = contains(keys.recipe_needs, key) || contains(keys.recipe_may, key);
    if (!known) continue;
    if (contains(keys.recipe_needs, key)) {
      reader.require(key, *out);
    } else {
      reader.get(key, *out);
    }
    const bool url = std::string_view{key}.ends_with("url");
    check_text(recipe, *out, url ? Place::url : Place::text, "", key, reader);
  }
  if (!flow.encoding.empty() && flow.encoding != "form" && flow.encoding != "json")
    reader.problem("encoding", "must be form or json");
  if (!flow.send.empty() && flow.send != "form" && flow.send != "basic")
    reader.problem("send", "must be form or basic");
}

AuthFlow read_flow(Reader reader, const auth::Flow& keys, const Recipe& recipe) {
  AuthFlow flow;
  flow.flow = keys.name;
  read_flow_texts(reader, keys, recipe, flow);
  if (contains(keys.recipe_needs, "request")) read_login(reader, recipe, flow);
  if (contains(keys.recipe_needs, "header") && !reader.has("header")) reader.missing("header");
  if (reader.get("header", flow.header)) {
    const std::size_t colon = flow.header.find(": ");
    const bool named = colon != std::string::npos && colon > 0 &&
                       flow.header.substr(0, colon).find_first_of(" \t$") == std::string::npos;
    if (!named) reader.problem("header", "must be written `Name: value with ${token}`");
    Scope scope{recipe};
    scope.names.emplace("token", ParameterType::secret);
    check_text(scope, flow.header, Place::header, "", "header", reader);
  }
  get_pointer(reader, "base_url", flow.base_url);
  Duration expires{};
  if (reader.get("expires_in", expires, 1min, 366 * 24h)) flow.expires_in = expires;
  reader.finish();
  return flow;
}

void read_auth(Reader reader, Recipe& recipe) {
  reader.get("optional", recipe.auth.optional);
  for (Reader& entry : reader.each("renew_on")) {
    FailureMapping condition;
    read_failure_conditions(entry, condition);
    entry.finish();
    recipe.auth.renew_on.push_back(std::move(condition));
  }
  Reader flows = reader.child("flows");
  for (const std::string& name : flows.keys()) {
    const auth::Flow* keys = auth::find_flow(name);
    if (keys == nullptr) {
      std::vector<std::string_view> names;
      for (const auth::Flow& flow : auth::flows()) names.push_back(flow.name);
      flows.problem(name, fmt::format("is not a login flow; there are {}", fmt::join(names, ", ")));
      continue;
    }
    recipe.auth.flows.push_back(read_flow(flows.child(name), *keys, recipe));
  }
  reader.finish();
}

void read_errors(Reader reader, ErrorSources& errors) {
  get_pointers(reader, "present", errors.present);
  get_pointers(reader, "code", errors.code);
  get_pointers(reader, "message", errors.message);
  reader.get("message_header", errors.message_header);
  reader.get("request_id", errors.request_id);
  errors.message_header = ascii::lower(errors.message_header);
  for (std::string& name : errors.request_id) name = ascii::lower(name);
  reader.finish();
}

void read_quota(Reader& reader, Recipe& recipe) {
  static constexpr std::array<std::string_view, 3> kGives{"limit", "used", "remaining"};
  for (Reader& entry : reader.each("quota")) {
    QuotaHeader quota;
    entry.require("allowance", quota.allowance);
    entry.require("header", quota.header);
    quota.header = ascii::lower(quota.header);
    if (!entry.has("gives")) entry.missing("gives");
    entry.get("gives", quota.gives);
    for (const std::string& what : quota.gives) {
      if (!contains(kGives, what))
        entry.problem("gives", fmt::format("'{}' is not one of limit, used, remaining", what));
    }
    if (get_pattern(entry, "match", quota.match, 0) && quota.match.groups() != static_cast<int>(quota.gives.size()))
      entry.problem("match", "needs one group for each of `gives`");
    if (quota.match.empty() && quota.gives.size() > 1) entry.problem("gives", "several need a match with groups");
    entry.finish();
    recipe.quota.push_back(std::move(quota));
  }
}

void read_allowance(Reader& parent, Recipe& recipe) {
  if (!parent.has("allowance")) return;
  Reader reader = parent.child("allowance");
  Allowance allowance;
  reader.require("name", allowance.name);
  if (reader.require("per_day", allowance.per_day)) {
    check_text(recipe, allowance.per_day, Place::text, "", "per_day", reader);
    if (names_in(allowance.per_day).empty() && !config::parse_number(allowance.per_day))
      reader.problem("per_day", "must be a number of calls");
  }
  reader.finish();
  recipe.allowance = std::move(allowance);
}

BatchSpec read_batch(Reader reader, const Recipe& recipe) {
  BatchSpec batch;
  if (!reader.has("request")) reader.missing("request");
  batch.call = read_call(reader.child("request"));
  check_call(scope_of(recipe), batch.call, "", reader);
  if (!batch.call.json) reader.problem("request", "needs json: the requests go into it");
  if (!reader.has("list")) reader.missing("list");
  get_pointer(reader, "list", batch.list);
  Reader item = reader.child("item");
  item.require("method", batch.method);
  item.require("url", batch.url);
  item.require("body", batch.body);
  item.get("id", batch.id);
  item.finish();
  reader.get("prefix", batch.prefix);
  check_text(scope_of(recipe), batch.prefix, Place::url, "", "prefix", reader);
  reader.get("most", batch.most, 1, 1000);
  if (!reader.has("answers")) reader.missing("answers");
  get_pointer(reader, "answers", batch.answers);
  Reader answer = reader.child("answer");
  for (const auto& [key, out] : {std::pair{"status", &batch.answer_status}, {"body", &batch.answer_body}}) {
    if (!answer.has(key)) answer.missing(key);
    get_pointer(answer, key, *out);
  }
  answer.finish();
  reader.finish();
  return batch;
}

void read_check(Reader reader, const std::string& kind, const std::string& format, const std::string& object,
                Recipe& recipe) {
  Check check;
  check.kind = kind;
  check.format = format;
  check.object = object;
  Measurement& measurement = check.measurement;
  measurement.id = "check_" + kind + (format.empty() ? "" : "_" + format);
  measurement.operation = "check";
  measurement.object = "${object}";
  measurement.interval = 1h;
  measurement.line = reader.line();
  Scope scope = scope_of(recipe);
  scope.names.emplace("object", ParameterType::identifier);
  if (kind == "fresh") {
    scope.names.emplace("age", ParameterType::duration);
  } else {
    scope.names.emplace("field", ParameterType::identifier);
  }
  read_questions(reader, scope, measurement);
  check_measurement(scope, measurement, reader);
  if (object.empty()) {
    Reader objects = reader.child("objects");
    for (const std::string& name : objects.keys()) read_check(objects.child(name), kind, format, name, recipe);
  }
  reader.finish();
  recipe.checks.push_back(std::move(check));
}

void read_checks(Reader reader, Recipe& recipe) {
  for (const std::string kind : {"complete", "unique", "valid", "fresh", "orphan"}) {
    if (!reader.has(kind)) continue;
    Reader template_reader = reader.child(kind);
    if (kind != "valid") {
      read_check(template_reader, kind, "", "", recipe);
      continue;
    }
    for (const std::string& format : template_reader.keys()) {
      if (!is_plain_name(format))
        template_reader.problem(format, "a format's name must be made of letters, digits and _");
      read_check(template_reader.child(format), kind, format, "", recipe);
    }
  }
  reader.finish();
}

}  // namespace

void read_failure_conditions(Reader& entry, FailureMapping& mapping) {
  int status = 0;
  if (entry.get("status", status, 100, 599)) mapping.status = status;
  entry.get("code", mapping.code);
  entry.get("contains", mapping.contains);
  if (mapping.sqlstate.empty() && !mapping.status && mapping.code.empty() && mapping.contains.empty())
    entry.problem("needs sqlstate, status, code or contains");
}

void read_http(Reader& reader, Recipe& recipe) {
  if (recipe.transport == Transport::sql) {
    for (const std::string_view key : {"base_url", "hosts", "headers", "auth", "errors", "quota", "batch"}) {
      if (reader.raw(key) != nullptr) reader.problem(key, "is for transport http");
    }
    return;
  }
  const bool has_base_url = reader.get("base_url", recipe.base_url);  // a login may go there
  read_auth(reader.child("auth"), recipe);
  if (has_base_url) check_text(scope_of(recipe), recipe.base_url, Place::url, "", "base_url", reader);
  read_hosts(reader, recipe);
  read_pairs(reader.child("headers"), recipe.headers);
  for (const auto& header : recipe.headers)
    check_text(scope_of(recipe), header.second, Place::header, "", "headers", reader);
  read_errors(reader.child("errors"), recipe.errors);
  read_quota(reader, recipe);
  if (reader.has("batch")) recipe.batch = read_batch(reader.child("batch"), recipe);
}

void read_http_templates(Reader& reader, Recipe& recipe) {
  read_allowance(reader, recipe);
  read_checks(reader.child("checks"), recipe);
}

}  // namespace crmpulse::probes
