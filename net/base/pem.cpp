#include "net/base/pem.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/loop_thread.h"

namespace crmpulse::net {
namespace {

/// A system's whole list of authorities has a quarter of a megabyte.
constexpr std::size_t kMostBytes = 4 * 1024 * 1024;
/// RFC 7468, and OpenSSL's two others.
constexpr std::array<std::string_view, 3> kCertificates{
    "-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----", "-----BEGIN X509 CERTIFICATE-----"};

}  // namespace

std::optional<std::string> authorities_fault(const std::string& file) {
  CRMPULSE_OFF_LOOP();
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return fmt::format("there is no file '{}'", file);
  errno = 0;
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return fmt::format("'{}' cannot be read: {}", file, std::strerror(errno));
  std::string text(kMostBytes, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  // All kinds end so: PRIVATE KEY, RSA PRIVATE KEY, ENCRYPTED PRIVATE KEY, …
  if (text.find("PRIVATE KEY-----") != std::string::npos)
    return fmt::format(
        "'{}' holds a private key; name the file with the authority's certificate alone, and keep the key out of reach",
        file);
  const auto is_in = [&text](std::string_view begin) { return text.find(begin) != std::string::npos; };
  if (std::none_of(kCertificates.begin(), kCertificates.end(), is_in))
    return fmt::format("'{}' holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", file);
  return std::nullopt;
}

}  // namespace crmpulse::net
