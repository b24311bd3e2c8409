#pragma once
// Access lists of the agent's folders: the system and administrators may do everything, the service's account what it
// needs, nobody else anything.

#include <string>

#include "core/failure/error.h"

namespace crmpulse::agent::windows {

enum class AccountMay { read, modify };

/// Returns the account's SID as text.
[[nodiscard]] Result<std::wstring> sid_of(const std::string& account);

/// Makes the folder if there is none, and its list: from scratch if it inherits one (ProgramData lets everybody in),
/// else only the account's right is added, because an administrator has written the rest. Administrators become its
/// owner. Error: it belongs to another user, for anybody can make a folder of that name before us.
[[nodiscard]] Result<void> restrict_folder(const std::string& folder, const std::wstring& account_sid, AccountMay may);

}  // namespace crmpulse::agent::windows
