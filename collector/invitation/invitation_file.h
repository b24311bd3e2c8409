#pragma once
// `invitations.json` of the state folder, where `invite` writes beside the service. Only hashes of codes stand in it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/http/tokens.h"
#include "collector/invitation/invitation.h"

namespace crmpulse::collector {

/// Everything here waits for the disk.
class InvitationFile {
 public:
  explicit InvitationFile(std::string state_dir);

  /// Makes an invitation and returns its code, which is nowhere else. An open one for the same agent is replaced.
  /// Error: the agent's or a CRM's name is not valid, too many are open, or the file cannot be read or written.
  [[nodiscard]] Result<std::string> invite(const std::string& agent, const std::vector<std::string>& crms,
                                           const TwoClocks& now);
  /// Returns those that hold, the oldest first.
  [[nodiscard]] Result<std::vector<Invitation>> open_ones(const TwoClocks& now) const;
  /// Returns false if there is none for this agent.
  [[nodiscard]] Result<bool> revoke(const std::string& agent, const TwoClocks& now);

  struct Joined {
    std::string agent;
    InvitedToken token;
  };
  /// Trades a code for a token. Of several at once with one code one gets it. nullopt: the code is not that of an open
  /// invitation. If the token cannot be stored the invitation still holds.
  [[nodiscard]] Result<std::optional<Joined>> redeem(std::string_view code, TokenStore& tokens, const TwoClocks& now);

 private:
  [[nodiscard]] Result<std::vector<Invitation>> read() const;
  [[nodiscard]] Result<void> write(const std::vector<Invitation>& invitations) const;

  std::string state_dir_;
  std::string file_;
};

}  // namespace crmpulse::collector
