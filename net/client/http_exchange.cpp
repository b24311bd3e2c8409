#include "net/client/http_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/text/ascii.h"
#include "net/base/endpoint.h"
#include "net/base/networks.h"
#include "net/base/url.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {
namespace {

constexpr std::size_t kMostHeaderBytes = 256 * 1024;
// Firewalls and NATs forget connections that say nothing, some after a minute, Azure's after four, and then swallow
// what is sent on them.
constexpr long kKeepAliveSeconds = 30;
constexpr long kKeepAliveEverySeconds = 10;
constexpr long kLongestIdleSeconds = 100;
/// What is sent on a kept connection and not acknowledged for so long (by the other machine, not its program) shows
/// that it is dead; libcurl then asks again on a new one.
constexpr Duration kUnacknowledged{3000};
/// libcurl 7.88 gives an address up after half of the time, and begins with the next one only when it is called again,
/// without asking for that.
constexpr Duration kLookAtConnecting{100};
constexpr long kKeepAuthoritiesSeconds = 300;  ///< a changed bundle is read at the latest then

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool breaks_the_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// OpenSSL's form, always UTC: `Nov 21 09:00:00 2026 GMT`.
std::optional<TimePoint> parse_certificate_time(const char* text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  std::array<char, 4> month{};
  int day = 0, hour = 0, minute = 0, second = 0, year = 0;
  if (std::sscanf(text, "%3s %2d %2d:%2d:%2d %4d GMT", month.data(), &day, &hour, &minute, &second, &year) != 6)
    return std::nullopt;
  const std::size_t at = kMonths.find(month.data());
  if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(at / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return TimePoint{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

/// Of the server's own certificate, the first of the chain. Known only to the request that made the connection.
std::optional<TimePoint> certificate_expiry(CURL* easy) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr || chain->num_of_certs < 1)
    return std::nullopt;
  static constexpr std::string_view kField = "Expire date:";
  for (const curl_slist* line = chain->certinfo[0]; line != nullptr; line = line->next) {
    if (std::string_view(line->data).substr(0, kField.size()) == kField)
      return parse_certificate_time(line->data + kField.size());
  }
  return std::nullopt;
}

HttpPhases sum(const HttpPhases& a, const HttpPhases& b) {
  return {a.dns + b.dns,           a.connect + b.connect, a.tls + b.tls, a.first_byte + b.first_byte,
          a.transfer + b.transfer, a.total + b.total};
}

}  // namespace

std::optional<Peer> peer_of(const std::string& url) {
  const Result<Url> parsed = parse_url(url);
  if (!parsed) return std::nullopt;
  return Peer{parsed->host, std::to_string(parsed->port_used()), parsed->scheme == "https"};
}

std::optional<Peer> proxy_of(const std::string& url) {
  const Result<Url> parsed = parse_url(url, Schemes::any);
  static constexpr std::array<std::string_view, 4> kSchemes{"http", "https", "socks5", "socks5h"};
  if (!parsed || std::find(kSchemes.begin(), kSchemes.end(), parsed->scheme) == kSchemes.end()) return std::nullopt;
  const bool tls = parsed->scheme == "https";
  const int own_port = tls ? 443 : 1080;  // libcurl's own defaults
  return Peer{parsed->host, std::to_string(parsed->port != 0 ? parsed->port : own_port), tls};
}

Exchange::Exchange(ClientRequest request, HttpClient::Callback callback, const std::string& user_agent)
    : Transfer(std::move(callback)),
      request_(std::move(request)),
      user_agent_(user_agent),
      deadline_(Clock::now() + std::min(request_.timeout, Duration{std::chrono::hours{24}})) {
  choose_way();
}

void Exchange::choose_way() {
  request_.url = with_ascii_host(request_.url);
  peer_ = peer_of(request_.url).value_or(Peer{});
  proxy_.reset();
  if (!request_.proxy.empty())
    proxy_ = ProxyChoice{request_.proxy, {}};
  else if (!is_loopback_host(without_brackets(peer_.host)))
    proxy_ = proxy_of_environment(peer_.tls, peer_.host, process_environment);
  if (!proxy_) return;
  if (proxy_->url.find("://") == std::string::npos) proxy_->url.insert(0, "http://");  // as libcurl reads it
  proxy_->url = with_ascii_host(proxy_->url);
}

std::string Exchange::way() const {
  return proxy_ ? fmt::format("{} through {}", peer_.text(), next_hop()) : peer_.text();
}

std::optional<Failure> Exchange::refusal() const {
  if (peer_.host.empty()) return Failure{Stage::request, Reason::internal, "the address is not an http or https URL"};
  if (proxy_ && !proxy_of(proxy_->url)) {
    if (proxy_->origin.empty()) return Failure{Stage::request, Reason::internal, "the proxy's address cannot be used"};
    return Failure{Stage::connect, Reason::unreachable,
                   fmt::format("the proxy that {} of the environment names cannot be used: it is not an address with "
                               "http://, https://, socks5:// or socks5h://",
                               proxy_->origin)};
  }
  if (request_.method.empty() || breaks_the_line(request_.method) || request_.method.find(' ') != std::string::npos)
    return Failure{Stage::request, Reason::internal, "the request's method is not a word"};
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || name.find(':') != std::string::npos || breaks_the_line(name) || breaks_the_line(value))
      return Failure{Stage::request, Reason::internal, "a header of the request has a line break or an unusable name"};
  }
  return std::nullopt;
}

void Exchange::set_options() {
  CURL* const handle = easy_.get();
  curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text_);
  curl_easy_setopt(handle, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, user_agent_.c_str());
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Exchange::on_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Exchange::on_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(handle, CURLOPT_RESOLVER_START_FUNCTION, &Exchange::on_resolve);
  curl_easy_setopt(handle, CURLOPT_RESOLVER_START_DATA, this);
  if (request_.forbid != Forbid::nothing) {
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &Exchange::on_open);
    curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, this);
  }
  curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, &Exchange::on_socket);
  curl_easy_setopt(handle, CURLOPT_SOCKOPTDATA, this);
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, &Exchange::on_tls);
  curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, this);
  set_method_and_body();
  set_headers();
  set_tls(request_.tls);
  set_authorities();
  set_connection();
}

void Exchange::set_method_and_body() {
  CURL* const handle = easy_.get();
  if (request_.method == "HEAD") {
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    return;
  }
  const bool sends_body =
      !request_.body.empty() || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (sends_body) {
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method != (sends_body ? "POST" : "GET"))
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

bool Exchange::has_header(std::string_view name) const {
  return std::any_of(request_.headers.begin(), request_.headers.end(),
                     [name](const auto& header) { return ascii::lower(header.first) == name; });
}

void Exchange::set_headers() {
  decodes_ = !has_header("accept-encoding");
  curl_slist* list = nullptr;
  // A name followed by `;` is libcurl's way to send a header without a value.
  for (const auto& [name, value] : request_.headers)
    list = curl_slist_append(list, (value.empty() ? name + ";" : fmt::format("{}: {}", name, value)).c_str());
  // Else libcurl calls every body a submitted form.
  if (!has_header("content-type")) list = curl_slist_append(list, "Content-Type:");
  // By a header and not by libcurl's option: libcurl would decode, and not see that a body is cut off.
  if (decodes_) list = curl_slist_append(list, fmt::format("Accept-Encoding: {}", kDecodableEncodings).c_str());
  header_list_.reset(list);
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list);
}

void Exchange::set_authorities() {
  CURL* const handle = easy_.get();
  curl_easy_setopt(handle, CURLOPT_CERTINFO, 1L);
  // Only from a bundle libcurl keeps the authorities between connections; with a directory beside it, which Debian's
  // build has by default and which holds the same, each kept connection has a copy of them (0.9 MB) and each new one
  // reads them all (20 ms).
  curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(handle, CURLOPT_CA_CACHE_TIMEOUT, kKeepAuthoritiesSeconds);
}

void Exchange::set_connection() {
  CURL* const handle = easy_.get();
  const auto left = std::chrono::ceil<Duration>(deadline_ - Clock::now());
  const long timeout = static_cast<long>(std::max<Duration::rep>(left.count(), 1));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);  // else a hung name server stops every other request of the thread
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(handle, CURLOPT_PROXY, proxy_ ? proxy_->url.c_str() : "");
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "");  // looked at already
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPINTVL, kKeepAliveEverySeconds);
  curl_easy_setopt(handle, CURLOPT_MAXAGE_CONN, kLongestIdleSeconds);
  // libcurl looks through all it has resolved after each request: with thousands of hosts that costs more than all
  // else. Kept connections need no names; this is for several that are made to one host at once.
  curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, 1L);
  if (!request_.fresh_connection) return;
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(handle, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
}

std::size_t Exchange::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  const std::string_view line(data, size * count);
  exchange.header_bytes_ += line.size();
  if (exchange.header_bytes_ > kMostHeaderBytes) {
    exchange.headers_too_large_ = true;
    return 0;
  }
  // A status line: what came before belonged to an interim answer (100 Continue, a proxy's).
  if (line.substr(0, 5) == "HTTP/") exchange.response_.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && line.substr(0, 5) != "HTTP/")
    exchange.response_.headers.emplace_back(ascii::lower(trimmed(line.substr(0, colon))),
                                            std::string(trimmed(line.substr(colon + 1))));
  return line.size();
}

std::size_t Exchange::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  const std::size_t bytes = size * count;
  if (bytes > exchange.most_sent_bytes() - exchange.response_.body.size()) {
    exchange.body_too_large_ = true;
    return 0;
  }
  exchange.response_.body.append(data, bytes);
  return bytes;
}

int Exchange::on_resolve(void*, void*, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  exchange.reached_ = Reached::resolve;
  exchange.asked_for_name_ = Clock::now();
  return 0;
}

curl_socket_t Exchange::on_open(void* self, curlsocktype, curl_sockaddr* address) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  exchange.forbidden_ = net::forbidden(exchange.request_.forbid, reach_of(address->addr));
  if (exchange.forbidden_) return CURL_SOCKET_BAD;
  return open_socket(*address);
}

int Exchange::on_socket(void* self, curl_socket_t, curlsocktype) {
  static_cast<Exchange*>(self)->reached_ = Reached::connect;
  return CURL_SOCKOPT_OK;
}

CURLcode Exchange::on_tls(CURL*, void*, void* self) {
  static_cast<Exchange*>(self)->reached_ = Reached::tls;
  return CURLE_OK;
}

double Exchange::seconds(CURLINFO info) const {
  curl_off_t microseconds = 0;
  curl_easy_getinfo(easy_.get(), info, &microseconds);
  return static_cast<double>(microseconds) / 1e6;
}

std::optional<Duration> Exchange::next_look() const {
  const bool connecting = reached_ == Reached::connect && seconds(CURLINFO_PRETRANSFER_TIME_T) <= 0;
  return connecting ? std::optional{kLookAtConnecting} : std::nullopt;
}

HttpPhases Exchange::phases() const {
  const double resolved = seconds(CURLINFO_NAMELOOKUP_TIME_T);
  const double connected = seconds(CURLINFO_CONNECT_TIME_T);
  const double secured = seconds(CURLINFO_APPCONNECT_TIME_T);
  const double ready = seconds(CURLINFO_PRETRANSFER_TIME_T);
  const double answered = seconds(CURLINFO_STARTTRANSFER_TIME_T);
  const auto length = [](double from, double to) { return std::max(to - from, 0.0); };
  long new_connections = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &new_connections);
  HttpPhases out;
  out.total = seconds(CURLINFO_TOTAL_TIME_T);
  if (new_connections > 0) {
    out.dns = resolved;
    out.connect = length(resolved, connected);
    out.tls = secured > 0 ? length(connected, secured) : 0;
  }
  if (answered > 0) {
    out.first_byte = length(ready, answered);
    out.transfer = length(answered, out.total);
  }
  return out;
}

std::optional<ClientResponse> Exchange::finish(CURLcode code) {
  ClientResponse response = outcome(code);
  if (follow(response)) return std::nullopt;
  return response;
}

std::string Exchange::list_in_headers(std::string_view lower_case_name) const {
  std::string out;
  for (const auto& [name, value] : response_.headers) {
    if (name == lower_case_name) out += (out.empty() ? "" : ", ") + value;
  }
  return out;
}

/// An encoding may make a small body larger; the decoded one is bounded exactly.
std::size_t Exchange::most_sent_bytes() const {
  const std::size_t most = request_.max_response_bytes;
  constexpr std::size_t kHeaderAndTrailer = 1024;
  return decodes_ && !response_.header("content-encoding").empty() ? most + most / 512 + kHeaderAndTrailer : most;
}

std::optional<Failure> Exchange::decode() {
  // We ask for no encoding of the transfer, and libcurl would undo one without seeing that it is cut off.
  const std::string transfer = ascii::lower(list_in_headers("transfer-encoding"));
  if (!transfer.empty() && transfer != "chunked" && transfer != "identity" && !response_.body.empty())
    return encoding_failure();
  if (!decodes_) return std::nullopt;
  const auto fault = decode_content(list_in_headers("content-encoding"), request_.max_response_bytes, response_.body);
  return fault ? std::optional{encoding_failure(*fault)} : std::nullopt;
}

ClientResponse Exchange::outcome(CURLcode code) {
  ClientResponse response;
  std::optional<Failure> undecoded;
  if (code == CURLE_OK) undecoded = decode();
  if (undecoded) {
    response.failure = std::move(undecoded);
  } else if (code == CURLE_OK) {
    response = std::move(response_);
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    if (status == 407) {  // only a proxy on the way says so
      response = failed(Stage::connect, Reason::credentials,
                        fmt::format("{} wants a name and a password: HTTP 407", proxy_ ? next_hop() : "a proxy"));
    }
  } else {
    response.failure = failure_of(code);
  }
  response.phases = sum(earlier_, phases());
  response.certificate_expiry = certificate_expiry(easy_.get());
  return response;
}

void Exchange::ended(CURLcode code) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (code != CURLE_OK) return;
  if (curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK || socket == CURL_SOCKET_BAD) return;
  give_up_unacknowledged(socket, kUnacknowledged);
}

bool Exchange::follow(ClientResponse& response) {
  if (request_.max_redirects <= 0 || response.failure || !is_redirect(response)) return false;
  auto next = redirected(request_, response);
  if (redirects_ == request_.max_redirects)
    next = Failure{Stage::response, Reason::bad_content,
                   fmt::format("{} redirects without end: {} were followed", peer_.text(), redirects_)};
  if (!next) {
    const HttpPhases phases = response.phases;
    response = failed(next.error().stage, next.error().reason, next.error().message);
    response.phases = phases;
    return false;
  }
  redirects_ += 1;
  earlier_ = response.phases;
  request_ = std::move(*next);
  choose_way();
  response_ = {};
  header_bytes_ = 0;
  reached_ = Reached::nothing;
  forbidden_ = false;
  return true;
}

}  // namespace crmpulse::net
