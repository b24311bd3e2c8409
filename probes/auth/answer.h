#pragma once
// Internal to probes/auth/: what the answers of all logins have in common, and how they become Failures.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "probes/auth/flows.h"

namespace crmpulse::probes::auth {

using TokenOrFailure = boost::system::result<Token, Failure>;
using Parameters = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] net::ClientRequest post_form(const std::string& url, const Parameters& parameters);
[[nodiscard]] net::ClientRequest post_json(const std::string& url, const boost::json::value& body);

/// Returns the body as a JSON object, also after a byte order mark; nullopt if it is not one.
[[nodiscard]] std::optional<boost::json::object> json_object_in(const std::string& body);
/// Returns the text of a member, or a number as its digits; empty if it is absent or neither.
[[nodiscard]] std::string text_at(const boost::json::object& object, std::string_view name);

/// Is this member more than null, false, 0, an empty text, list or object? Some write such an `error` beside a good
/// token.
[[nodiscard]] bool says_something(const boost::json::object& object, std::string_view name);
/// What an answer without a JSON object is: `HTTP 200 and a page of HTML instead of JSON`.
[[nodiscard]] std::string without_json(const net::ClientResponse& response);

/// What a status means when the answer says nothing else.
[[nodiscard]] Reason reason_of_status(int status);

/// `the login at HOST failed: SAID` (of a login that the recipe describes: `HOST/PATH`), without a secret of ours, with
/// how far our clock is off when it is (a signed login has a time limit). `said` is the endpoint's, so it is masked and
/// bounded; empty: it said nothing. `hint` is ours.
[[nodiscard]] Failure login_failure(const Context& context, const net::ClientResponse& response, Reason reason,
                                    std::string_view said, std::string_view hint = {});

/// An address that a login at `login_url` told, without its closing slashes; nullopt if we would not send a token
/// there: it is not a URL, has a login in it, or is http where the login was https.
[[nodiscard]] std::optional<std::string> usable_base_url(std::string_view told, const std::string& login_url);

/// Can it stand in a header, and is it of a token's length?
[[nodiscard]] bool is_token_text(std::string_view text);

}  // namespace crmpulse::probes::auth
