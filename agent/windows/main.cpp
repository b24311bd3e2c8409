#include <windows.h>

#include <shellapi.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "agent/commands.h"
#include "agent/service.h"
#include "agent/windows/windows_commands.h"
#include "core/text/printable.h"
#include "core/windows/wide.h"

namespace {

/// What we print is UTF-8; a console that belongs to others gets its code page back.
class Utf8Console {
 public:
  Utf8Console() : before_(GetConsoleOutputCP()) { SetConsoleOutputCP(CP_UTF8); }
  ~Utf8Console() {
    if (before_ != 0) SetConsoleOutputCP(before_);
  }
  Utf8Console(const Utf8Console&) = delete;
  Utf8Console& operator=(const Utf8Console&) = delete;

 private:
  UINT before_;
};

/// The arguments as they were typed: main's own come in the process's code page.
std::vector<std::string> arguments() {
  struct LocalFreed {
    void operator()(wchar_t** memory) const { LocalFree(static_cast<void*>(memory)); }
  };
  int count = 0;
  const std::unique_ptr<wchar_t*, LocalFreed> words{CommandLineToArgvW(GetCommandLineW(), &count)};
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(crmpulse::windows::to_utf8(words.get()[i]));
  return out;
}

/// Windows has no database of time zones in files: ours lies beside the program.
void use_own_time_zones() {
  if (std::getenv("TZDIR") == nullptr)
    _putenv_s("TZDIR", (crmpulse::agent::service::executable_dir() + "\\zoneinfo").c_str());
}

}  // namespace

int main() {
  use_own_time_zones();
  const Utf8Console console;
  const std::vector<std::string> words = arguments();
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  // What a CRM answers is shown to people: it may hold anything.
  crmpulse::PrintableOutput out{std::cout};
  crmpulse::PrintableOutput errors{std::cerr};
  crmpulse::agent::windows::WindowsCommands commands;
  return crmpulse::agent::command_line(static_cast<int>(words.size()), argv.data(), out, errors, &commands);
}
