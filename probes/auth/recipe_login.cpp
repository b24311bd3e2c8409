// A login as the recipe describes it: a request with a user and a password, whose answer has a token or sets cookies.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/text/ascii.h"
#include "core/text/searchable.h"
#include "probes/auth/answer.h"
#include "probes/auth/flow_table.h"

namespace crmpulse::probes::auth {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostCookies = 50;

Result<net::ClientRequest> request(const Context& context) {
  if (!context.flow.request || !context.fill_in) return Error{"the recipe does not say how to log in"};
  Result<net::ClientRequest> request = context.fill_in(
      *context.flow.request,
      {{"username", context.settings.text("username")}, {"password", context.settings.secret("password").reveal()}});
  if (!request) return request;
  const bool says_what_it_takes = std::any_of(request->headers.begin(), request->headers.end(), [](const auto& header) {
    return ascii::same_without_case(header.first, "accept");
  });
  if (!says_what_it_takes) request->headers.emplace_back("Accept", "application/json, text/html;q=0.9, */*;q=0.5");
  request->max_redirects = 0;  // a name and a password go to the address of the recipe alone
  return request;
}

/// The answer as JSON; absent when it is something else. Parsed once for everything that is read from it.
class Document {
 public:
  explicit Document(std::string_view body) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    json::error_code error;
    json::value value = json::parse(body, error);
    if (!error && (value.is_object() || value.is_array())) root_ = std::move(value);
  }
  [[nodiscard]] bool present() const { return root_.has_value(); }
  [[nodiscard]] const json::value* at(std::string_view pointer) const {
    if (!root_) return nullptr;
    json::error_code error;
    return root_->find_pointer(pointer, error);
  }
  /// A scalar as text; empty for others.
  [[nodiscard]] std::string text(std::string_view pointer) const {
    const json::value* const value = at(pointer);
    if (value == nullptr) return {};
    if (value->is_string()) return std::string(std::string_view{value->get_string()});
    return value->is_number() || value->is_bool() ? json::serialize(*value) : std::string{};
  }
  /// Does the answer itself say that something went wrong?
  [[nodiscard]] bool has_error() const {
    const json::object* const object = root_ ? root_->if_object() : nullptr;
    if (object == nullptr) return false;
    return says_something(*object, "error") || says_something(*object, "errors") ||
           says_something(*object, "error_description");
  }
  /// Names of its members, which say how the token is called: `token, expires_in`.
  [[nodiscard]] std::string names() const {
    constexpr std::size_t kMost = 8;
    constexpr std::size_t kLongest = 40;
    std::string out;
    std::size_t told = 0;
    const json::object* const object = root_ ? root_->if_object() : nullptr;
    if (object == nullptr) return out;
    for (const auto& member : *object) {
      const std::string_view name{member.key().data(), member.key().size()};
      if (name.size() > kLongest || !is_token_text(name) || ++told > kMost) continue;
      out += fmt::format("{}{}", out.empty() ? "" : ", ", name);
    }
    return out;
  }
  /// What the answer itself says went wrong, where most say it.
  [[nodiscard]] std::string complaint() const {
    for (const std::string_view pointer : {"/error/message", "/error_description", "/message", "/detail", "/error",
                                           "/errors/0/message", "/errors/0", "/status/message", "/title"}) {
      if (std::string said = text(pointer); !said.empty() && said != "true" && said != "false") return said;
    }
    return {};
  }

 private:
  std::optional<json::value> root_;
};

struct Cookie {
  std::string name;
  std::string value;
  std::optional<Duration> life;
};

bool is_cookie_text(std::string_view text) {
  return is_token_text(text) && text.find_first_of(";,") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && std::isfinite(number);
  return whole ? std::optional{number} : std::nullopt;
}

/// `NAME=VALUE; Path=/; Max-Age=3600`.
std::optional<Cookie> cookie_in(std::string_view header) {
  const std::string_view pair = header.substr(0, header.find(';'));
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  Cookie cookie{std::string{trimmed(pair.substr(0, equals))}, std::string{trimmed(pair.substr(equals + 1))}, {}};
  header.remove_prefix(pair.size());
  while (!header.empty()) {
    header.remove_prefix(1);
    const std::string_view attribute = trimmed(header.substr(0, header.find(';')));
    constexpr std::string_view kMaxAge = "max-age=";
    if (ascii::lower(attribute.substr(0, kMaxAge.size())) == kMaxAge) {
      constexpr double kLongest = 10.0 * 365 * 86400;
      if (const auto seconds = number_in(attribute.substr(kMaxAge.size())))
        cookie.life = std::chrono::round<Duration>(std::chrono::duration<double>{std::clamp(*seconds, 0.0, kLongest)});
    }
    header.remove_prefix(std::min(header.find(';'), header.size()));
  }
  return cookie;
}

/// The last one of each name counts; one that ends at once is none.
std::vector<Cookie> cookies_of(const net::ClientResponse& response) {
  std::vector<Cookie> out;
  for (const auto& [name, value] : response.headers) {
    if (name != "set-cookie") continue;
    auto cookie = cookie_in(value);
    if (!cookie) continue;
    std::erase_if(out, [&](const Cookie& known) { return known.name == cookie->name; });
    const bool ends = cookie->life && *cookie->life <= Duration{};
    if (!ends && is_cookie_text(cookie->name) && is_cookie_text(cookie->value) && out.size() < kMostCookies)
      out.push_back(*std::move(cookie));
  }
  return out;
}

bool is_meant(std::string_view wanted, std::string_view name) {
  return wanted.ends_with('*') ? name.starts_with(wanted.substr(0, wanted.size() - 1)) : name == wanted;
}

Reason reason_of_refusal(int status) {
  return status == 400 || status == 422 ? Reason::credentials : reason_of_status(status);
}

bool is_expected(const AuthFlow& flow, int status) {
  const auto& wanted = flow.request->expect_status;
  if (!wanted.empty()) return std::find(wanted.begin(), wanted.end(), status) != wanted.end();
  const bool sent_on = !flow.cookies.empty() && (status == 302 || status == 303);  // as forms do
  return (status >= 200 && status < 300) || sent_on;
}

/// Why this answer is not that of a login that worked; nullopt if it may be.
std::optional<Failure> refusal_in(const Context& context, const net::ClientResponse& response, const Document& body) {
  const AuthFlow& flow = context.flow;
  const auto refused = [&](Reason reason, std::string_view what) {
    const std::string said = body.complaint();
    return login_failure(context, response, reason, said.empty() ? what : std::string_view{said});
  };
  if (!is_expected(flow, response.status)) {
    const std::string said = body.complaint();
    return login_failure(context, response, reason_of_refusal(response.status),
                         fmt::format("HTTP {}{}{}", response.status, said.empty() ? "" : ": ", said));
  }
  const HttpCall& call = *flow.request;
  const bool searched = !call.expect_contains.empty() || !call.expect_absent.empty();
  const auto text = searched ? SearchableText::of(response.body, response.header("content-type")) : std::nullopt;
  if (searched && !text) return login_failure(context, response, Reason::bad_content, kNotSearchable);
  if (!call.expect_contains.empty() && !text->has(call.expect_contains))
    return refused(Reason::credentials, fmt::format("the answer does not contain '{}'", call.expect_contains));
  if (!call.expect_absent.empty() && text->has(call.expect_absent))
    return refused(Reason::credentials, fmt::format("the answer contains '{}'", call.expect_absent));
  if (response.header("location").find(flow.expect_location) == std::string_view::npos)
    return refused(Reason::credentials, "the answer does not redirect to the page that a successful login leads to");
  for (const auto& [pointer, wanted] : call.expect_at) {
    const json::value* const value = body.at(pointer);
    const bool null = value == nullptr || value->is_null();
    if (null ? wanted != "null" : body.text(pointer) != wanted)
      return refused(Reason::credentials, fmt::format("{} is not {}", pointer, wanted));
  }
  return std::nullopt;
}

/// A life in seconds, a Unix time in seconds or milliseconds, or RFC 3339.
std::optional<TimePoint> end_in(const std::string& text, TimePoint now) {
  const auto number = number_in(text);
  if (!number) {
    const auto time = parse_time(text);
    return time ? std::optional{*time} : std::nullopt;
  }
  constexpr double kFirstTime = 1e9;  // no life is so long
  constexpr double kFirstMillis = 1e11;
  if (!(*number > 0) || *number > 1e15) return std::nullopt;
  if (*number >= kFirstMillis) return from_unix_millis(static_cast<std::int64_t>(*number));
  if (*number >= kFirstTime) return from_unix_millis(static_cast<std::int64_t>(*number * 1000));
  return now + std::chrono::round<Duration>(std::chrono::duration<double>{*number});
}

void note_end(Token& token, std::optional<TimePoint> end) {
  if (end && (!token.expires || *end < *token.expires)) token.expires = end;
}

std::string token_in(const AuthFlow& flow, const net::ClientResponse& response, const Document& body,
                     const std::vector<Cookie>& cookies) {
  if (!flow.token.empty()) return body.text(flow.token);
  if (!flow.token_header.empty()) return std::string{response.header(flow.token_header)};
  const auto found = std::find_if(cookies.begin(), cookies.end(),
                                  [&](const Cookie& cookie) { return cookie.name == flow.token_cookie; });
  return found == cookies.end() ? std::string{} : found->value;
}

/// `a=1; b=2` of the cookies the recipe names; an error when one is not there.
Result<std::string> cookie_header(const AuthFlow& flow, const std::vector<Cookie>& cookies, const Context& context,
                                  Token& token) {
  std::string out;
  for (const std::string& wanted : flow.cookies) {
    bool found = false;
    for (const Cookie& cookie : cookies) {
      if (!is_meant(wanted, cookie.name)) continue;
      found = true;
      out += fmt::format("{}{}={}", out.empty() ? "" : "; ", cookie.name, cookie.value);
      if (cookie.life) note_end(token, context.now + *cookie.life);
    }
    if (!found) return Error{fmt::format("the answer does not set the cookie {}", wanted)};
  }
  return out;
}

boost::system::result<Token, Failure> read(const Context& context, const net::ClientResponse& response) {
  const AuthFlow& flow = context.flow;
  const Document body{response.body};
  if (auto refusal = refusal_in(context, response, body)) return *std::move(refusal);
  const std::vector<Cookie> cookies = cookies_of(response);
  const auto missing = [&](const std::string& what) {
    const std::string said = body.complaint();
    return login_failure(context, response, Reason::credentials, said.empty() ? what : said);
  };
  // Where the CRM says no error, the password was good, and the recipe looks in the wrong place.
  const auto nothing_at = [&](const std::string& place, std::string_view key) {
    const bool refused = body.has_error() || response.status >= 300;
    const std::string names = body.names();
    const std::string what = fmt::format("HTTP {}, nothing at {} (`{}` of the recipe){}{}", response.status, place, key,
                                         names.empty() ? "" : "; it has ", names);
    const std::string said = body.complaint();
    return login_failure(context, response, refused ? Reason::credentials : Reason::missing,
                         said.empty() ? what : fmt::format("{}: {}", what, said));
  };
  Token token;
  const Result<std::string> sent_back = cookie_header(flow, cookies, context, token);
  if (!sent_back) return missing(sent_back.error().message);
  token.cookies = Secret{*sent_back};
  if (flow.gives_token()) {
    if (!flow.token.empty() && !body.present())
      return login_failure(context, response, Reason::bad_content, without_json(response));
    token.value = Secret{token_in(flow, response, body, cookies)};
    if (token.value.empty()) {
      if (!flow.token.empty()) return nothing_at(flow.token, "token");
      if (!flow.token_header.empty()) return nothing_at("the header " + flow.token_header, "token");
      return missing(fmt::format("the answer does not set the cookie {}", flow.token_cookie));
    }
    if (!is_token_text(token.value.reveal()))
      return login_failure(context, response, Reason::bad_content,
                           "the token in the answer is too long, or has characters that no token may have");
  } else {
    token.value = token.cookies;
  }
  if (!flow.base_url.empty()) {
    const auto base = usable_base_url(body.text(flow.base_url), flow.url);
    if (!base)
      return login_failure(context, response, Reason::bad_content,
                           fmt::format("the answer has no usable address at {}", flow.base_url));
    token.base_url = *base;
  }
  for (const auto& [name, pointer] : flow.save) {
    const std::string value = body.text(pointer);
    if (value.empty()) return nothing_at(pointer, "save." + name);
    token.values.emplace(name, value);
  }
  if (!flow.expires.empty()) note_end(token, end_in(body.text(flow.expires), context.now));
  return token;
}

}  // namespace

Flow recipe_login_flow() {
  return {.name = "login",
          .recipe_needs = {"request"},
          .recipe_may = {"expect", "token", "cookies", "expires", "save", "logout"},
          .fields = {username_field(), password_field()},
          .default_header = kBearerHeader,
          .request = &request,
          .read = &read,
          .may_lock = true};
}

}  // namespace crmpulse::probes::auth
