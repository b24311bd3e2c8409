#pragma once
// Private to net/: one request on one libcurl handle, from its options to its ClientResponse. Used on the client's
// thread only.

#include <chrono>
#include <memory>
#include <string>

#include "net/base/proxy.h"
#include "net/client/content_encoding.h"
#include "net/client/transfer_loop.h"

namespace crmpulse::net {

/// What a Failure may say about where a request went: host and port, nothing else of the URL.
struct Peer {
  std::string host;
  std::string port;
  bool tls = false;
  [[nodiscard]] std::string text() const { return host + ":" + port; }
};

/// Returns host and port of an absolute http or https URL, nullopt for another text.
[[nodiscard]] std::optional<Peer> peer_of(const std::string& url);
/// Returns host and port of a proxy that libcurl can use: http, https, socks5, socks5h; nullopt for another text.
[[nodiscard]] std::optional<Peer> proxy_of(const std::string& url);

/// Does the answer ask for another URL to be looked at?
[[nodiscard]] bool is_redirect(const ClientResponse& response);
/// Returns the request it asks for, a Failure if that must not be sent.
[[nodiscard]] boost::system::result<ClientRequest, Failure> redirected(const ClientRequest& request,
                                                                       const ClientResponse& response);

class Exchange final : public Transfer {
 public:
  /// `user_agent` outlives the exchange.
  Exchange(ClientRequest request, HttpClient::Callback callback, const std::string& user_agent);

  [[nodiscard]] std::string way() const override;
  [[nodiscard]] std::optional<Failure> refusal() const override;
  [[nodiscard]] Clock::time_point deadline() const override { return deadline_; }
  [[nodiscard]] std::optional<Duration> next_look() const override;
  /// Sees to it that the connection ends if what is sent on it later stays unacknowledged. Does not apply while it is
  /// being made: connecting has its own time.
  void ended(CURLcode code) override;
  /// nullopt: the answer was a redirect that is followed, and this is the next request.
  [[nodiscard]] std::optional<ClientResponse> finish(CURLcode code) override;

 private:
  void set_options() override;
  [[nodiscard]] ClientResponse outcome(CURLcode code);
  [[nodiscard]] bool follow(ClientResponse& response);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int on_resolve(void* resolver, void* reserved, void* self);
  static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int on_socket(void* self, curl_socket_t socket, curlsocktype purpose);
  static CURLcode on_tls(CURL* easy, void* context, void* self);
  void set_method_and_body();
  void set_headers();
  void set_authorities();
  void set_connection();
  void choose_way();
  [[nodiscard]] bool has_header(std::string_view name) const;
  [[nodiscard]] HttpPhases phases() const;
  [[nodiscard]] Failure failure_of(CURLcode code) const;
  [[nodiscard]] Failure timeout() const;
  [[nodiscard]] bool certificate_alert() const;
  [[nodiscard]] std::optional<Failure> proxy_failure(CURLcode code) const;
  [[nodiscard]] Failure unresolved(const std::string& who) const;
  [[nodiscard]] Failure too_large() const;
  [[nodiscard]] Failure encoding_failure() const;
  [[nodiscard]] Failure encoding_failure(DecodingFault fault) const;
  /// Of all headers of the name, as if they were one.
  [[nodiscard]] std::string list_in_headers(std::string_view lower_case_name) const;
  [[nodiscard]] std::size_t most_sent_bytes() const;
  /// Undoes the encoding of the answer that has come.
  [[nodiscard]] std::optional<Failure> decode();
  [[nodiscard]] std::string next_hop() const;
  [[nodiscard]] double seconds(CURLINFO info) const;

  ClientRequest request_;
  const std::string& user_agent_;
  Peer peer_;                         ///< no host: the URL cannot be used
  std::optional<ProxyChoice> proxy_;  ///< of this request's way; may be unusable
  Clock::time_point deadline_;
  std::unique_ptr<curl_slist, CurlDelete> header_list_;
  ClientResponse response_;
  HttpPhases earlier_;  ///< of the redirects on the way here
  int redirects_ = 0;   ///< followed so far
  std::size_t header_bytes_ = 0;
  bool headers_too_large_ = false;
  bool body_too_large_ = false;
  bool decodes_ = true;     ///< the request does not say itself which encodings it takes
  bool forbidden_ = false;  ///< request_.forbid kept it from an address

  /// How far a new connection came. libcurl reports times only once it is made: until then connect's is zero.
  enum class Reached { nothing, resolve, connect, tls };
  Reached reached_ = Reached::nothing;
  Clock::time_point asked_for_name_;  ///< when reached_ became resolve
  char error_text_[CURL_ERROR_SIZE] = {};
};

}  // namespace crmpulse::net
