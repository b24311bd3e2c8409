#include <windows.h>

#include <dpapi.h>

#include <fmt/format.h>

#include "config/protection/dpapi.h"
#include "core/windows/win32_error.h"

namespace crmpulse::config {
namespace {

/// Mixed into the key, so that what other programs have protected is not taken for ours.
constexpr std::string_view kEntropy = "crmpulse";

DATA_BLOB blob_of(std::string_view text) {
  // The calls only read it; their parameter has no const.
  return {static_cast<DWORD>(text.size()), reinterpret_cast<BYTE*>(const_cast<char*>(text.data()))};
}

/// What a call gave; wiped before its memory goes back.
class Output {
 public:
  Output() = default;
  ~Output() {
    if (blob_.pbData == nullptr) return;
    SecureZeroMemory(blob_.pbData, blob_.cbData);
    LocalFree(blob_.pbData);
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  [[nodiscard]] DATA_BLOB* out() { return &blob_; }
  [[nodiscard]] std::string text() const { return {reinterpret_cast<const char*>(blob_.pbData), blob_.cbData}; }

 private:
  DATA_BLOB blob_{};
};

}  // namespace

bool has_dpapi() {
  return true;
}

Result<std::string> dpapi_protect(std::string_view text) {
  DATA_BLOB in = blob_of(text);
  DATA_BLOB entropy = blob_of(kEntropy);
  Output out;
  constexpr DWORD kFlags = CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN;
  if (CryptProtectData(&in, nullptr, &entropy, nullptr, nullptr, kFlags, out.out()) == FALSE)
    return Error{fmt::format("Windows cannot protect it: {}", windows::last_error_text())};
  return out.text();
}

Result<std::string> dpapi_unprotect(std::string_view blob) {
  DATA_BLOB in = blob_of(blob);
  DATA_BLOB entropy = blob_of(kEntropy);
  Output out;
  if (CryptUnprotectData(&in, nullptr, &entropy, nullptr, nullptr, CRYPTPROTECT_UI_FORBIDDEN, out.out()) == FALSE) {
    return Error{fmt::format(
        "cannot be decrypted: {}; only what `crmpulse-agent protect` wrote on this machine can: protect it anew",
        windows::last_error_text())};
  }
  return out.text();
}

}  // namespace crmpulse::config
