#pragma once
#include <optional>
#include <string>

#include "core/error.h"
#include "core/secret.h"

namespace crmpulse::config {

struct SecretFromFile {
  Secret secret;
  std::optional<std::string> warning;  ///< others may read the file
};

inline constexpr std::size_t kMaxSecretBytes = 64 * 1024;

/// One trailing newline is dropped. Unreadable, empty, larger than kMaxSecretBytes: an error. Errors and warnings name
/// the file, never what is in it.
[[nodiscard]] Result<SecretFromFile> secret_from_file(const std::string& path);
/// Unset or empty: an error.
[[nodiscard]] Result<Secret> secret_from_environment(const std::string& variable);
/// A systemd credential: a plain name under $CREDENTIALS_DIRECTORY, which only the service may read.
[[nodiscard]] Result<Secret> secret_from_credential(const std::string& name);

}  // namespace crmpulse::config
