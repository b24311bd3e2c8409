#include "probes/auth/oauth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "net/base/crypto.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

struct Said {
  std::string error;
  std::string description;
  [[nodiscard]] std::string text() const {
    const bool number = !error.empty() && error.find_first_not_of("-0123456789") == std::string::npos;
    const std::string named = number ? "error " + error : error;
    return error.empty() || description.empty() ? named + description : named + ": " + description;
  }
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

/// Zoho writes `Access Denied` where others write `access_denied`.
std::string as_code(std::string_view text) {
  std::string out = ascii::lower(text);
  std::replace(out.begin(), out.end(), ' ', '_');
  return out;
}

std::string first_text(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (says_something(object, name)) return text_at(object, name);
  }
  return {};
}

/// `{"error":"…","error_description":"…"}`; HubSpot's `{"status":"…","message":"…"}`; `{"error":{"code","message"}}`;
/// `{"errors":[{"code","title","detail"}]}`.
Said said_in(const json::object& object, int status) {
  for (const std::string_view name : {"error", "errors"}) {
    const json::value* inner = object.if_contains(name);
    if (inner != nullptr && inner->is_array() && !inner->get_array().empty()) inner = &inner->get_array().front();
    if (inner == nullptr || !inner->is_object()) continue;
    Said said{first_text(inner->get_object(), {"code", "title", "status"}),
              first_text(inner->get_object(), {"message", "detail"})};
    if (!said.text().empty()) return said;
  }
  Said said{first_text(object, {"error", "code"}), first_text(object, {"error_description", "message", "detail"})};
  if (said.error.empty() && status >= 400) said.error = text_at(object, "status");
  return said;
}

Reason reason_of(const Said& said, int status) {
  // So Zoho says it beside `Access Denied`.
  if (ascii::lower(said.description).find("too many requests") != std::string::npos) return Reason::rate_limited;
  const std::string code = as_code(said.error);
  const auto* const found =
      std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& meaning) { return meaning.code == code; });
  if (found != kMeanings.end()) return found->reason;
  return status == 400 ? Reason::credentials : reason_of_status(status);
}

Failure failure_in(const Context& context, const net::ClientResponse& response, const Said& said) {
  // The same client is unknown in another data centre of the vendor.
  const std::string code = as_code(said.error);
  const bool unknown_here = code == "invalid_client" || code == "invalid_client_id" || code == "invalid_code";
  return login_failure(context, response, reason_of(said, response.status), said.text(),
                       unknown_here ? " (is the address of the token endpoint right?)" : "");
}

std::optional<Duration> life_in(const json::object& object) {
  const std::string text = text_at(object, "expires_in");
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr double kLongest = 10.0 * 365 * 86400;
  if (error != std::errc{} || !(seconds > 0)) return std::nullopt;
  return std::chrono::round<Duration>(std::chrono::duration<double>{std::min(seconds, kLongest)});
}

/// Returns where later requests go, nullopt if the answer does not say it in a form to which we would send a token.
std::optional<std::string> base_url_in(const json::object& object, const AuthFlow& flow) {
  json::error_code error;
  const json::value whole(object);
  const json::value* const value = whole.find_pointer(flow.base_url, error);
  if (error || value == nullptr || !value->is_string()) return std::nullopt;
  return usable_base_url(std::string_view{value->as_string()}, flow.token_url);
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
    request.headers.emplace_back(
        "Authorization", "Basic " + net::base64_encode(percent_encoded(client) + ":" + percent_encoded(secret)));
  return request;
}

TokenOrFailure read_token(const Context& context, const net::ClientResponse& response) {
  const auto object = json_object_in(response.body);
  const bool fine = response.status >= 200 && response.status < 300;
  if (!object) return login_failure(context, response, reason_of_status(response.status), without_json(response));
  if (!fine || says_something(*object, "error")) {
    Said said = said_in(*object, response.status);
    if (fine && said.text().empty()) said.error = "an error it does not name";
    return failure_in(context, response, said);
  }
  Token token;
  token.value = Secret{text_at(*object, "access_token")};
  token.refresh = Secret{text_at(*object, "refresh_token")};
  if (token.value.empty()) {
    const Said said = said_in(*object, response.status);
    if (!said.text().empty()) return failure_in(context, response, said);
    return login_failure(context, response, Reason::bad_content,
                         fmt::format("HTTP {} and no access_token in the answer", response.status));
  }
  if (!is_token_text(token.value.reveal()))
    return login_failure(context, response, Reason::bad_content,
                         "the access_token in the answer is too long, or has characters that no token may have");
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
