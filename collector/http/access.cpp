#include "collector/http/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <boost/json.hpp>

#include "collector/http/answers.h"
#include "collector/http/external_url.h"
#include "core/log.h"
#include "core/text/ascii.h"
#include "core/text/printable.h"
#include "net/base/endpoint.h"
#include "net/base/networks.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kMaxIngestBody = 32UL * 1024 * 1024;
constexpr std::size_t kMaxBody = 64UL * 1024;
constexpr int kWaitAfterGuesses = 60;  ///< seconds, as the bound on them is a minute's
constexpr int kWaitForTokens = 10;     ///< seconds
constexpr std::size_t kLongestUser = 256;

bool is_ingest(const Route* route) {
  return route != nullptr && route->role == AccessRole::ingest;
}

/// Returns the host of a Host header, without the brackets of IPv6; empty if it is not `host:port`. An authority is
/// what stands behind a URL's scheme.
std::string host_in(std::string_view authority) {
  const Result<net::Url> url = net::parse_url(fmt::format("http://{}", authority));
  const bool bare = url && !url->has_login() && url->path == "/" && url->query.empty() && url->fragment.empty();
  return bare ? ascii::lower(net::without_brackets(url->host)) : std::string{};
}

bool is_safe(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

/// Prometheus drops what is answered 429, so a sender is told 503.
net::HttpResponse slow_down(const Route* route, std::string_view message, int seconds) {
  if (is_ingest(route)) return busy_answer(message, seconds);
  net::HttpResponse response = error_answer(429, "too_many_requests", message);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

}  // namespace

std::string_view to_string(Refused reason) {
  switch (reason) {
    case Refused::host: return "host";
    case Refused::cross_site: return "cross_site";
    case Refused::address_rate: return "address_rate";
    case Refused::failed_logins: return "failed_logins";
    case Refused::unauthorized: return "unauthorized";
    case Refused::forbidden: return "forbidden";
    case Refused::token_rate: return "token_rate";
    case Refused::agent: return "agent";
    case Refused::tokens_unreadable: return "tokens_unreadable";
  }
  return "forbidden";
}

Access::Access(const Clock& clock, const std::string& state_dir, const AccessSettings& settings)
    : clock_(clock), tokens_(state_dir) {
  configure(settings);
}

void Access::configure(const AccessSettings& settings) {
  auth_required_ = settings.required;
  listen_host_ = settings.listen_address;
  external_authority_ = authority_in(settings.external_url);
  proxy_ = settings.proxy;
  cookie_ = {fmt::format("crmpulse_session_{}", settings.port), base_path(settings.external_url) + "/", settings.tls};
  limits_.configure(settings.limits);
}

std::size_t Access::max_body_bytes(const Route* route) {
  return is_ingest(route) ? kMaxIngestBody : kMaxBody;
}

Access::Admission Access::check(const net::HttpRequest& head, const Route* route) {
  Admission admission = decide(head, route);
  if (!admission && is_ingest(route)) note_agent(head);
  return admission;
}

/// Bounded by the number of agents.
void Access::note_agent(const net::HttpRequest& head) {
  const std::string_view agent = head.header("x-crm-agent");
  if (!is_agent_ || agent.empty() || !is_agent_(agent)) return;
  auto known = refused_.find(agent);
  if (known == refused_.end()) known = refused_.emplace(std::string{agent}, RefusedAgent{}).first;
  known->second = {clock_.now(), newest_};
}

Access::Admission Access::decide(const net::HttpRequest& head, const Route* route) {
  // A page elsewhere whose name was made to resolve to this machine sends its own name. Where tokens are asked for it
  // has none to send.
  if (!auth_required_ && !is_own_host(head.header("host"))) {
    return count(Refused::host,
                 error_answer(421, "misdirected",
                              "without tokens, requests are answered only under a loopback address or external_url"));
  }
  if (!is_safe(head.method) && is_cross_site(head))
    return count(Refused::cross_site,
                 error_answer(403, "cross_site", "requests from pages of another site are refused"));
  if (auth_required_ && route != nullptr && route->role) return check_caller(head, *route);
  if (auto slow = check_rate(head, route, RequestLimits::Asker::anybody)) return std::move(*slow);
  return caller_of_open_route(head);
}

Caller Access::caller_of_open_route(const net::HttpRequest& head) const {
  Caller caller;
  if (!auth_required_) {
    caller.role = AccessRole::admin;
    caller.by = Caller::By::open;
  } else if (auto token = tokens_.find(bearer_token(head)); token != nullptr) {
    caller.role = token->role;
    caller.by = Caller::By::token;
    caller.token = std::move(token);
  } else if (auto browser = browser_of(head)) {
    caller = std::move(*browser);
  }
  return caller;
}

std::optional<Caller> Access::named_by_proxy(const net::HttpRequest& head) const {
  if (!proxy_ || !proxy_->trusted.contains(head.remote_address)) return std::nullopt;
  const std::string_view user = head.header(proxy_->user_header);
  if (user.empty() || user.size() > kLongestUser || !is_printable(user)) return std::nullopt;
  const std::string& secret = proxy_->secret.reveal();
  const std::string_view shown = head.header(proxy_->secret_header);
  if (!secret.empty() &&
      (shown.size() != secret.size() || CRYPTO_memcmp(shown.data(), secret.data(), secret.size()) != 0))
    return std::nullopt;
  Caller caller;
  caller.by = Caller::By::proxy;
  caller.user = user;
  caller.role = proxy_->role;
  if (!proxy_->role_header.empty()) {
    const auto role = role_from(ascii::lower(head.header(proxy_->role_header)));
    if (role && *role != AccessRole::ingest) caller.role = role;
  }
  return caller;
}

/// What a browser sends by itself: the proxy's word, or a session's cookie.
std::optional<Caller> Access::browser_of(const net::HttpRequest& head) const {
  if (auto named = named_by_proxy(head)) return named;
  auto session = sessions_.find(cookie_in(head, cookie_.name), tokens_, clock_.now());
  if (!session) return std::nullopt;
  Caller caller;
  caller.by = Caller::By::session;
  caller.role = session->token->role;
  caller.token = std::move(session->token);
  caller.ends = session->ends;
  return caller;
}

std::optional<net::HttpResponse> Access::check_rate(const net::HttpRequest& head, const Route* route,
                                                    RequestLimits::Asker asker) {
  if (limits_.admit(head.remote_address, asker, clock_.now())) return std::nullopt;
  return count(Refused::address_rate, slow_down(route, "too many requests from this address", 1));
}

/// Lets a valid token in even if its address is blocked for wrong ones: that makes guessing no easier, and thirty
/// agents may share an address with one that was set up wrongly.
Access::Admission Access::check_caller(const net::HttpRequest& head, const Route& route) {
  const std::string_view secret = bearer_token(head);
  if (secret.empty() && !is_ingest(&route)) {
    if (auto caller = browser_of(head)) return check_browser(head, route, std::move(*caller));
  }
  return check_token(head, route, secret);
}

/// A browser sends its cookie whoever wrote the page that asks: what changes something must come from our own.
Access::Admission Access::check_browser(const net::HttpRequest& head, const Route& route, Caller caller) {
  if (!is_safe(head.method) && !says_same_site(head))
    return count(Refused::cross_site,
                 error_answer(403, "cross_site", "a change by a session must come from the collector's own page"));
  if (auto slow = check_rate(head, &route, RequestLimits::Asker::known)) return std::move(*slow);
  if (caller.token && !limits_.admit_token(caller.token->name, clock_.now()))
    return count(Refused::token_rate, slow_down(&route, "too many requests with this token", 1));
  if (!covers(*caller.role, *route.role)) return count(Refused::forbidden, forbidden_answer(*route.role));
  return caller;
}

Access::Admission Access::check_token(const net::HttpRequest& head, const Route& route, std::string_view secret) {
  std::shared_ptr<const Token> token = tokens_.find(secret);
  // Without any token nothing was guessed: a browser's first request.
  if (token == nullptr) return refuse_unknown(head, route, !secret.empty());
  if (!is_ingest(&route)) {
    if (auto slow = check_rate(head, &route, RequestLimits::Asker::known)) return std::move(*slow);
  }
  if (!limits_.admit_token(token->name, clock_.now()))
    return count(Refused::token_rate, slow_down(&route, "too many requests with this token", 1));
  if (!covers(token->role, *route.role)) return count(Refused::forbidden, forbidden_answer(*route.role));
  if (is_ingest(&route) && !token->agent.empty() && head.header("x-crm-agent") != token->agent) {
    return count(Refused::agent, error_answer(403, "agent", "this token belongs to an agent of another name"));
  }
  if (is_ingest(&route) && !token->replaces.empty() && hear_of_replacement_) hear_of_replacement_(*token);
  const AccessRole role = token->role;
  return Caller{role, std::move(token), Caller::By::token};
}

bool Access::still_admits(const Caller& caller) const {
  if (caller.by == Caller::By::open) return !auth_required_;
  if (caller.by == Caller::By::proxy) return proxy_.has_value();
  if (caller.by == Caller::By::nothing || caller.token == nullptr) return false;
  const auto token = tokens_.find_named(caller.token->name);
  return token != nullptr && token->hash == caller.token->hash && (!caller.ends || *caller.ends > clock_.now());
}

net::HttpResponse Access::wrong_secret(const net::HttpRequest& request, std::string_view message,
                                       std::string_view field) {
  const TimePoint now = clock_.now();
  const bool patient = limits_.may_log_in(request.remote_address, now);
  limits_.log_in_failed(request.remote_address, now);
  if (patient) return count(Refused::unauthorized, error_answer(401, "unauthorized", message, field));
  return count(Refused::failed_logins,
               slow_down(nullptr, "too many wrong tokens from this address", kWaitAfterGuesses));
}

net::HttpResponse Access::sign_in(const net::HttpRequest& request, std::string_view secret) {
  if (!auth_required_) return error_answer(409, "open", "nobody is asked for a token here");
  const TimePoint now = clock_.now();
  const auto token = tokens_.find(secret);
  if (token == nullptr) {
    if (!tokens_.known())
      return count(Refused::tokens_unreadable, busy_answer("the tokens cannot be read", kWaitForTokens));
    return wrong_secret(request, "this token is not valid", "token");
  }
  if (token->role == AccessRole::ingest)
    return count(
        Refused::forbidden,
        error_answer(403, "forbidden",
                     "this token only sends samples; the page needs one of role viewer, operator or admin", "token"));
  const std::string value = sessions_.begin(*token, now);
  if (value.empty()) return busy_answer("sessions cannot be begun now; the log says why", kWaitForTokens);
  const auto session = sessions_.find(value, tokens_, now);
  const TimePoint ends = session ? session->ends : now;
  net::HttpResponse response = json_answer(boost::json::object{{"signed_in", true},
                                                               {"auth", "session"},
                                                               {"name", token->name},
                                                               {"role", to_string(token->role)},
                                                               {"expires_at", format_time(ends)}});
  response.headers.emplace_back("Set-Cookie", set_cookie(cookie_, value, ends - now));
  return response;
}

net::HttpResponse Access::sign_out(const net::HttpRequest& request) {
  sessions_.end(cookie_in(request, cookie_.name), tokens_, clock_.now());
  net::HttpResponse response;
  response.status = 204;
  response.headers.emplace_back("Set-Cookie", set_cookie(cookie_, "", Duration::zero()));
  return response;
}

net::HttpResponse Access::refuse_unknown(const net::HttpRequest& head, const Route& route, bool guessed) {
  if (!tokens_.known())
    return count(Refused::tokens_unreadable, busy_answer("the tokens cannot be read", kWaitForTokens));
  if (auto slow = check_rate(head, &route, RequestLimits::Asker::anybody)) return std::move(*slow);
  const TimePoint now = clock_.now();
  const bool patient = limits_.may_log_in(head.remote_address, now);
  if (guessed) limits_.log_in_failed(head.remote_address, now);
  if (patient) return count(Refused::unauthorized, unauthorized_answer());
  return count(Refused::failed_logins, slow_down(&route, "too many wrong tokens from this address", kWaitAfterGuesses));
}

void Access::take(Tokens::Read read) {
  const bool readable = tokens_readable();
  const auto taken = tokens_.take(std::move(read));
  if (!taken && readable) {
    log::error("cannot read the tokens; the ones read before stay valid", {{"why", taken.error().message}});
  } else if (taken && !readable) {
    log::info("the tokens can be read again");
  }
}

bool Access::is_own_host(std::string_view host) const {
  // HTTP/1.0 needs none, and no browser speaks that.
  if (host.empty()) return true;
  const std::string name = host_in(host);
  if (net::is_loopback_host(name) || (!name.empty() && name == listen_host_)) return true;
  return !external_authority_.empty() && name == host_in(external_authority_);
}

/// Browsers say where a request comes from; other programs say nothing.
bool Access::is_cross_site(const net::HttpRequest& head) const {
  const std::string_view site = head.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return true;
  const std::string_view origin = head.header("origin");
  if (origin.empty()) return false;
  const std::string from = authority_in(origin);
  return from.empty() || (!ascii::same_without_case(from, head.header("host")) && from != external_authority_);
}

/// Does a browser say that our own page asks? Each of today's sends one of both with what changes something.
bool Access::says_same_site(const net::HttpRequest& head) const {
  if (is_cross_site(head)) return false;
  return head.header("sec-fetch-site") == "same-origin" || !head.header("origin").empty();
}

net::HttpResponse Access::count(Refused reason, net::HttpResponse answer) {
  ++stats_.at(static_cast<std::size_t>(reason));
  newest_ = reason;
  return answer;
}

}  // namespace crmpulse::collector
