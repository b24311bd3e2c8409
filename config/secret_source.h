#pragma once
// Reads secrets from files (plain, or protected by Windows' DPAPI), environment variables and systemd credentials.

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/secret.h"

namespace crmpulse::config {

/// What a secret may hold inside. White space behind it never belongs to it: editors and `echo` put it there.
enum class SecretForm {
  token,     ///< a URL, a token, a key: no blank, no control character
  password,  ///< one line; blanks inside are its own
  words,     ///< several tokens with blanks or newlines between them
  pem        ///< lines: a key as OpenSSL writes it
};

struct SecretFromFile {
  Secret secret;
  std::optional<std::string> warning;  ///< others may read the file
};

inline constexpr std::size_t kMaxSecretBytes = 64 * 1024;

/// The one reader of every secret, wherever it stood: a byte order mark before it and white space behind it are
/// dropped; what is empty then, or holds what its form does not allow, is an error. `where` begins the error's text
/// ("secret file /etc/x"), which never quotes the secret.
[[nodiscard]] Result<Secret> read_secret(std::string_view text, SecretForm form, std::string_view where);

/// Unreadable, not a regular file (a FIFO would be waited for), larger than kMaxSecretBytes: an error. Errors and
/// warnings name the file, never what is in it.
[[nodiscard]] Result<SecretFromFile> secret_from_file(const std::string& path, SecretForm form = SecretForm::token);
/// The same for a file that Windows' data protection (DPAPI) keeps; elsewhere an error.
[[nodiscard]] Result<SecretFromFile> secret_from_dpapi_file(const std::string& path,
                                                            SecretForm form = SecretForm::token);
/// Unset or empty: an error.
[[nodiscard]] Result<Secret> secret_from_environment(const std::string& variable, SecretForm form = SecretForm::token);

/// The folder beside a configuration file where its credentials lie. The shipped units hand it over as a whole
/// (`LoadCredential=crmpulse:/etc/crmpulse/credentials`), because the service's own account must not read it.
inline constexpr std::string_view kCredentialsFolder = "credentials";
/// systemd calls a file of a folder it hands over ID_FILE.
inline constexpr std::string_view kCredentialsId = "crmpulse";

/// Returns where the credential of that name lies: in a service what systemd handed over, else the file of that name in
/// the folder `credentials` of `folder` (the configuration file's), else where `LoadCredential=NAME` would find it.
[[nodiscard]] Result<std::string> credential_file(const std::string& name, const std::string& folder);
[[nodiscard]] Result<Secret> secret_from_credential(const std::string& name, const std::string& folder,
                                                    SecretForm form = SecretForm::token);

}  // namespace crmpulse::config
