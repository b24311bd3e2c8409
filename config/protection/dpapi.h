#pragma once
// Windows' data protection (DPAPI): a file that only this machine can read again. Its key is the machine's, not an
// account's, because the service's account has no profile: whoever may read the file here can have it decrypted, so its
// access list counts as much as that of a plain one.

#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse::config {

/// Returns whether this system has it.
[[nodiscard]] bool has_dpapi();
/// Returns what a file holds that `KEY_dpapi_file` names. The error never quotes the text.
[[nodiscard]] Result<std::string> dpapi_protect(std::string_view text);
[[nodiscard]] Result<std::string> dpapi_unprotect(std::string_view blob);

}  // namespace crmpulse::config
