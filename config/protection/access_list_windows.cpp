#include "config/protection/access_list_windows.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "core/windows/wide.h"

namespace crmpulse::config {
namespace {

struct LocalFreed {
  void operator()(void* memory) const { LocalFree(memory); }
};

std::wstring text_of(PSID sid) {
  wchar_t* text = nullptr;
  if (ConvertSidToStringSidW(sid, &text) == FALSE) return {};
  const std::unique_ptr<wchar_t, LocalFreed> owned{text};
  return text;
}

/// Who may read everything anyway, and accounts that are not people.
bool is_trusted(std::wstring_view sid) {
  constexpr std::wstring_view kTrusted[] = {
      L"S-1-5-18",      // SYSTEM
      L"S-1-5-32-544",  // Administrators
      L"S-1-3-0",       // whoever makes a file in the folder
      L"S-1-3-4",       // the owner
      L"S-1-5-19",      // LocalService
      L"S-1-5-20",      // NetworkService
  };
  if (std::find(std::begin(kTrusted), std::end(kTrusted), sid) != std::end(kTrusted)) return true;
  const bool is_domain = sid.starts_with(L"S-1-5-21-");
  if (is_domain && (sid.ends_with(L"-512") || sid.ends_with(L"-519"))) return true;  // domain and enterprise admins
  return sid.starts_with(L"S-1-5-80-") && sid != L"S-1-5-80-0";                      // one service, not all of them
}

struct Account {
  std::string name;
  bool is_group = false;
};

Account account_of(PSID sid, const std::wstring& text) {
  wchar_t name[256] = {};
  wchar_t domain[256] = {};
  DWORD name_size = 256;
  DWORD domain_size = 256;
  SID_NAME_USE use = SidTypeUnknown;
  if (LookupAccountSidW(nullptr, sid, name, &name_size, domain, &domain_size, &use) == FALSE)
    return {windows::to_utf8(text), true};
  const std::string plain = windows::to_utf8(name);
  return {*domain == L'\0' ? plain : fmt::format("{}\\{}", windows::to_utf8(domain), plain),
          use != SidTypeUser && use != SidTypeComputer};
}

/// Generic rights stand in a list as they were written.
bool allows(const ACCESS_ALLOWED_ACE& entry, std::uint32_t rights) {
  ACCESS_MASK mask = entry.Mask;
  GENERIC_MAPPING files{FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  MapGenericMask(&mask, &files);
  const bool inherited_only = (entry.Header.AceFlags & INHERIT_ONLY_ACE) != 0;
  return entry.Header.AceType == ACCESS_ALLOWED_ACE_TYPE && !inherited_only && (mask & rights) != 0;
}

}  // namespace

std::vector<std::string> groups_with(const std::string& path, std::uint32_t rights) {
  PACL list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (GetNamedSecurityInfoW(windows::to_wide(path).c_str(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr,
                            &list, nullptr, &descriptor) != ERROR_SUCCESS)
    return {};
  const std::unique_ptr<void, LocalFreed> owned{descriptor};
  if (list == nullptr) return {"everybody"};
  std::vector<std::string> out;
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* at = nullptr;
    if (GetAce(list, i, &at) == FALSE) continue;
    const auto& entry = *static_cast<ACCESS_ALLOWED_ACE*>(at);
    if (!allows(entry, rights)) continue;
    // The entry's SID begins where SidStart stands.
    PSID sid = &static_cast<ACCESS_ALLOWED_ACE*>(at)->SidStart;
    const std::wstring text = text_of(sid);
    if (is_trusted(text)) continue;
    Account account = account_of(sid, text);
    if (account.is_group && std::find(out.begin(), out.end(), account.name) == out.end())
      out.push_back(std::move(account.name));
  }
  return out;
}

}  // namespace crmpulse::config
