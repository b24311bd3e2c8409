#include "net/base/host_name.h"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/failure/failure.h"

namespace crmpulse::net {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<std::string> ascii_host(std::string_view utf8_host) {
  std::string host{utf8_host};
  if (is_ascii(host)) return host;
  std::uint8_t* converted = nullptr;
  const int outcome = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(host.c_str()), &converted,
                                     IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owned{converted, &idn2_free};
  if (outcome != IDN2_OK) return Error{idn2_strerror(outcome)};
  return reinterpret_cast<const char*>(owned.get());
}

std::optional<std::string> host_fault(std::string_view host) {
  if (is_ascii(host)) return std::nullopt;
  const Result<std::string> ascii = ascii_host(host);
  if (ascii) return fmt::format("the host '{}' is an international name: write it as {}", one_line(host, 80), *ascii);
  return fmt::format("the host '{}' is not a valid name", one_line(host, 80));
}

}  // namespace crmpulse::net
