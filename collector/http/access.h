#pragma once
// Who may ask what, decided when a request's headers are there and before its body is read. Belongs to the loop's
// thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/http/access_settings.h"
#include "collector/http/request_limits.h"
#include "collector/http/router.h"
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
  /// Reads the tokens anew when they are others. When they cannot be read the last ones go on; the log says so once.
  void refresh();
  [[nodiscard]] bool tokens_readable() const { return !tokens_.fault(); }

  /// Returns the verdict on a request for `route`, which is null if there is no route at its address.
  [[nodiscard]] net::HeadVerdict check(const net::HttpRequest& head, const Route* route);
  /// Returns the role of the request's token, nullopt if it has no valid token. Does not count as an attempt.
  [[nodiscard]] std::optional<AccessRole> role_of(const net::HttpRequest& request) const;
  /// Returns the request's token, null while nobody is asked for one. Valid until the next refresh().
  [[nodiscard]] const Token* token_of(const net::HttpRequest& request) const;
  /// Returns the name of the request's token, empty while nobody is asked for one.
  [[nodiscard]] std::string name_of(const net::HttpRequest& request) const;

  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  [[nodiscard]] std::optional<net::HttpResponse> refusal(const net::HttpRequest& head, const Route* route);
  [[nodiscard]] std::optional<net::HttpResponse> check_caller(const net::HttpRequest& head, const Route& route);
  [[nodiscard]] net::HttpResponse refuse_unknown(const net::HttpRequest& head, const Route& route, bool guessed);
  [[nodiscard]] std::optional<net::HttpResponse> check_rate(const net::HttpRequest& head, const Route* route,
                                                            RequestLimits::Asker asker);
  [[nodiscard]] bool is_own_host(std::string_view host) const;
  [[nodiscard]] bool is_cross_site(const net::HttpRequest& head) const;
  net::HttpResponse count(Refused reason, net::HttpResponse answer);

  const Clock& clock_;
  Tokens tokens_;
  RequestLimits limits_;
  bool auth_required_ = true;
  std::string listen_host_;
  std::string external_authority_;  ///< `host:port` of external_url; empty without
  Stats stats_{};
};

}  // namespace crmpulse::collector
