// What libcurl's error codes mean to us. The texts are our own: libcurl's may quote the URL.
#include <fmt/format.h>
#include <openssl/x509.h>

#include <cerrno>
#include <system_error>

#include "net/client/http_exchange.h"
#include "net/client/socket_options.h"

namespace crmpulse::net {
namespace {

long number(CURL* easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

std::string system_text(long error) {
  return std::generic_category().message(static_cast<int>(error));
}

Failure connect_failure(const std::string& peer, long error) {
  if (error == ECONNREFUSED) return {Stage::connect, Reason::refused, fmt::format("{} refuses connections", peer)};
  if (error == ETIMEDOUT)
    return {Stage::connect, Reason::timeout, fmt::format("no connection to {}: {}", peer, system_text(error))};
  const std::string why = error == 0 ? "unreachable" : system_text(error);
  return {Stage::connect, Reason::unreachable, fmt::format("no connection to {}: {}", peer, why)};
}

Failure handshake_failure(const std::string& peer, long error) {
  if (error == ECONNRESET || error == EPIPE)
    return {Stage::tls, Reason::unreachable, fmt::format("{} ended the connection during the TLS handshake", peer)};
  return {Stage::tls, Reason::bad_content, fmt::format("{} does not complete a TLS handshake", peer)};
}

Failure certificate_failure(const std::string& peer, long verify_result) {
  // The chain is fine or, as libcurl looks at the host first, not yet judged.
  const bool other_host = verify_result == X509_V_OK || verify_result == X509_V_ERR_UNSPECIFIED;
  const char* const why = other_host ? "it is not for this host" : X509_verify_cert_error_string(verify_result);
  return {Stage::tls, Reason::certificate, fmt::format("the certificate of {} is not accepted: {}", peer, why)};
}

}  // namespace

/// The other side did not like our certificate, or the lack of one. In TLS 1.3 this arrives after the handshake, as a
/// failed read; only libcurl's text tells it from a broken connection.
bool Exchange::certificate_alert() const {
  const std::string_view text = error_text_;
  const auto says = [text](std::string_view words) { return text.find(words) != std::string_view::npos; };
  return says("alert") && (says("certificate") || says("unknown ca") || says("handshake failure"));
}

Failure Exchange::timeout() const {
  const std::string within = fmt::format("within {}", format_duration(request_.timeout));
  const std::string peer = peer_.text();
  const std::string hop = next_hop();
  if (seconds(CURLINFO_PRETRANSFER_TIME_T) <= 0) {
    switch (reached_) {
      case Reached::nothing:
        return {Stage::request, Reason::timeout, fmt::format("no connection to {} was begun {}", hop, within)};
      case Reached::resolve:
        return {Stage::resolve, Reason::timeout, fmt::format("the name of {} did not resolve {}", hop, within)};
      case Reached::connect:
        return {Stage::connect, Reason::timeout, fmt::format("no connection to {} {}", hop, within)};
      case Reached::tls: return {Stage::tls, Reason::timeout, fmt::format("no TLS handshake with {} {}", peer, within)};
    }
  }
  curl_off_t sent = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &sent);
  if (static_cast<std::size_t>(sent) < request_.body.size())
    return {Stage::request, Reason::timeout, fmt::format("{} did not take the request {}", peer, within)};
  const std::string way = proxy_ ? " through " + hop : std::string{};
  return {Stage::response, Reason::timeout, fmt::format("no complete answer from {}{} {}", peer, way, within)};
}

/// Who a new connection goes to.
std::string Exchange::next_hop() const {
  if (!proxy_) return peer_.text();
  const std::string proxy = "the proxy " + proxy_of(proxy_->url).value_or(Peer{}).text();
  return proxy_->origin.empty() ? proxy : fmt::format("{} ({})", proxy, proxy_->origin);
}

/// A name server that did not answer says nothing about the name.
Failure Exchange::unresolved(const std::string& who) const {
  constexpr Duration kTolerance{200};
  const auto waited = std::chrono::floor<Duration>(Clock::now() - asked_for_name_);
  if (reached_ == Reached::resolve && waited + kTolerance >= name_server_patience())
    return {Stage::resolve, Reason::timeout, fmt::format("no name server answers for the name of {}", who)};
  return {Stage::resolve, Reason::unreachable, fmt::format("the name of {} does not resolve", who)};
}

/// An encoding nobody here knows, or bytes that are not what they are said to be.
Failure Exchange::encoding_failure() const {
  std::string encoding = list_in_headers("content-encoding");
  if (encoding.empty()) encoding = list_in_headers("transfer-encoding");
  return {
      Stage::response, Reason::bad_content,
      fmt::format("the answer of {} cannot be decoded: its encoding is '{}'", peer_.text(), one_line(encoding, 40))};
}

Failure Exchange::encoding_failure(DecodingFault fault) const {
  if (fault == DecodingFault::too_large) return too_large();
  if (fault != DecodingFault::cut_off) return encoding_failure();
  return {Stage::response, Reason::bad_content,
          fmt::format("the answer of {} is cut short: its encoding '{}' does not end", peer_.text(),
                      one_line(list_in_headers("content-encoding"), 40))};
}

Failure Exchange::too_large() const {
  return {Stage::response, Reason::bad_content,
          fmt::format("the answer of {} is larger than {} bytes", peer_.text(), request_.max_response_bytes)};
}

/// What a proxy on the way has to say; of the CRM nothing is known then.
std::optional<Failure> Exchange::proxy_failure(CURLcode code) const {
  if (!proxy_) return std::nullopt;
  if (code == CURLE_COULDNT_RESOLVE_PROXY) return unresolved(next_hop());
  const auto broken = [&](std::string_view what) {
    return Failure{Stage::connect, Reason::unreachable, fmt::format("{} {}", next_hop(), what)};
  };
  if (code == CURLE_COULDNT_CONNECT) {
    const Failure failure = connect_failure(next_hop(), number(easy_.get(), CURLINFO_OS_ERRNO));
    // "Refused" would be the CRM's own word.
    return failure.reason == Reason::refused ? broken("refuses connections") : failure;
  }
  if (code == CURLE_PROXY)
    return Failure{Stage::connect, Reason::unreachable,
                   fmt::format("{} cannot be reached through the proxy", peer_.text())};
  const long status = number(easy_.get(), CURLINFO_HTTP_CONNECTCODE);
  const bool through = status >= 200 && status < 300;
  const bool proxy_speaks_tls = proxy_of(proxy_->url).value_or(Peer{}).tls;
  if (!through && proxy_speaks_tls &&
      (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR))
    return broken("does not complete a TLS handshake with us, or its certificate is not accepted");
  const bool no_http = code == CURLE_GOT_NOTHING || code == CURLE_WEIRD_SERVER_REPLY ||
                       code == CURLE_UNSUPPORTED_PROTOCOL || (peer_.tls && code == CURLE_RECV_ERROR);
  if (!through && status == 0 && no_http) return broken("does not answer as an HTTP proxy does");
  if (status < 400) return std::nullopt;
  if (status == 407)
    return Failure{Stage::connect, Reason::credentials,
                   fmt::format("{} wants a name and a password: HTTP 407", next_hop())};
  return Failure{Stage::connect, Reason::unreachable,
                 fmt::format("{} cannot reach {}: HTTP {}", next_hop(), peer_.text(), status)};
}

Failure Exchange::failure_of(CURLcode code) const {
  const std::string peer = peer_.text();
  if (headers_too_large_)
    return {Stage::response, Reason::bad_content, fmt::format("the headers of {} have no end", peer)};
  if (body_too_large_) return too_large();
  if (forbidden_)
    return {Stage::connect, Reason::refused, fmt::format("{} is at an address that is not allowed here", peer)};
  const long error = number(easy_.get(), CURLINFO_OS_ERRNO);
  if (certificate_alert())
    return {Stage::tls, Reason::certificate, fmt::format("{} does not accept our certificate, or wants one", peer)};
  if (auto failure = proxy_failure(code)) return *std::move(failure);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return timeout();
    case CURLE_COULDNT_RESOLVE_HOST: return unresolved(peer);
    case CURLE_COULDNT_CONNECT: return connect_failure(next_hop(), error);
    case CURLE_SSL_CONNECT_ERROR: return handshake_failure(peer, error);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return certificate_failure(peer, number(easy_.get(), CURLINFO_SSL_VERIFYRESULT));
    case CURLE_SSL_CERTPROBLEM:
      return {Stage::tls, Reason::certificate, "our own certificate or key file cannot be used"};
    case CURLE_SSL_CACERT_BADFILE:
      return {Stage::tls, Reason::certificate, "the file of trusted certificates cannot be used"};
    case CURLE_SEND_ERROR:
      return {Stage::request, Reason::unreachable, fmt::format("the connection to {} broke while sending", peer)};
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return {Stage::response, Reason::unreachable,
              fmt::format("{} ended the connection without a complete answer", peer)};
    case CURLE_PARTIAL_FILE:
      return {Stage::response, Reason::bad_content, fmt::format("the answer of {} is cut short", peer)};
    case CURLE_BAD_CONTENT_ENCODING: return encoding_failure();
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return {Stage::response, Reason::bad_content, fmt::format("the answer of {} is not HTTP", peer)};
    default:
      return {Stage::request, Reason::internal,
              fmt::format("the request to {} failed: {}", peer, curl_easy_strerror(code))};
  }
}

}  // namespace crmpulse::net
