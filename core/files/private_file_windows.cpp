#include <fmt/format.h>
#include <windows.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/files/private_file.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::files {
namespace {

namespace fs = std::filesystem;

Error because(std::string_view what, const std::string& file) {
  return Error{fmt::format("cannot {} {}: {}", what, file, windows::last_error_text())};
}

/// Closes when it goes.
class Handle {
 public:
  explicit Handle(HANDLE handle) : handle_(handle) {}
  ~Handle() {
    if (is_open()) CloseHandle(handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  [[nodiscard]] HANDLE get() const { return handle_; }
  [[nodiscard]] bool is_open() const { return handle_ != INVALID_HANDLE_VALUE && handle_ != nullptr; }
  [[nodiscard]] HANDLE release() { return std::exchange(handle_, INVALID_HANDLE_VALUE); }

 private:
  HANDLE handle_;
};

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// A link is opened itself, not what it points to, so that it can be refused.
HANDLE open_file(const std::string& file, DWORD access, DWORD sharing, DWORD how) {
  return CreateFileW(windows::to_wide(file).c_str(), access, sharing, nullptr, how,
                     FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
}

bool is_regular(HANDLE handle) {
  BY_HANDLE_FILE_INFORMATION about{};
  constexpr DWORD kOther = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE;
  return GetFileInformationByHandle(handle, &about) != 0 && (about.dwFileAttributes & kOther) == 0;
}

bool write_all(HANDLE handle, std::string_view text) {
  while (!text.empty()) {
    const auto piece = static_cast<DWORD>(std::min<std::size_t>(text.size(), 1U << 20));
    DWORD written = 0;
    if (WriteFile(handle, text.data(), piece, &written, nullptr) == 0 || written == 0) return false;
    text.remove_prefix(written);
  }
  return FlushFileBuffers(handle) != 0;
}

bool cut_at(HANDLE handle, LARGE_INTEGER size) {
  return SetFilePointerEx(handle, size, nullptr, FILE_BEGIN) != 0 && SetEndOfFile(handle) != 0;
}

HANDLE handle_of(std::intptr_t number) {
  return reinterpret_cast<HANDLE>(number);  // NOLINT(performance-no-int-to-ptr)
}

std::intptr_t number_of(HANDLE handle) {
  return reinterpret_cast<std::intptr_t>(handle);
}

}  // namespace

Result<void> make_private_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(fs::path(folder), error);
  if (error) return Error{fmt::format("cannot create {}: {}", folder, error.message())};
  return {};
}

Result<void> create_private(const std::string& file) {
  const Handle handle(open_file(file, GENERIC_READ | GENERIC_WRITE, kShareAll, OPEN_ALWAYS));
  if (!handle.is_open()) return because("open", file);
  return {};
}

Result<void> create_filled(const std::string& file, long bytes) {
  const Handle handle(open_file(file, GENERIC_READ | GENERIC_WRITE, kShareAll, OPEN_ALWAYS));
  if (!handle.is_open()) return because("open", file);
  LARGE_INTEGER size{};
  size.QuadPart = bytes;
  if (!cut_at(handle.get(), size)) return because("take the room of", file);
  return {};
}

Result<std::string> read_private(const std::string& file, std::size_t most) {
  const Handle handle(open_file(file, GENERIC_READ, kShareAll, OPEN_EXISTING));
  if (!handle.is_open()) return because("open", file);
  if (!is_regular(handle.get())) return Error{"it is not a regular file"};
  std::string text(most, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    DWORD got = 0;
    const auto room = static_cast<DWORD>(std::min<std::size_t>(text.size() - length, 1U << 20));
    if (ReadFile(handle.get(), text.data() + length, room, &got, nullptr) == 0) return because("read", file);
    if (got == 0) break;
    length += got;
  }
  text.resize(length);
  return text;
}

Result<void> replace_private(const std::string& file, const std::string& fresh, std::string_view text) {
  {
    const Handle handle(open_file(fresh, GENERIC_WRITE, 0, CREATE_ALWAYS));
    if (!handle.is_open()) return because("create", fresh);
    if (!write_all(handle.get(), text)) {
      const Error error = because("write", fresh);
      (void)remove_file(fresh);
      return error;
    }
  }
  // ReplaceFile gives the new file the old one's access list; it wants an old one.
  const std::wstring from = windows::to_wide(fresh);
  const std::wstring to = windows::to_wide(file);
  if (ReplaceFileW(to.c_str(), from.c_str(), nullptr, 0, nullptr, nullptr) != 0) return {};
  if (GetLastError() == ERROR_FILE_NOT_FOUND && MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_WRITE_THROUGH) != 0)
    return {};
  const Error error = because("replace", file);
  (void)remove_file(fresh);
  return error;
}

Result<void> remove_file(const std::string& file) {
  if (DeleteFileW(windows::to_wide(file).c_str()) != 0) return {};
  const DWORD code = GetLastError();
  if (code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND) return {};
  return because("remove", file);
}

std::optional<FileIdentity> identity_of(const std::string& file) {
  const Handle handle(CreateFileW(windows::to_wide(file).c_str(), 0, kShareAll, nullptr, OPEN_EXISTING,
                                  FILE_FLAG_BACKUP_SEMANTICS, nullptr));
  BY_HANDLE_FILE_INFORMATION about{};
  if (!handle.is_open() || GetFileInformationByHandle(handle.get(), &about) == 0) return std::nullopt;
  return FileIdentity{about.dwVolumeSerialNumber, (std::uint64_t{about.nFileIndexHigh} << 32) | about.nFileIndexLow};
}

int own_process_id() {
  return static_cast<int>(GetCurrentProcessId());
}

bool is_running(int process_id) {
  const Handle process(OpenProcess(SYNCHRONIZE, FALSE, static_cast<DWORD>(process_id)));
  if (!process.is_open()) return GetLastError() != ERROR_INVALID_PARAMETER;
  return WaitForSingleObject(process.get(), 0) == WAIT_TIMEOUT;
}

Result<AppendedFile> AppendedFile::open(const std::string& file) {
  Handle handle(open_file(file, GENERIC_READ | GENERIC_WRITE, kShareAll, OPEN_ALWAYS));
  if (!handle.is_open()) return because("open", file);
  if (!is_regular(handle.get())) return Error{fmt::format("cannot open {}: it is not a regular file", file)};
  AppendedFile opened;
  opened.handle_ = number_of(handle.release());
  opened.file_ = file;
  return opened;
}

Result<void> AppendedFile::append(std::string_view text) {
  const HANDLE handle = handle_of(handle_);
  LARGE_INTEGER before{};
  const bool placed = SetFilePointerEx(handle, LARGE_INTEGER{}, &before, FILE_END) != 0;
  if (placed && write_all(handle, text)) return {};
  Error error = because("write", file_);
  if (!placed || !cut_at(handle, before)) error.message += "; what is there of it cannot be taken back";
  return error;
}

void AppendedFile::close() {
  if (handle_ != kNone) CloseHandle(handle_of(std::exchange(handle_, kNone)));
}

Result<std::optional<FileLock>> FileLock::try_take(const std::string& file) {
  // Opening without sharing is the lock.
  Handle handle(open_file(file, GENERIC_READ | GENERIC_WRITE, 0, OPEN_ALWAYS));
  if (handle.is_open()) return std::optional{FileLock{number_of(handle.release())}};
  if (GetLastError() == ERROR_SHARING_VIOLATION) return std::optional<FileLock>{};
  return because("lock", file);
}

FileLock::~FileLock() {
  if (handle_ != -1) CloseHandle(handle_of(handle_));
}

}  // namespace crmpulse::files
