#pragma once
// API tokens: 256 random bits, shown once; only their SHA-256 is kept.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/http/token_store.h"

namespace crmpulse::collector {

/// The limits of a new token, beside its role.
struct TokenTerms {
  std::string agent;
  std::optional<TimePoint> expires;
  std::vector<std::string> crms{};
};

/// The valid tokens. If they cannot be read, those that were read last stay valid. Belongs to the loop's thread.
class Tokens {
 public:
  /// What TokenStore::read_if_changed() has returned.
  using Read = Result<std::optional<std::vector<Token>>>;

  explicit Tokens(std::shared_ptr<TokenStore> store) : store_(std::move(store)) {}
  explicit Tokens(const std::string& state_dir);
  /// Where they are read, for whoever reads them beside the loop.
  [[nodiscard]] const std::shared_ptr<TokenStore>& store() const { return store_; }
  /// Takes over what was read.
  [[nodiscard]] Result<void> take(Read read);
  /// Returns the token with this secret, null if there is none or it has expired. One look-up, however many there are.
  [[nodiscard]] std::shared_ptr<const Token> find(std::string_view secret) const;
  /// Returns the valid token of this name, null if there is none.
  [[nodiscard]] std::shared_ptr<const Token> find_named(std::string_view name) const;
  /// Visits all of them, in no order.
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [hash, token] : by_hash_) visit(*token);
  }
  /// Were they ever read? Before that a token is neither good nor wrong.
  [[nodiscard]] bool known() const { return known_; }
  /// Returns why they cannot be read now, nullopt if they can.
  [[nodiscard]] const std::optional<std::string>& fault() const { return fault_; }

 private:
  std::shared_ptr<TokenStore> store_;
  std::unordered_map<std::string, std::shared_ptr<const Token>> by_hash_;
  std::map<std::string, std::shared_ptr<const Token>, std::less<>> by_name_;
  bool known_ = false;
  std::optional<std::string> fault_;
};

/// What is wrong with a token that is to be made.
struct TokenFault {
  std::string_view about;  ///< `name`, `agent` or `crms`
  std::string why;
};
[[nodiscard]] std::optional<TokenFault> token_fault(const std::string& name, AccessRole role, const TokenTerms& terms);
/// Creates a token and returns its text. Names are unique, and printable on one line.
[[nodiscard]] Result<std::string> create_token(TokenStore& store, const std::string& name, AccessRole role,
                                               const TokenTerms& terms = {});
/// A token of an agent that was invited.
struct InvitedToken {
  std::string name;
  std::string secret;
  std::vector<std::string> replaces;  ///< names of the agent's earlier ones
};
/// Creates a token of role ingest, bound to the agent, under the agent's name or the first free `NAME.2`, `NAME.3`, …
/// It replaces the agent's tokens that were made so before, and without `crms` takes over theirs. Those stay valid
/// until revoke_replaced().
[[nodiscard]] Result<InvitedToken> create_invited_token(TokenStore& store, const std::string& agent,
                                                        const std::vector<std::string>& crms);
/// Revokes what the token of this name replaces, and returns their names.
[[nodiscard]] Result<std::vector<std::string>> revoke_replaced(TokenStore& store, const std::string& name);
/// Lets the token send about these CRMs too, beside those it may already send about.
[[nodiscard]] Result<void> allow_crms(TokenStore& store, const std::string& name, const std::vector<std::string>& crms);
[[nodiscard]] Result<void> revoke_token(TokenStore& store, const std::string& name);

// As above, for the tokens file in `state_dir`.
[[nodiscard]] Result<std::string> create_token(const std::string& state_dir, const std::string& name, AccessRole role,
                                               const TokenTerms& terms = {});
[[nodiscard]] Result<std::vector<Token>> list_tokens(const std::string& state_dir);
[[nodiscard]] Result<void> revoke_token(const std::string& state_dir, const std::string& name);

}  // namespace crmpulse::collector
