#include "net/base/networks.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/base/sockets.h"

namespace crmpulse::net {
namespace {

using Bytes = std::array<unsigned char, 16>;
constexpr Bytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr int kMappedBits = 96;
constexpr int kClientBits = 64;

std::optional<Bytes> bytes_of(std::string_view text) {
  const std::string address{text};
  Bytes bytes = kMapped;
  if (inet_pton(AF_INET, address.c_str(), bytes.data() + 12) == 1) return bytes;
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool is_v4(const Bytes& bytes) {
  return std::equal(bytes.begin(), bytes.begin() + 12, kMapped.begin());
}

Bytes masked(Bytes bytes, int bits) {
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(bits - i * 8, 0, 8);
    auto& byte = bytes.at(static_cast<std::size_t>(i));
    byte = static_cast<unsigned char>(byte & (0xff00 >> kept));
  }
  return bytes;
}

}  // namespace

Result<void> Networks::add(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto bytes = bytes_of(text.substr(0, slash));
  if (!bytes) return Error(fmt::format("`{}` is not an IP address or network; write 192.0.2.7 or 10.0.0.0/8", text));
  const bool v4 = is_v4(*bytes) && text.find(':') == std::string_view::npos;
  int bits = v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(slash + 1);
    const int most = bits;
    const auto [end, outcome] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), bits);
    const bool whole = outcome == std::errc{} && end == prefix.data() + prefix.size();
    if (!whole || bits < 0 || bits > most)
      return Error(fmt::format("`{}`: the part behind the slash is a number from 0 to {}", text, most));
  }
  const Network network{*bytes, bits + (v4 ? kMappedBits : 0)};
  if (masked(network.bytes, network.bits) != network.bytes)
    return Error(fmt::format("`{}` has bits behind its prefix: is another network meant?", text));
  networks_.push_back(network);
  return {};
}

bool Networks::contains(std::string_view address) const {
  const auto bytes = bytes_of(address);
  if (!bytes) return false;
  return std::any_of(networks_.begin(), networks_.end(),
                     [&](const Network& one) { return masked(*bytes, one.bits) == one.bytes; });
}

Networks Networks::loopback() {
  Networks out;
  (void)out.add("127.0.0.0/8");
  (void)out.add("::1");
  return out;
}

std::string client_of(std::string_view address) {
  const auto bytes = bytes_of(address);
  if (!bytes || is_v4(*bytes)) return std::string{address};
  const Bytes network = masked(*bytes, kClientBits);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, network.data(), text, sizeof text);
  return fmt::format("{}/{}", text, kClientBits);
}

bool is_loopback_host(std::string_view host) {
  static const Networks kLoopback = Networks::loopback();
  return host == "localhost" || kLoopback.contains(host);
}

}  // namespace crmpulse::net
