#pragma once
// What collector.yaml says about who may ask.

#include <optional>
#include <string>

#include "collector/http/limit_settings.h"
#include "collector/http/token_store.h"
#include "core/secret.h"
#include "net/base/networks.h"

namespace crmpulse::collector {

enum class MetricsAccess { open, viewer };

/// A reverse proxy that signs people in (oauth2-proxy, Authelia, …) and says who they are.
struct ProxySettings {
  std::string user_header = "X-Forwarded-User";
  std::string role_header;               ///< empty: everybody has `role`
  AccessRole role = AccessRole::viewer;  ///< of whom the proxy names no role of ours
  net::Networks trusted;                 ///< only from here the headers count
  std::string secret_header = "X-Proxy-Secret";
  Secret secret{};  ///< not empty: what the proxy must send in `secret_header`
};

/// What Access goes by.
struct AccessSettings {
  bool required = true;        ///< a token, of everybody
  std::string listen_address;  ///< a host that is its own
  std::string external_url;    ///< how people reach the collector; may be empty
  LimitSettings limits;
  std::optional<ProxySettings> proxy{};
  bool tls = false;  ///< cookies are sent over TLS only
  unsigned short port = 0;
};

}  // namespace crmpulse::collector
