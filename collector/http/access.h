#pragma once
// Who may ask what, decided when a request's headers are there and before its body is read. Belongs to the loop's
// thread.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "collector/http/access_settings.h"
#include "collector/http/request_limits.h"
#include "collector/http/router.h"
#include "collector/http/sessions.h"
#include "collector/http/tokens.h"
#include "core/time/clock.h"

namespace crmpulse::collector {

/// Why a request was not let through; the label `reason` of /metrics.
enum class Refused {
  host,
  cross_site,
  address_rate,
  failed_logins,
  unauthorized,
  forbidden,
  token_rate,
  agent,
  tokens_unreadable
};
constexpr std::size_t kRefusedReasons = 9;
[[nodiscard]] std::string_view to_string(Refused reason);

class Access {
 public:
  using Stats = std::array<std::uint64_t, kRefusedReasons>;

  Access(const Clock& clock, const std::string& state_dir, const AccessSettings& settings);
  void configure(const AccessSettings& settings);
  /// Takes over tokens that were read anew. When they cannot be read the last ones go on; the log says so once.
  void take(Tokens::Read read);
  /// Where the tokens are read, for whoever reads them beside the loop.
  [[nodiscard]] const std::shared_ptr<TokenStore>& token_store() const { return tokens_.store(); }
  [[nodiscard]] bool tokens_readable() const { return !tokens_.fault(); }

  using Admission = boost::system::result<Caller, net::HttpResponse>;
  /// Returns who sends a request for `route`, which is null if there is no route at its address, or the answer that
  /// refuses it.
  [[nodiscard]] Admission check(const net::HttpRequest& head, const Route* route);
  [[nodiscard]] static std::size_t max_body_bytes(const Route* route);

  /// Returns true while the caller would still be let in: for answers that go on for long.
  [[nodiscard]] bool still_admits(const Caller& caller) const;
  [[nodiscard]] bool asks() const { return auth_required_; }

  Sessions& sessions() { return sessions_; }
  /// Begins a session with a token that somebody typed. Returns the answer to its request, with the cookie if it is
  /// valid.
  [[nodiscard]] net::HttpResponse sign_in(const net::HttpRequest& request, std::string_view secret);
  /// Ends the session of the request, if it has one.
  [[nodiscard]] net::HttpResponse sign_out(const net::HttpRequest& request);

  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] const Tokens& tokens() const { return tokens_; }

  /// Returns the answer to a wrong secret in a body: 401, or 429 for an address that has sent too many.
  [[nodiscard]] net::HttpResponse wrong_secret(const net::HttpRequest& request, std::string_view message,
                                               std::string_view field);
  /// Sets who hears that a token which replaces others is in use; may be called for each of its requests.
  void on_replacement(std::function<void(const Token&)> hear) { hear_of_replacement_ = std::move(hear); }

  /// An agent whose requests were not let through.
  struct RefusedAgent {
    TimePoint at;  ///< the last one
    Refused reason = Refused::unauthorized;
  };
  /// Sets which names are agents': strangers may send any.
  void know_agents(std::function<bool(std::string_view)> is_agent) { is_agent_ = std::move(is_agent); }
  [[nodiscard]] const std::map<std::string, RefusedAgent, std::less<>>& refused_agents() const { return refused_; }

 private:
  [[nodiscard]] Admission decide(const net::HttpRequest& head, const Route* route);
  void note_agent(const net::HttpRequest& head);
  [[nodiscard]] Admission check_caller(const net::HttpRequest& head, const Route& route);
  [[nodiscard]] Admission check_token(const net::HttpRequest& head, const Route& route, std::string_view secret);
  [[nodiscard]] Admission check_browser(const net::HttpRequest& head, const Route& route, Caller caller);
  [[nodiscard]] std::optional<Caller> browser_of(const net::HttpRequest& head) const;
  [[nodiscard]] std::optional<Caller> named_by_proxy(const net::HttpRequest& head) const;
  [[nodiscard]] Caller caller_of_open_route(const net::HttpRequest& head) const;
  [[nodiscard]] net::HttpResponse refuse_unknown(const net::HttpRequest& head, const Route& route, bool guessed);
  [[nodiscard]] std::optional<net::HttpResponse> check_rate(const net::HttpRequest& head, const Route* route,
                                                            RequestLimits::Asker asker);
  [[nodiscard]] bool is_own_host(std::string_view host) const;
  [[nodiscard]] bool is_cross_site(const net::HttpRequest& head) const;
  [[nodiscard]] bool says_same_site(const net::HttpRequest& head) const;
  net::HttpResponse count(Refused reason, net::HttpResponse answer);

  const Clock& clock_;
  Tokens tokens_;
  Sessions sessions_;
  CookieScope cookie_;
  std::optional<ProxySettings> proxy_;
  RequestLimits limits_;
  bool auth_required_ = true;
  std::string listen_host_;
  std::string external_authority_;  ///< `host:port` of external_url; empty without
  Stats stats_{};
  Refused newest_ = Refused::host;  ///< why the newest refused request was
  std::function<bool(std::string_view)> is_agent_;
  std::function<void(const Token&)> hear_of_replacement_;
  std::map<std::string, RefusedAgent, std::less<>> refused_;
};

}  // namespace crmpulse::collector
