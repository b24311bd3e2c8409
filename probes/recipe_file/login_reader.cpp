// A login that the recipe itself describes: `flows: {login: …}`.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "probes/json/json.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Node;
using config::Reader;

/// A request that is a POST unless it says otherwise, and goes nowhere else.
HttpCall read_login_call(Reader& parent, std::string_view key, const Scope& scope) {
  Reader reader = parent.child(key);
  const bool has_method = reader.has("method");
  Reader checked = reader;
  HttpCall call = read_call(std::move(reader));
  if (!has_method) call.method = "POST";
  call.auth = false;
  if (call.redirects > 0) checked.problem("redirects", "a login and a logout are not redirected: leave this out");
  if (!call.also.empty()) checked.problem("also", "is for lists");
  check_call(scope, call, "", key == "request" ? parent : checked);
  return call;
}

bool is_header_or_cookie_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view{"()<>@,;:\\\"/[]?={}"}.find(c) == std::string_view::npos;
  });
}

/// `token: /pointer`, `token: {header: NAME}` or `token: {cookie: NAME}`.
void read_token_place(Reader& reader, AuthFlow& flow) {
  const Node* const node = reader.raw("token");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::mapping) {
    get_pointer(reader, "token", flow.token);
    if (flow.token.empty())
      reader.problem("token", "must be a pointer to the token in the answer: /token, /data/token");
    return;
  }
  Reader place = reader.child("token");
  place.get("header", flow.token_header);
  place.get("cookie", flow.token_cookie);
  const std::string& name = flow.token_header.empty() ? flow.token_cookie : flow.token_header;
  if (flow.token_header.empty() == flow.token_cookie.empty() || !is_header_or_cookie_name(name))
    place.problem("must be a pointer, {header: NAME} or {cookie: NAME}");
  flow.token_header = ascii::lower(flow.token_header);
  place.finish();
}

void read_cookies(Reader& reader, AuthFlow& flow) {
  reader.get("cookies", flow.cookies);
  for (const std::string& name : flow.cookies) {
    const std::string_view fixed = std::string_view{name}.substr(0, name.size() - (name.ends_with('*') ? 1 : 0));
    const bool fine = name == "*" || (is_header_or_cookie_name(fixed) && fixed.find('*') == std::string_view::npos);
    if (!fine) reader.problem("cookies", fmt::format("'{}' is not the name of a cookie (or NAME*)", name));
  }
}

void read_saved(Reader& reader, const Recipe& recipe, AuthFlow& flow) {
  Reader save = reader.child("save");
  read_pairs(save, flow.save);
  for (const auto& [name, pointer] : flow.save) {
    if (!is_plain_name(name) || is_taken_name(name) || recipe.parameter(name) != nullptr || name == kBaseUrl)
      save.problem(name, "this name is taken, or is not made of letters, digits and _");
    if (const auto fault = pointer_fault(pointer)) save.problem(name, *fault);
  }
}

}  // namespace

void read_login(Reader& reader, const Recipe& recipe, AuthFlow& flow) {
  Scope scope{recipe};
  scope.names.emplace("username", ParameterType::string);
  scope.names.emplace("password", ParameterType::secret);
  if (!reader.has("request")) reader.missing("request");
  flow.request = read_login_call(reader, "request", scope);
  flow.request->expect_status.clear();  // any that means success
  Reader expect = reader.child("expect");
  expect.get("location", flow.expect_location);
  read_expect(expect, *flow.request);
  if (flow.request->expect_empty) reader.problem("expect", "`empty` is for lists");
  for (const auto& value : flow.request->expect_at) check_text(recipe, value.second, Place::text, "", "expect", reader);
  read_token_place(reader, flow);
  read_cookies(reader, flow);
  get_pointer(reader, "expires", flow.expires);
  read_saved(reader, recipe, flow);
  if (!flow.gives_token() && flow.cookies.empty())
    reader.problem("needs `token` (where the answer has it) or `cookies` (the names of those that are sent back)");
  if (!flow.gives_token() && reader.has("header")) reader.problem("header", "is for a token: cookies are sent as such");
  if (!reader.has("logout")) return;
  scope.names.emplace("token", ParameterType::secret);
  for (const auto& [name, pointer] : flow.save) scope.names.emplace(name, ParameterType::string);
  flow.logout = read_login_call(reader, "logout", scope);
}

}  // namespace crmpulse::probes
