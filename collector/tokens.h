#pragma once
// API tokens: 256 random bits, shown once; only their SHA-256 is kept, in `tokens.json` of the state folder. A file of
// its own, because `token create` runs beside the service and collector.db must have one writing connection.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/time.h"

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
  std::optional<TimePoint> expires;  ///< from then on it is none
};

/// What a new token is for, beside its role.
struct TokenTerms {
  std::string agent;
  std::optional<TimePoint> expires;
};

/// The file as it was when it was read. Reading again is cheap when nothing changed.
class Tokens {
 public:
  explicit Tokens(std::string state_dir) : file_(std::move(state_dir) + "/tokens.json") {}
  /// Reads the file when it is another than before. A damaged file is an error and keeps what was known.
  [[nodiscard]] Result<void> refresh();
  /// Whose token is this? Looks at every token, whichever fits. Those that have expired are none.
  [[nodiscard]] const Token* find(std::string_view secret) const;
  [[nodiscard]] const std::vector<Token>& all() const { return tokens_; }

 private:
  std::string file_;
  std::string version_;  ///< inode, size and time of the file read
  std::vector<Token> tokens_;
};

/// Gives the new token's text. Names are unique, and printable on one line.
[[nodiscard]] Result<std::string> create_token(const std::string& state_dir, const std::string& name, AccessRole role,
                                               const TokenTerms& terms = {});
[[nodiscard]] Result<std::vector<Token>> list_tokens(const std::string& state_dir);
[[nodiscard]] Result<void> revoke_token(const std::string& state_dir, const std::string& name);

}  // namespace crmpulse::collector
