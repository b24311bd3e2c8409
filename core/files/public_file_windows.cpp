#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/files/private_file.h"
#include "core/files/public_file.h"
#include "core/files/utf8_path.h"

namespace crmpulse::files {

namespace fs = std::filesystem;

Result<std::string> read_whole(const std::string& file, std::size_t most) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) return Error{fmt::format("{} is not a regular file", file)};
  std::ifstream stream{fs::path{file}, std::ios::binary};
  if (!stream) return Error{fmt::format("cannot open {}", file)};
  std::string text(most + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return Error{fmt::format("cannot read {}", file)};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > most) return Error{fmt::format("{} holds more than {} bytes", file, most)};
  return text;
}

Result<void> replace_public(const std::string& file, std::string_view text) {
  std::error_code error;
  const fs::path behind = fs::canonical(file, error);
  const std::string place = error ? file : utf8(behind);
  return replace_private(place, place + ".new", text);
}

Result<void> own_like(const std::string& /*file*/, const std::string& /*like*/) {
  return {};
}

}  // namespace crmpulse::files
