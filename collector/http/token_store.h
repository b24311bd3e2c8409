#pragma once
// Where tokens are kept. One file today (token_file.h); a store that several nodes share is one more class, and nothing
// else changes.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::collector {

enum class AccessRole { ingest, viewer, operator_, admin };
[[nodiscard]] std::string_view to_string(AccessRole role);
[[nodiscard]] std::optional<AccessRole> role_from(std::string_view name);
/// admin may everything, operator what a viewer may; ingest only sends.
[[nodiscard]] bool covers(AccessRole held, AccessRole needed);

struct Token {
  std::string name;
  AccessRole role = AccessRole::viewer;
  std::string hash;  ///< SHA-256 in hex
  TimePoint created;
  std::string agent;                 ///< not empty: ingest only as this agent
  std::optional<TimePoint> expires;  ///< from then on it is not valid; absent: never expires
  std::vector<std::string> crms{};   ///< not empty: ingest only about these
  bool invited = false;              ///< made when its agent joined
  /// Names of this agent's earlier tokens, which are revoked as soon as this one is used.
  std::vector<std::string> replaces{};
};

class TokenStore {
 public:
  TokenStore() = default;
  virtual ~TokenStore() = default;
  TokenStore(const TokenStore&) = delete;
  TokenStore& operator=(const TokenStore&) = delete;

  /// Returns all tokens, nullopt if they are what the last call returned (which is cheap). An error means that the
  /// tokens are unknown, not that there are none.
  [[nodiscard]] virtual Result<std::optional<std::vector<Token>>> read_if_changed() = 0;
  using Change = std::function<Result<void>(std::vector<Token>&)>;
  /// Reads, changes and stores the tokens in one atomic step. Changes nothing if reading fails or `change` returns an
  /// error.
  [[nodiscard]] virtual Result<void> update(const Change& change) = 0;
};

}  // namespace crmpulse::collector
