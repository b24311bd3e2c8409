#include "net/base/host_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/failure/failure.h"
#include "net/base/international_name.h"

namespace crmpulse::net {
namespace {

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<std::string> ascii_host(std::string_view utf8_host) {
  std::string host{utf8_host};
  return is_ascii(host) ? Result<std::string>{std::move(host)} : ascii_of_international(host);
}

std::optional<std::string> host_fault(std::string_view host) {
  if (is_ascii(host)) return std::nullopt;
  const Result<std::string> ascii = ascii_host(host);
  if (ascii) return fmt::format("the host '{}' is an international name: write it as {}", one_line(host, 80), *ascii);
  return fmt::format("the host '{}' is not a valid name", one_line(host, 80));
}

}  // namespace crmpulse::net
