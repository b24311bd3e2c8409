#pragma once
// Internal to probes/auth/: a token on disk, so that a restart needs no login and a replaced refresh token is not lost.

#include <optional>
#include <set>
#include <string>

#include "core/failure/error.h"
#include "probes/auth/flows.h"

namespace crmpulse::probes::auth {

/// One identity's file. It may block: not on the client's thread.
class TokenFile {
 public:
  /// Keeps nothing.
  TokenFile() = default;
  /// `state_dir`/tokens/`identity`.json; nothing is kept when `state_dir` is empty.
  TokenFile(const std::string& state_dir, std::string identity);

  /// Returns nullopt if there is no file. A file that is damaged, of another identity, or writable by others is not
  /// used; the log says so.
  [[nodiscard]] std::optional<Token> read() const;
  /// The file is the old one or the new one whole, also after a power cut; its owner alone can read it.
  [[nodiscard]] Result<void> write(const Token& token) const;
  /// It is not an error if there is none.
  void remove() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;  ///< empty: nothing is kept
  std::string identity_;
};

/// Removes the token files of other identities than these, and what a program that died left of writing one. Other
/// files, and other folders, stay.
void remove_other_tokens(const std::string& state_dir, const std::set<std::string>& identities);

}  // namespace crmpulse::probes::auth
