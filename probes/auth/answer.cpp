#include "probes/auth/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "core/text/percent.h"
#include "net/base/backoff.h"
#include "net/base/crypto.h"
#include "net/base/url.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestAnswer = 64 * 1024;
constexpr std::size_t kLongestToken = 16 * 1024;
constexpr std::size_t kLongestSaid = 200;
constexpr std::size_t kLongestPath = 100;
constexpr std::size_t kShortestMasked = 4;    ///< masking a shorter text would only make a message unreadable
constexpr std::size_t kLongestPlainRun = 40;  ///< an identifier fits, a signature or a token does not
constexpr Duration kToleratedSkew = std::chrono::seconds{60};
constexpr std::string_view kMask = "***";

/// Whatever the case: an endpoint may have changed it, and percent-encoding has two.
void replace_all(std::string& text, std::string_view what) {
  if (what.size() < kShortestMasked) return;
  const std::string wanted = ascii::lower(what);
  std::string seen = ascii::lower(text);
  for (std::size_t at = seen.find(wanted); at != std::string::npos; at = seen.find(wanted, at + kMask.size())) {
    text.replace(at, wanted.size(), kMask);
    seen.replace(at, wanted.size(), kMask);
  }
}

/// Long runs of the letters tokens are made of: what we sent may come back in a form we do not know.
std::string without_long_runs(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+=%~";
  std::string out;
  while (!text.empty()) {
    const std::size_t run = std::min(text.find_first_not_of(kLetters), text.size());
    if (run > kLongestPlainRun)
      out += kMask;
    else
      out += text.substr(0, run);
    text.remove_prefix(run);
    const std::size_t gap = std::min(text.find_first_of(kLetters), text.size());
    out += text.substr(0, gap);
    text.remove_prefix(gap);
  }
  return out;
}

std::string masked(const Context& context, std::string_view said) {
  std::string text(said);
  const auto mask = [&](const std::string& secret) {
    for (const std::string& form : {secret, percent_encoded(secret), net::base64_encode(secret)})
      replace_all(text, form);
  };
  for (const auto& [name, secret] : context.settings.secrets) {
    mask(secret.reveal());
    for (const char* const user : {"username", "client_id"})
      replace_all(text, net::base64_encode(context.settings.text(user) + ":" + secret.reveal()));
  }
  mask(context.before.value.reveal());
  mask(context.before.refresh.reveal());
  mask(context.before.cookies.reveal());
  for (const Secret& secret : context.recipe_secrets) mask(secret.reveal());
  return without_long_runs(text);
}

/// The host; of a request that the recipe describes its path too, never its query.
std::string place_of(const Context& context) {
  const AuthFlow& flow = context.flow;
  std::string url = flow.token_url.empty() ? flow.url : flow.token_url;
  bool described = false;
  if (flow.request && context.fill_in) {
    // Names in the place of what may not be told.
    const auto request = context.fill_in(*flow.request, {{"username", "username"}, {"password", "password"}});
    if (request) url = request->url;
    described = request.has_value();
  }
  const Result<net::Url> parsed = net::parse_url(net::with_ascii_host(url));
  if (!parsed) return "its address";
  if (!described) return parsed->authority();
  const std::string path = percent_decoded(parsed->path).value_or("/…");
  return parsed->authority() + one_line(masked(context, path), kLongestPath);
}

std::string skew_note(const Context& context, const net::ClientResponse& response) {
  const auto theirs = net::parse_http_date(response.header("date"));
  if (!theirs) return {};
  const Duration ahead = context.now - *theirs;
  if (ahead <= kToleratedSkew && ahead >= -kToleratedSkew) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(ahead).count();
  return fmt::format("; this machine's clock is {} s {} the CRM's", std::abs(seconds),
                     seconds > 0 ? "ahead of" : "behind");
}

std::string form_encoded(const Parameters& parameters) {
  std::string out;
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out += '&';
    out += percent_encoded(name) + '=' + percent_encoded(value);
  }
  return out;
}

net::ClientRequest post(const std::string& url, std::string type, std::string body) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Accept", "application/json"}, {"Content-Type", std::move(type)}};
  request.body = std::move(body);
  request.max_response_bytes = kLongestAnswer;
  return request;
}

}  // namespace

net::ClientRequest post_form(const std::string& url, const Parameters& parameters) {
  return post(url, "application/x-www-form-urlencoded", form_encoded(parameters));
}

net::ClientRequest post_json(const std::string& url, const json::value& body) {
  return post(url, "application/json", json::serialize(body));
}

std::optional<json::object> json_object_in(const std::string& body) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::string_view text = body;
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(std::string_view{value->as_string()});
  return value->is_number() ? json::serialize(*value) : std::string{};
}

bool says_something(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr) return false;
  switch (value->kind()) {
    case json::kind::null: return false;
    case json::kind::bool_: return value->get_bool();
    case json::kind::string: return !value->get_string().empty();
    case json::kind::array: return !value->get_array().empty();
    case json::kind::object: return !value->get_object().empty();
    default: return value->to_number<double>() != 0;
  }
}

std::string without_json(const net::ClientResponse& response) {
  const std::string& body = response.body;
  const std::size_t start = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  std::string_view what = "text that is not a JSON object";
  if (start == std::string::npos)
    what = "no content";
  else if (body[start] == '<')
    what = response.header("content-type").find("xml") != std::string_view::npos && body.find("<html") == body.npos
               ? "XML instead of JSON"
               : "a page of HTML instead of JSON";
  return fmt::format("HTTP {} and {}", response.status, what);
}

Reason reason_of_status(int status) {
  switch (status) {
    case 401: return Reason::credentials;
    case 403: return Reason::permission;
    case 404:
    case 410: return Reason::missing;
    case 408:
    case 504: return Reason::timeout;
    case 429: return Reason::rate_limited;
    default: return status >= 500 ? Reason::server_error : Reason::bad_content;
  }
}

Failure login_failure(const Context& context, const net::ClientResponse& response, Reason reason, std::string_view said,
                      std::string_view hint) {
  const std::string notes = std::string(hint) + skew_note(context, response);
  const std::size_t most = notes.empty() ? kLongestSaid : kLongestSaid / 2;  // what we know matters more
  const std::string what =
      said.empty() ? fmt::format("HTTP {} without a reason", response.status) : one_line(masked(context, said), most);
  return Failure{Stage::auth, reason,
                 one_line(fmt::format("the login at {} failed: {}{}", place_of(context), what, notes))};
}

std::optional<std::string> usable_base_url(std::string_view told, const std::string& login_url) {
  std::string url{told};
  const Result<net::Url> base = net::parse_url(net::with_ascii_host(url));
  const Result<net::Url> login = net::parse_url(net::with_ascii_host(login_url));
  const bool weaker = base && base->scheme == "http" && !(login && login->scheme == "http");
  if (!base || base->has_login() || weaker || !is_token_text(url)) return std::nullopt;
  url.erase(url.find_last_not_of('/') + 1);
  return url;
}

bool is_token_text(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace crmpulse::probes::auth
