#pragma once
// A browser's session: a cookie that says which token signed in, until when it holds, and that this collector wrote it.
// Nothing is kept for it, so that a restart signs nobody out; who revokes the token ends all its sessions. Belongs to
// the loop's thread.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "collector/http/tokens.h"
#include "core/time/time.h"
#include "net/server/http_server.h"

namespace crmpulse::collector {

class Sessions {
 public:
  static constexpr Duration kLifetime{std::chrono::hours{24 * 7}};
  /// So much later than that from now may a session end: clocks are set back a little, and two nodes differ.
  static constexpr Duration kClockSlack{std::chrono::minutes{1}};
  static constexpr std::size_t kMostEnded = 10'000;  ///< signed out ones that are remembered; the oldest go

  struct Session {
    std::shared_ptr<const Token> token;
    TimePoint ends;
  };

  /// Sets the key that cookies are signed with, 32 random bytes. Without it nobody has a session.
  void use_key(std::string key) { key_ = std::move(key); }
  [[nodiscard]] bool usable() const { return !key_.empty(); }

  /// Begins a session of this token and returns the cookie's value. It ends with the token at the latest.
  [[nodiscard]] std::string begin(const Token& token, TimePoint now);
  /// Returns the session of a cookie's value. nullopt: we did not write it, it is over, it was written by a clock
  /// that went wrong and would hold for longer than a session does, or its token is not valid any more.
  [[nodiscard]] std::optional<Session> find(std::string_view value, const Tokens& tokens, TimePoint now) const;
  /// Ends the session before its time. What is not a session of ours is ignored.
  void end(std::string_view value, const Tokens& tokens, TimePoint now);

 private:
  [[nodiscard]] std::string signature(std::string_view text, const Token& token) const;

  std::string key_;
  std::unordered_set<std::string> ended_;  ///< values' signatures
  std::deque<std::string> ended_order_;
};

/// Returns the key of this state folder's `session.key`, which is made if it is not there. Waits for the disk.
[[nodiscard]] Result<std::string> session_key(const std::string& state_dir);

/// How the cookie is set: where it is sent, and whether only over TLS.
struct CookieScope {
  std::string name;  ///< tells collectors on one machine apart: cookies do not know ports
  std::string path = "/";
  bool secure = false;
};
/// Returns the cookie's value in a request, empty if it is not there.
[[nodiscard]] std::string_view cookie_in(const net::HttpRequest& request, std::string_view name);
/// Returns a `Set-Cookie` that no script reads and no other site sends. An empty value removes it.
[[nodiscard]] std::string set_cookie(const CookieScope& scope, std::string_view value, Duration lifetime);

}  // namespace crmpulse::collector
