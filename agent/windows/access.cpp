#include "agent/windows/access.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <fmt/format.h>
#include <fmt/xchar.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "agent/windows/service_name.h"
#include "core/text/ascii.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::agent::windows {
namespace {

using crmpulse::windows::error_text;
using crmpulse::windows::to_wide;

struct LocalFreed {
  void operator()(void* memory) const { LocalFree(memory); }
};
struct HandleClosed {
  void operator()(void* handle) const { CloseHandle(handle); }
};
using LocalMemory = std::unique_ptr<void, LocalFreed>;

constexpr DWORD kModify = FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE | DELETE;
constexpr DWORD kRead = FILE_GENERIC_READ | FILE_GENERIC_EXECUTE;

DWORD rights_of(AccountMay may) {
  return may == AccountMay::modify ? kModify : kRead;
}

Error failed(const std::string& folder, DWORD code) {
  return Error{fmt::format("cannot set who may open {}: {}{}", folder, error_text(code),
                           code == ERROR_ACCESS_DENIED ? "; run this as an administrator" : "")};
}

struct AccessList {
  LocalMemory descriptor;
  PACL list = nullptr;
  PSID owner = nullptr;
  bool inherits = true;
};

Result<AccessList> list_of(const std::string& folder) {
  AccessList out;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const DWORD code = GetNamedSecurityInfoW(to_wide(folder).c_str(), SE_FILE_OBJECT,
                                           OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &out.owner, nullptr,
                                           &out.list, nullptr, &descriptor);
  if (code != ERROR_SUCCESS) return failed(folder, code);
  out.descriptor.reset(descriptor);
  SECURITY_DESCRIPTOR_CONTROL control = 0;
  DWORD revision = 0;
  GetSecurityDescriptorControl(descriptor, &control, &revision);
  out.inherits = (control & SE_DACL_PROTECTED) == 0;
  return out;
}

/// Returns whether the SID is that of who runs this process.
bool is_own(PSID sid) {
  HANDLE opened = nullptr;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &opened) == FALSE) return false;
  const std::unique_ptr<void, HandleClosed> token{opened};
  DWORD size = 0;
  GetTokenInformation(opened, TokenUser, nullptr, 0, &size);
  std::vector<std::max_align_t> memory(size / sizeof(std::max_align_t) + 1);
  if (GetTokenInformation(opened, TokenUser, memory.data(), size, &size) == FALSE) return false;
  return EqualSid(sid, reinterpret_cast<TOKEN_USER*>(memory.data())->User.Sid) != FALSE;
}

/// A folder that a user without rights made before us may hold a configuration of his.
bool is_trusted_owner(PSID owner) {
  return owner == nullptr || IsWellKnownSid(owner, WinBuiltinAdministratorsSid) != FALSE ||
         IsWellKnownSid(owner, WinLocalSystemSid) != FALSE || is_own(owner);
}

/// Inheritance off: what stands here is all.
Result<void> put(const std::string& folder, PACL list) {
  std::wstring name = to_wide(folder);
  const DWORD code = SetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT,
                                           DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, nullptr,
                                           nullptr, list, nullptr);
  if (code != ERROR_SUCCESS) return failed(folder, code);
  return {};
}

Result<void> write_list(const std::string& folder, const std::wstring& account, DWORD rights) {
  // Protected; for the folder, its files and its folders: all for the system and administrators, `rights` for the
  // account.
  const std::wstring text = fmt::format(L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x{:x};;;{})", rights, account);
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (ConvertStringSecurityDescriptorToSecurityDescriptorW(text.c_str(), SDDL_REVISION_1, &descriptor, nullptr) ==
      FALSE)
    return failed(folder, GetLastError());
  const LocalMemory owned{descriptor};
  PACL list = nullptr;
  BOOL present = FALSE;
  BOOL by_default = FALSE;
  GetSecurityDescriptorDacl(descriptor, &present, &list, &by_default);
  return put(folder, list);
}

Result<void> add_account(const std::string& folder, const AccessList& old, const std::wstring& account, DWORD rights) {
  PSID sid = nullptr;
  if (ConvertStringSidToSidW(account.c_str(), &sid) == FALSE) return failed(folder, GetLastError());
  const LocalMemory owned_sid{sid};
  EXPLICIT_ACCESS_W entry{};
  entry.grfAccessPermissions = rights;
  entry.grfAccessMode = GRANT_ACCESS;
  entry.grfInheritance = SUB_CONTAINERS_AND_OBJECTS_INHERIT;
  entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  entry.Trustee.ptstrName = static_cast<wchar_t*>(sid);
  PACL list = nullptr;
  const DWORD code = SetEntriesInAclW(1, &entry, old.list, &list);
  if (code != ERROR_SUCCESS) return failed(folder, code);
  const LocalMemory owned_list{list};
  return put(folder, list);
}

Result<void> give_to_administrators(const std::string& folder) {
  PSID administrators = nullptr;
  if (ConvertStringSidToSidW(L"S-1-5-32-544", &administrators) == FALSE) return failed(folder, GetLastError());
  const LocalMemory owned{administrators};
  std::wstring name = to_wide(folder);
  const DWORD code = SetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, administrators,
                                           nullptr, nullptr, nullptr);
  if (code != ERROR_SUCCESS) return failed(folder, code);
  return {};
}

}  // namespace

Result<std::wstring> sid_of(const std::string& account) {
  // As the service manager writes them whatever the system's language, and one that is not there before the service is.
  static constexpr std::array<std::pair<std::string_view, std::wstring_view>, 4> kKnown{
      {{kVirtualAccount, kServiceSid},
       {"LocalSystem", L"S-1-5-18"},
       {kLocalService, L"S-1-5-19"},
       {"NT AUTHORITY\\NetworkService", L"S-1-5-20"}}};
  for (const auto& [known, sid] : kKnown)
    if (ascii::same_without_case(account, known)) return std::wstring{sid};
  const std::wstring name = to_wide(account);
  DWORD sid_size = 0;
  DWORD domain_size = 0;
  SID_NAME_USE use = SidTypeUnknown;
  LookupAccountNameW(nullptr, name.c_str(), nullptr, &sid_size, nullptr, &domain_size, &use);
  std::vector<std::byte> sid(sid_size);
  std::wstring domain(domain_size, L'\0');
  wchar_t* text = nullptr;
  if (sid.empty() ||
      LookupAccountNameW(nullptr, name.c_str(), sid.data(), &sid_size, domain.data(), &domain_size, &use) == FALSE ||
      ConvertSidToStringSidW(sid.data(), &text) == FALSE)
    return Error{fmt::format("there is no account '{}': {}", account, crmpulse::windows::last_error_text())};
  const LocalMemory owned{text};
  return std::wstring{text};
}

Result<void> restrict_folder(const std::string& folder, const std::wstring& account_sid, AccountMay may) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Error{fmt::format("cannot create the folder {}: {}", folder, error.message())};
  const auto old = list_of(folder);
  if (!old) return old.error();
  if (!is_trusted_owner(old->owner)) {
    return Error{fmt::format(
        "the folder {0} belongs to somebody who is not an administrator; look at what is in it, and remove it or make "
        "it yours: takeown /F \"{0}\" /A /R",
        folder)};
  }
  if (auto given = give_to_administrators(folder); !given) return given;
  if (old->inherits || old->list == nullptr) return write_list(folder, account_sid, rights_of(may));
  return add_account(folder, *old, account_sid, rights_of(may));
}

}  // namespace crmpulse::agent::windows
