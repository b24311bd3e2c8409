#pragma once
// Salesforce's OAuth: the token endpoint, who a token is, and whether it still is.

#include <map>
#include <string>
#include <string_view>

#include "sandbox/vendor/vendor_api.h"

namespace crmpulse::sandbox::salesforce {

class Login {
 public:
  [[nodiscard]] static bool owns(std::string_view path);
  net::HttpResponse answer(const net::HttpRequest& request, World& world);
  /// Is the request's token good? Its life begins anew with each use.
  [[nodiscard]] bool admits(const net::HttpRequest& request, TimePoint now);
  void revoke_all() { tokens_.clear(); }

 private:
  net::HttpResponse give_token(const net::HttpRequest& request, World& world);
  net::HttpResponse user_info(const net::HttpRequest& request, World& world);
  net::HttpResponse introspect(const net::HttpRequest& request, World& world);
  net::HttpResponse revoke(const net::HttpRequest& request);

  std::map<std::string, TimePoint, std::less<>> tokens_;  ///< and when each ends
};

/// Returns what is wrong with a JWT bearer assertion, as `error_description`; empty if it is valid. `audience` is a
/// login host accepted beside Salesforce's two.
[[nodiscard]] std::string problem_of_assertion(const std::string& assertion, const Credentials& credentials,
                                               const std::string& audience, TimePoint now);

}  // namespace crmpulse::sandbox::salesforce
