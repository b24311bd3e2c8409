// The tokens, as `crmpulse-collector token` keeps them: listed, made (their secret is shown once), revoked.

#include <fmt/format.h>

#include <algorithm>

#include "collector/api/body.h"
#include "collector/http/answers.h"
#include "collector/inventory/inventory.h"
#include "core/log.h"
#include "core/time/clock.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kLongestToken{std::chrono::hours{24 * 3660}};

struct NewToken {
  std::string name;
  AccessRole role = AccessRole::viewer;
  TokenTerms terms;
};

Checked<std::optional<TimePoint>> read_expiry(const json::object& body) {
  auto text = filled_member(body, "expires_in");
  if (!text) return text.error();
  if (text->empty()) return std::optional<TimePoint>{};
  const auto lasts = parse_duration(*text);
  if (!lasts || *lasts <= Duration{0} || *lasts > kLongestToken)
    return FieldError{"expires_in", "write a duration up to 3660d, such as 90d"};
  return std::optional{wall_now() + *lasts};
}

Checked<NewToken> read_token(const json::object& body) {
  if (auto wrong = unknown_member(body, {"name", "role", "agent", "expires_in", "crms"})) return *wrong;
  NewToken token;
  for (auto [field, out] : {std::pair{"name", &token.name}, std::pair{"agent", &token.terms.agent}}) {
    auto text = text_member(body, field);
    if (!text) return text.error();
    *out = std::move(*text);
  }
  auto role = text_member(body, "role");
  if (!role) return role.error();
  const auto known = role_from(*role);
  if (!known) return FieldError{"role", "must be ingest, viewer, operator or admin"};
  token.role = *known;
  auto expires = read_expiry(body);
  if (!expires) return expires.error();
  token.terms.expires = *expires;
  auto crms = read_crms(body);
  if (!crms) return crms.error();
  token.terms.crms = std::move(*crms);
  if (auto fault = token_fault(token.name, token.role, token.terms))
    return FieldError{std::string{fault->about}, fault->why};
  return token;
}

json::object token_json(const Token& token) {
  return {{"name", token.name},
          {"role", to_string(token.role)},
          {"created_at", format_time(token.created)},
          {"agent", token.agent.empty() ? json::value(nullptr) : json::value(token.agent)},
          {"crms", json::array(token.crms.begin(), token.crms.end())},
          {"expires_at", token.expires ? json::value(format_time(*token.expires)) : json::value(nullptr)}};
}

net::HttpResponse exists_already(const std::string& name) {
  return error_answer(409, "exists", fmt::format("there is a token '{}' already", name), "name");
}

net::HttpResponse not_written(std::string_view what, const Error& why) {
  log::error("the tokens cannot be changed", {{"what", std::string{what}}, {"why", why.message}});
  return busy_answer("the tokens cannot be written now; the collector's log says why");
}

/// Of a token or of the session that began with it; a user whom a proxy vouches for has none.
bool is_own(const Caller& caller, std::string_view name) {
  return caller.token != nullptr && caller.token->name == name;
}

/// Nobody else may keep what is shown once.
net::HttpResponse token_answer(const json::object& body) {
  net::HttpResponse answer = json_answer(body, 201);
  answer.headers.emplace_back("Pragma", "no-cache");
  return answer;
}

}  // namespace

/// Expired ones keep their names until they are revoked.
bool Inventory::has_token(std::string_view name) const {
  bool found = false;
  parts_.access.tokens().each([&](const Token& token) { found = found || token.name == name; });
  return found;
}

void Inventory::list_tokens(const Request& request, const net::Respond& respond) const {
  std::vector<Token> all;
  parts_.access.tokens().each([&](const Token& token) { all.push_back(token); });
  std::sort(all.begin(), all.end(), [](const Token& a, const Token& b) { return a.name < b.name; });
  json::array tokens;
  for (const Token& token : all) {
    json::object one = token_json(token);
    one["expired"] = token.expires && *token.expires <= wall_now();
    one["own"] = is_own(request.caller, token.name);
    tokens.push_back(std::move(one));
  }
  respond(json_answer(json::object{{"tokens", std::move(tokens)}}));
}

void Inventory::change_tokens(std::function<Result<std::string>(TokenStore&)> change,
                              std::function<net::HttpResponse(const Result<std::string>&)> then, net::Respond respond) {
  struct Changed {
    Result<std::string> made;
    Tokens::Read read;
  };
  ++token_changes_;
  parts_.files.run(
      [store = parts_.access.token_store(), change = std::move(change)] {
        Result<std::string> made = change(*store);
        return Changed{std::move(made), store->read_if_changed()};
      },
      [this, then = std::move(then), respond = std::move(respond)](Changed changed) {
        --token_changes_;
        parts_.access.take(std::move(changed.read));
        respond(then(changed.made));
      });
}

void Inventory::create_token(const Request& request, net::Respond respond) {
  auto body = read_body(request);
  if (!body) return respond(body.error());
  auto wanted = read_token(*body);
  if (!wanted) return respond(wrong_field(wanted.error()));
  if (has_token(wanted->name)) return respond(exists_already(wanted->name));
  std::size_t known = 0;
  parts_.access.tokens().each([&](const Token&) { ++known; });
  if (known >= kMostTokens)
    return respond(error_answer(409, "too_many", fmt::format("there are {} tokens already: revoke some", kMostTokens)));
  const auto change = [token = *wanted](TokenStore& store) {
    return collector::create_token(store, token.name, token.role, token.terms);
  };
  const auto then = [this, token = *wanted](const Result<std::string>& made) {
    // Somebody at the command line was faster.
    if (!made && has_token(token.name)) return exists_already(token.name);
    if (!made) return not_written("create", made.error());
    return token_answer({{"name", token.name}, {"role", to_string(token.role)}, {"token", *made}});
  };
  change_tokens(change, then, std::move(respond));
}

void Inventory::revoke_token(const Request& request, net::Respond respond) {
  const std::string& name = request.part("name");
  if (!has_token(name)) return respond(no_such("token"));
  if (is_own(request.caller, name)) {
    return respond(error_answer(
        409, "own_token", "this is the token that you use now: revoke it with another one, or at the command line"));
  }
  const auto change = [name](TokenStore& store) -> Result<std::string> {
    if (auto revoked = collector::revoke_token(store, name); !revoked) return revoked.error();
    return std::string{};
  };
  const auto then = [this, name](const Result<std::string>& done) {
    if (!done && !has_token(name)) return no_such("token");
    return done ? net::HttpResponse{204, {}, {}} : not_written("revoke", done.error());
  };
  change_tokens(change, then, std::move(respond));
}

}  // namespace crmpulse::collector
