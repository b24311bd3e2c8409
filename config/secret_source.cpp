#include "config/secret_source.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace crmpulse::config {
namespace {

Result<Secret> read(const std::string& path) {
  errno = 0;
  std::ifstream stream{path, std::ios::binary};
  std::string text(kMaxSecretBytes + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad())
    return Error{fmt::format("secret file {} cannot be read: {}", path, std::strerror(errno))};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxSecretBytes)
    return Error{fmt::format("secret file {} is larger than {} bytes", path, kMaxSecretBytes)};
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{fmt::format("secret file {} is empty", path)};
  return Secret{std::move(text)};
}

std::optional<std::string> permission_warning(const std::string& path) {
#ifdef _WIN32
  // Windows has access lists, which these bits do not show.
  (void)path;
  return std::nullopt;
#else
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & (perms::group_all | perms::others_all)) == perms::none) return std::nullopt;
  return fmt::format("secret file {} is open to other users (mode {:04o}); chmod 600 closes it", path,
                     static_cast<unsigned>(mode & perms::all));
#endif
}

}  // namespace

Result<SecretFromFile> secret_from_file(const std::string& path) {
  auto secret = read(path);
  if (!secret) return secret.error();
  return SecretFromFile{std::move(*secret), permission_warning(path)};
}

Result<Secret> secret_from_environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) return Error{fmt::format("environment variable {} is not set", variable)};
  if (*value == '\0') return Error{fmt::format("environment variable {} is empty", variable)};
  return Secret{value};
}

Result<Secret> secret_from_credential(const std::string& name) {
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\") != std::string::npos) {
    return Error{fmt::format("'{}' is not the name of a credential; write the name given to LoadCredential=", name)};
  }
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return Error{"$CREDENTIALS_DIRECTORY is not set; credentials exist only under systemd with LoadCredential="};
  }
  return read((std::filesystem::path{directory} / name).string());
}

}  // namespace crmpulse::config
