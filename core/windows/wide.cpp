#include "core/windows/wide.h"

#include <windows.h>

#include <stdexcept>

namespace crmpulse::windows {
namespace {

int length_of(std::size_t size) {
  if (size > 0x3fffffff) throw std::length_error("a text is too long to convert");
  return static_cast<int>(size);
}

}  // namespace

std::wstring to_wide(std::string_view text) {
  const int from = length_of(text.size());
  std::wstring out(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), from, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), from, out.data(), static_cast<int>(out.size()));
  return out;
}

std::string to_utf8(std::wstring_view text) {
  const int from = length_of(text.size());
  std::string out(
      static_cast<std::size_t>(WideCharToMultiByte(CP_UTF8, 0, text.data(), from, nullptr, 0, nullptr, nullptr)), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), from, out.data(), static_cast<int>(out.size()), nullptr, nullptr);
  return out;
}

}  // namespace crmpulse::windows
