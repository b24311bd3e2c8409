#include "agent/windows/protect_command.h"

#include <windows.h>

#include <fmt/format.h>

#include <array>
#include <ostream>

#include "agent/commands.h"
#include "config/protection/dpapi.h"
#include "config/protection/file_access.h"
#include "config/secret_source.h"
#include "core/files/private_file.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::agent::windows {
namespace {

/// A console that does not show what is typed.
class Silence {
 public:
  Silence(HANDLE console, DWORD mode) : console_(console), mode_(mode) {
    SetConsoleMode(console_, mode_ & ~static_cast<DWORD>(ENABLE_ECHO_INPUT));
  }
  ~Silence() { SetConsoleMode(console_, mode_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  HANDLE console_;
  DWORD mode_;
};

Error failed() {
  return Error{fmt::format("cannot read standard input: {}", crmpulse::windows::last_error_text())};
}

Result<std::string> typed(HANDLE console, DWORD mode, std::ostream& err) {
  const Silence silence{console, mode};
  err << "secret: " << std::flush;
  std::array<wchar_t, 4096> line{};
  DWORD count = 0;
  if (ReadConsoleW(console, line.data(), static_cast<DWORD>(line.size()), &count, nullptr) == FALSE) return failed();
  err << '\n';
  return crmpulse::windows::to_utf8({line.data(), count});
}

Result<std::string> piped(HANDLE input) {
  std::string text;
  std::array<char, 4096> part{};
  while (text.size() <= config::kMaxSecretBytes) {
    DWORD count = 0;
    if (ReadFile(input, part.data(), static_cast<DWORD>(part.size()), &count, nullptr) == FALSE &&
        GetLastError() != ERROR_BROKEN_PIPE)
      return failed();
    if (count == 0) return text;
    text.append(part.data(), count);
  }
  return Error{fmt::format("standard input is larger than {} bytes", config::kMaxSecretBytes)};
}

Result<Secret> read_secret(std::ostream& err) {
  HANDLE const input = GetStdHandle(STD_INPUT_HANDLE);
  DWORD mode = 0;
  const auto text = GetConsoleMode(input, &mode) != FALSE ? typed(input, mode, err) : piped(input);
  if (!text) return text.error();
  // A key has lines; what else its user allows is checked where it is used.
  return config::read_secret(*text, config::SecretForm::pem, "standard input");
}

}  // namespace

int protect_command(const std::string& file, std::ostream& out, std::ostream& err) {
  const auto fail = [&](const Error& error) {
    err << fmt::format("crmpulse-agent: {}\n", error.message);
    return kExitFailed;
  };
  const auto secret = read_secret(err);
  if (!secret) return fail(secret.error());
  const auto blob = config::dpapi_protect(secret->reveal());
  if (!blob) return fail(blob.error());
  if (const auto written = files::replace_private(file, file + ".new", *blob); !written) return fail(written.error());
  out << fmt::format("Wrote {}; only this machine can read it: name it as KEY_dpapi_file.\n", file);
  if (const auto fault = config::readable_by_others(file)) err << fmt::format("warning: {} {}\n", file, *fault);
  return kExitOk;
}

}  // namespace crmpulse::agent::windows
