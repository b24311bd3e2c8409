#include "agent/windows/replace_file.h"

#include <windows.h>

#include <fmt/format.h>

#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::agent::windows {
namespace {

class File {
 public:
  explicit File(const std::wstring& name)
      : handle_(CreateFileW(name.c_str(), GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, nullptr)) {}
  ~File() {
    if (is_open()) CloseHandle(handle_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool is_open() const { return handle_ != INVALID_HANDLE_VALUE; }
  [[nodiscard]] bool write(std::string_view content) const {
    DWORD written = 0;
    return WriteFile(handle_, content.data(), static_cast<DWORD>(content.size()), &written, nullptr) != FALSE &&
           written == content.size() && FlushFileBuffers(handle_) != FALSE;
  }

 private:
  HANDLE handle_;
};

Error failed(const std::string& file) {
  return Error{fmt::format("cannot write {}: {}", file, crmpulse::windows::last_error_text())};
}

bool write_fresh(const std::wstring& name, std::string_view content) {
  const File fresh{name};
  return fresh.is_open() && fresh.write(content);
}

}  // namespace

Result<void> replace_file(const std::string& file, std::string_view content) {
  const std::wstring name = crmpulse::windows::to_wide(file);
  const std::wstring fresh = name + L".new";
  if (!write_fresh(fresh, content)) return failed(file);
  // ReplaceFile gives the new file the old one's access list; it wants an old one.
  if (ReplaceFileW(name.c_str(), fresh.c_str(), nullptr, 0, nullptr, nullptr) != FALSE) return {};
  if (GetLastError() == ERROR_FILE_NOT_FOUND && MoveFileW(fresh.c_str(), name.c_str()) != FALSE) return {};
  Error error = failed(file);
  DeleteFileW(fresh.c_str());
  return error;
}

}  // namespace crmpulse::agent::windows
