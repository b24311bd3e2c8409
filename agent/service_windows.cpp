// winsock2.h wants to be before windows.h.
#include <winsock2.h>

#include <windows.h>

#include <psapi.h>

#include <array>
#include <filesystem>
#include <string>

#include "agent/service.h"
#include "core/files/utf8_path.h"

namespace crmpulse::agent::service {
namespace {

namespace fs = std::filesystem;

/// Where the configuration, the secrets and the state live. The system's own entry, because an environment may name
/// another folder: what Wine gives a service at boot does, and the shell's SHGetKnownFolderPath goes by that there.
fs::path program_data() {
  std::array<wchar_t, MAX_PATH> found{};
  auto size = static_cast<DWORD>(sizeof found);
  const LSTATUS code = RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
                                    L"ProgramData", RRF_RT_REG_SZ, nullptr, found.data(), &size);
  return fs::path{code == ERROR_SUCCESS && found[0] != 0 ? found.data() : L"C:\\ProgramData"} / "crmpulse";
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
