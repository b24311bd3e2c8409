#include "net/client/authority_file.h"

#include <algorithm>
#include <filesystem>

namespace crmpulse::net {

std::string authority_file(const char* known, std::span<const char* const> places) {
  const auto is_file = [](const char* path) {
    std::error_code error;
    return path != nullptr && std::filesystem::is_regular_file(path, error);
  };
  if (is_file(known)) return {};
  const auto found = std::ranges::find_if(places, is_file);
  return found == places.end() ? std::string{} : std::string{*found};
}

}  // namespace crmpulse::net
