#include "probes/auth/oauth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "probes/auth/encoding.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

struct Said {
  std::string code;  ///< in lower case, blanks as `_`
  std::string description;
  [[nodiscard]] std::string text() const { return description.empty() ? code : code + ": " + description; }
};

struct Meaning {
  std::string_view code;
  Reason reason;
};

// RFC 6749 5.2, Salesforce's and Zoho's further ones, HubSpot's `status` words.
constexpr std::array kMeanings{
    Meaning{"invalid_grant", Reason::credentials},
    Meaning{"invalid_client", Reason::credentials},
    Meaning{"invalid_client_id", Reason::credentials},
    Meaning{"invalid_client_secret", Reason::credentials},
    Meaning{"invalid_client_credentials", Reason::credentials},
    Meaning{"invalid_code", Reason::credentials},
    Meaning{"invalid_token", Reason::credentials},
    Meaning{"unauthorized", Reason::credentials},
    Meaning{"unauthorized_client", Reason::credentials},
    Meaning{"access_denied", Reason::credentials},
    Meaning{"bad_client_id", Reason::credentials},
    Meaning{"bad_client_secret", Reason::credentials},
    Meaning{"bad_refresh_token", Reason::credentials},
    Meaning{"inactive_user", Reason::permission},
    Meaning{"inactive_org", Reason::permission},
    Meaning{"invalid_app_access", Reason::permission},
    Meaning{"invalid_scope", Reason::permission},
    Meaning{"insufficient_scope", Reason::permission},
    Meaning{"unsupported_grant_type", Reason::permission},
    Meaning{"rate_limit_exceeded", Reason::rate_limited},
    Meaning{"rate_limit", Reason::rate_limited},
    Meaning{"too_many_requests", Reason::rate_limited},
    Meaning{"slow_down", Reason::rate_limited},
    Meaning{"server_error", Reason::server_error},
    Meaning{"internal_error", Reason::server_error},
    Meaning{"temporarily_unavailable", Reason::server_error},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ') c = '_';
  }
  return out;
}

/// `{"error":"…","error_description":"…"}`; HubSpot's `{"status":"…","message":"…"}`; `{"error":{"code","message"}}`.
Said said_in(const json::object& object, int status) {
  const json::value* const error = object.if_contains("error");
  if (error != nullptr && error->is_object())
    return {lower(text_at(error->as_object(), "code")), text_at(error->as_object(), "message")};
  Said said{lower(text_at(object, "error")), text_at(object, "error_description")};
  if (said.code.empty() && status >= 400) said.code = lower(text_at(object, "status"));
  if (said.description.empty()) said.description = text_at(object, "message");
  return said;
}

Reason reason_of(const Said& said, int status) {
  // Zoho says `Access Denied` when tokens are asked for too often.
  if (lower(said.description).find("too_many_requests") != std::string::npos) return Reason::rate_limited;
  const auto* const found = std::find_if(kMeanings.begin(), kMeanings.end(),
                                         [&](const Meaning& meaning) { return meaning.code == said.code; });
  if (found != kMeanings.end()) return found->reason;
  return status == 400 ? Reason::credentials : reason_of_status(status);
}

Failure failure_in(const Context& context, const net::ClientResponse& response, const Said& said) {
  const Reason reason = reason_of(said, response.status);
  std::string text = said.text();
  // The same client is unknown in another data centre of the vendor.
  if (said.code == "invalid_client" || said.code == "invalid_client_id" || said.code == "invalid_code")
    text = one_line(text, 140) + " (is the address of the token endpoint right?)";
  return login_failure(context, response, reason, text);
}

std::optional<Duration> life_in(const json::object& object) {
  const std::string text = text_at(object, "expires_in");
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kLongest = 10.0 * 365 * 86400;
  if (error != std::errc{} || !(seconds > 0)) return std::nullopt;
  return std::chrono::round<Duration>(std::chrono::duration<double>{std::min(seconds, kLongest)});
}

bool is_https(std::string_view url) {
  return lower(url.substr(0, 8)) == "https://";
}

/// Where later requests go. Nothing when the answer does not say it in a form we would follow with a token in hand.
std::optional<std::string> base_url_in(const json::object& object, const AuthFlow& flow) {
  json::error_code error;
  const json::value whole(object);
  const json::value* const value = whole.find_pointer(flow.base_url, error);
  if (error || value == nullptr || !value->is_string()) return std::nullopt;
  std::string url(std::string_view{value->as_string()});
  const bool usable = is_https(url) || (lower(url.substr(0, 7)) == "http://" && !is_https(flow.token_url));
  if (!usable || !is_token_text(url)) return std::nullopt;
  url.erase(url.find_last_not_of('/') + 1);
  return url;
}

}  // namespace

net::ClientRequest token_request(const Context& context, Parameters parameters) {
  const AuthFlow& flow = context.flow;
  const std::string client = context.settings.text("client_id");
  const std::string& secret = context.settings.secret("client_secret").reveal();
  const bool basic = flow.send == "basic";
  if (!basic) {
    parameters.emplace_back("client_id", client);
    if (!secret.empty()) parameters.emplace_back("client_secret", secret);
  }
  net::ClientRequest request;
  if (flow.encoding == "json") {
    json::object body;
    for (const auto& [name, value] : parameters) body[name] = value;
    request = post_json(flow.token_url, body);
  } else {
    request = post_form(flow.token_url, parameters);
  }
  // RFC 6749 2.3.1: both are form-encoded before they are joined.
  if (basic)
    request.headers.emplace_back("Authorization",
                                 "Basic " + base64(percent_encoded(client) + ":" + percent_encoded(secret)));
  return request;
}

TokenOrFailure read_token(const Context& context, const net::ClientResponse& response) {
  const auto object = json_object_in(response.body);
  const bool fine = response.status >= 200 && response.status < 300;
  if (!object) {
    return login_failure(context, response, reason_of_status(response.status),
                         fmt::format("HTTP {} and no JSON object", response.status));
  }
  const json::value* const error = object->if_contains("error");
  if (!fine || (error != nullptr && !error->is_null()))
    return failure_in(context, response, said_in(*object, response.status));
  Token token;
  token.value = Secret{text_at(*object, "access_token")};
  token.refresh = Secret{text_at(*object, "refresh_token")};
  if (!is_token_text(token.value.reveal()))
    return login_failure(context, response, Reason::bad_content, "the answer has no usable access_token");
  if (!context.flow.base_url.empty()) {
    const auto base = base_url_in(*object, context.flow);
    if (!base)
      return login_failure(context, response, Reason::bad_content,
                           fmt::format("the answer has no usable address at {}", context.flow.base_url));
    token.base_url = *base;
  }
  if (const auto life = life_in(*object)) token.expires = context.now + *life;
  return token;
}

}  // namespace crmpulse::probes::auth
