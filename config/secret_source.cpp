#include "config/secret_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "config/protection/dpapi.h"
#include "config/protection/file_access.h"
#include "core/files/utf8_path.h"
#include "core/loop_thread.h"
#include "core/text/utf8.h"

namespace crmpulse::config {
namespace {

constexpr std::string_view kWhite = " \t\r\n\v\f";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// Blanks and signs without a shape beyond ASCII: what a web page or an office program leaves in a copy.
bool is_foreign_blank(char32_t code) {
  return (code >= 0x80 && code <= 0xa0) ||      // C1 controls, no-break space
         (code >= 0x2000 && code <= 0x200f) ||  // spaces by width, zero-width signs
         (code >= 0x2028 && code <= 0x202f) || (code >= 0x205f && code <= 0x206f) || code == 0x3000 || code == 0xfeff;
}

bool has_foreign_blank(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const utf8::Character character = utf8::at(text, i);
    if (character.length > 0 && is_foreign_blank(character.code)) return true;
    i += std::max<std::size_t>(1, character.length);
  }
  return false;
}

std::optional<std::string_view> fault_of(std::string_view text, SecretForm form) {
  if (text.empty()) return "is empty";
  const bool lines = form == SecretForm::words || form == SecretForm::pem;
  if (!lines && text.find_first_of("\r\n") != std::string_view::npos) return "has more than one line; a secret is one";
  for (const char c : text) {
    const bool line_end = c == '\n' || c == '\r';
    if (is_control(c) && !(lines && line_end)) return "has a control character in it";
  }
  if (form != SecretForm::token) return std::nullopt;
  if (text.find_first_of(" \t") != std::string_view::npos || has_foreign_blank(text))
    return "has a blank or an invisible character inside; a URL, a token or a key has none";
  return std::nullopt;
}

std::string named(const std::string& path) {
  return "secret file " + path;
}

Result<std::string> content_of(const std::string& path) {
  CRMPULSE_OFF_LOOP();
  const std::string where = named(path);
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  // Opening a FIFO would wait for its writer.
  if (!error && std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    return Error{fmt::format("{} is {}, not a file with the secret in it", where,
                             std::filesystem::is_directory(status) ? "a folder"
                             : std::filesystem::is_fifo(status)    ? "a pipe"
                                                                   : "a device or socket")};
  }
  errno = 0;
  std::ifstream stream{path, std::ios::binary};
  std::string text(kMaxSecretBytes + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad())
    return Error{fmt::format("{} cannot be read: {}", where, std::strerror(errno))};
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxSecretBytes) return Error{fmt::format("{} is larger than {} bytes", where, kMaxSecretBytes)};
  return text;
}

Result<Secret> read(const std::string& path, SecretForm form) {
  const auto text = content_of(path);
  if (!text) return text.error();
  return read_secret(*text, form, named(path));
}

std::optional<std::string> permission_warning(const std::string& path) {
  const auto fault = readable_by_others(path);
  return fault ? std::optional{fmt::format("secret file {} {}", path, *fault)} : std::nullopt;
}

}  // namespace

Result<Secret> read_secret(std::string_view text, SecretForm form, std::string_view where) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text = text.substr(0, text.find_last_not_of(kWhite) + 1);
  if (const auto fault = fault_of(text, form)) return Error{fmt::format("{} {}", where, *fault)};
  return Secret{std::string{text}};
}

Result<SecretFromFile> secret_from_file(const std::string& path, SecretForm form) {
  auto secret = read(path, form);
  if (!secret) return secret.error();
  return SecretFromFile{std::move(*secret), permission_warning(path)};
}

Result<SecretFromFile> secret_from_dpapi_file(const std::string& path, SecretForm form) {
  const auto blob = content_of(path);
  if (!blob) return blob.error();
  const auto text = dpapi_unprotect(*blob);
  if (!text) return Error{fmt::format("{} {}", named(path), text.error().message)};
  auto secret = read_secret(*text, form, named(path));
  if (!secret) return secret.error();
  return SecretFromFile{std::move(*secret), permission_warning(path)};
}

Result<Secret> secret_from_environment(const std::string& variable, SecretForm form) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) return Error{fmt::format("environment variable {} is not set", variable)};
  return read_secret(value, form, "environment variable " + variable);
}

Result<std::string> credential_file(const std::string& name, const std::string& folder) {
  namespace fs = std::filesystem;
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\") != std::string::npos) {
    return Error{fmt::format("'{}' is not the name of a credential; write the name of a file in the folder {}/{}", name,
                             folder, kCredentialsFolder)};
  }
  const fs::path kept = fs::path{folder} / kCredentialsFolder / name;
  std::error_code error;
  const char* const given = std::getenv("CREDENTIALS_DIRECTORY");
  if (given != nullptr && *given != '\0') {
    for (const std::string& id : {fmt::format("{}_{}", kCredentialsId, name), name}) {
      if (const fs::path file = fs::path{given} / id; fs::exists(file, error)) return files::utf8(file);
    }
    return Error{fmt::format("systemd has not handed over a credential '{}'; put it into {} and restart the service",
                             name, files::utf8(kept))};
  }
  // One that must not be looked at is there: reading it says why not.
  if (fs::symlink_status(kept, error).type() != fs::file_type::not_found) return files::utf8(kept);
  if (const fs::path file = fs::path{"/etc/credstore"} / name; fs::is_regular_file(file, error))
    return files::utf8(file);
  return Error{
      fmt::format("there is no credential '{}'; put it into {} (owner root, mode 0600)", name, files::utf8(kept))};
}

Result<Secret> secret_from_credential(const std::string& name, const std::string& folder, SecretForm form) {
  const auto file = credential_file(name, folder);
  if (!file) return file.error();
  return read(*file, form);
}

}  // namespace crmpulse::config
