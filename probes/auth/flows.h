#pragma once
// The table of ways to log in. One more is one .cpp here and one line in flows.cpp.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/client/http_client.h"
#include "probes/auth/settings.h"
#include "probes/recipe/recipe.h"

namespace crmpulse::probes::auth {

/// One key a user gives.
struct Field {
  std::string_view name;
  bool secret = false;
  bool required = true;
  Text help;
};

/// What the CRM gave: the token itself and what came with it.
struct Token {
  Secret value;
  Secret refresh;                                          ///< the newest refresh token, when the CRM rotates it
  Secret cookies;                                          ///< `a=1; b=2`: sent back beside the token
  std::string base_url;                                    ///< where later requests go; may be empty
  std::map<std::string, std::string, std::less<>> values;  ///< e.g. `uid`: ${} of later requests
  TimePoint obtained;
  std::optional<TimePoint> expires;
};

using LoginValues = std::map<std::string, std::string, std::less<>>;
/// Fills in a request that the recipe describes, with values beside the parameters: username, password, token.
using FillIn = std::function<Result<net::ClientRequest>(const HttpCall&, const LoginValues&)>;

/// The recipe's flow with all ${} filled in, but for those of its requests, the user's settings, and what is known from
/// before.
struct Context {
  AuthFlow flow;
  LoginSettings settings;
  Token before;  ///< empty value: none
  TimePoint now;
  bool before_ended = false;             ///< the CRM refused that token
  bool elsewhere = false;                ///< this login is not at its first address: `request` names the other one
  FillIn fill_in{};                      ///< empty: the flow has no requests of the recipe's
  std::vector<Secret> recipe_secrets{};  ///< that its requests may hold: never told
};

struct Flow {
  std::string_view name;
  /// Keys of the recipe, beside `header`, `base_url` and `expires_in`, which every flow has.
  std::vector<std::string_view> recipe_needs{};
  std::vector<std::string_view> recipe_may{};
  std::vector<Field> fields{};  ///< the user's keys
  /// `Authorization: Bearer ${token}`; empty: the recipe must say it, or the flow puts values only.
  std::string_view default_header{};
  /// Null: the token is in the settings and needs no request (`immediate` gives it).
  Result<net::ClientRequest> (*request)(const Context&) = nullptr;
  /// What a complete answer means; a Failure has stage auth. (An exchange that failed speaks for itself.)
  boost::system::result<Token, Failure> (*read)(const Context&, const net::ClientResponse&) = nullptr;
  /// The answer of a server that has this login at its other address: asked there once. Null: there is one address.
  bool (*is_elsewhere)(const net::ClientResponse&) = nullptr;
  Token (*immediate)(const Context&) = nullptr;
  std::string_view secret_value{};  ///< this secret of the settings is `${secret}` of later requests
  bool may_lock = false;            ///< a name and a password: refused often, the CRM locks the account
};

[[nodiscard]] std::span<const Flow> flows();
[[nodiscard]] const Flow* find_flow(std::string_view name);

}  // namespace crmpulse::probes::auth
