#include "agent/settings/names.h"

#include <fmt/format.h>

namespace crmpulse::agent {
namespace {

constexpr std::size_t kMostBytes = 128;

/// C0, DEL and C1; names are UTF-8.
bool has_control(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> name_fault(std::string_view name, std::string_view label) {
  if (name.empty() || name.size() > kMostBytes)
    return fmt::format("must be 1 to {} bytes: it becomes the label \"{}\"", kMostBytes, label);
  if (has_control(name)) return "has a control character in it";
  if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a blank";
  // Programs on the way take these apart, encoded or not.
  if (name == "." || name == "..") return fmt::format("must not be '{}': it is part of addresses", name);
  if (name.find_first_of("/\\") != std::string_view::npos) return "must not contain / or \\: it is part of addresses";
  return std::nullopt;
}

}  // namespace crmpulse::agent
