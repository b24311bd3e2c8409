// winsock2.h wants to be before windows.h.
#include <winsock2.h>

#include <windows.h>

#include <objbase.h>
#include <psapi.h>
#include <shlobj.h>

#include <array>
#include <filesystem>
#include <string>

#include "agent/service.h"
#include "core/files/utf8_path.h"

namespace crmpulse::agent::service {
namespace {

namespace fs = std::filesystem;

/// Where the configuration, the secrets and the state live. The system's word for it: a service's environment may name
/// another folder than an administrator's.
fs::path program_data() {
  wchar_t* found = nullptr;
  const HRESULT code = SHGetKnownFolderPath(FOLDERID_ProgramData, KF_FLAG_DEFAULT, nullptr, &found);
  const fs::path folder{SUCCEEDED(code) ? found : L"C:\\ProgramData"};
  CoTaskMemFree(found);
  return folder / "crmpulse";
}

}  // namespace

std::string host_name() {
  std::array<wchar_t, 256> name{};
  auto length = static_cast<DWORD>(name.size());
  if (GetComputerNameExW(ComputerNameDnsHostname, name.data(), &length) == 0 || length == 0) return "localhost";
  return files::utf8(fs::path{std::wstring{name.data(), length}});
}

std::string executable_dir() {
  std::wstring file(512, L'\0');
  while (true) {
    const DWORD length = GetModuleFileNameW(nullptr, file.data(), static_cast<DWORD>(file.size()));
    if (length < file.size()) {
      file.resize(length);
      return files::utf8(fs::path{file}.parent_path());
    }
    file.resize(file.size() * 2);
  }
}

std::string default_config() {
  return files::utf8(program_data() / "agent.yaml");
}

std::string default_state_dir() {
  return files::utf8(program_data() / "state");
}

std::uint64_t resident_bytes() {
  PROCESS_MEMORY_COUNTERS counters{};
  if (GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) == 0) return 0;
  return counters.WorkingSetSize;
}

void settle_memory() {
  HeapCompact(GetProcessHeap(), 0);
  // Pages that are used come back from the standby list.
  SetProcessWorkingSetSize(GetCurrentProcess(), static_cast<SIZE_T>(-1), static_cast<SIZE_T>(-1));
}

int descriptor_limit() {
  // Windows bounds handles by memory alone; as many as a thousand CRMs can want.
  return 16'384;
}

void prepare_process() {
  // A missing disk or a crash is an error in the log, not a box that nobody sees.
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
}

}  // namespace crmpulse::agent::service
