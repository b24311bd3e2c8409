#include "core/failure/failure.h"

#include <array>

#include "core/text/printable.h"
#include "core/text/utf8.h"

namespace crmpulse {
namespace {

constexpr std::array<std::string_view, 8> kStages{"resolve", "connect",  "tls",     "auth",
                                                  "request", "response", "content", "cleanup"};
constexpr std::array<std::string_view, 15> kReasons{
    "timeout",     "refused",      "unreachable", "certificate", "credentials", "permission", "quota",   "rate_limited",
    "maintenance", "server_error", "bad_content", "missing",     "conflict",    "skipped",    "internal"};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

/// `scheme://user:password@` → `scheme://***@`
std::string mask_credentials(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return out.append(text);
    out.append(text.substr(0, scheme + 3));
    text.remove_prefix(scheme + 3);
    const std::size_t end = text.find_first_of("/?# \t\r\n\"'");
    const std::string_view authority = text.substr(0, end);
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos) {
      out += "***";
      text.remove_prefix(at);
    }
  }
}

}  // namespace

std::span<const std::string_view> stage_names() {
  return kStages;
}
std::string_view to_string(Stage stage) {
  return kStages.at(static_cast<std::size_t>(stage));
}
std::string_view to_string(Reason reason) {
  return kReasons.at(static_cast<std::size_t>(reason));
}
std::optional<Stage> stage_from(std::string_view name) {
  return find<Stage>(kStages, name);
}
std::optional<Reason> reason_from(std::string_view name) {
  return find<Reason>(kReasons, name);
}

std::string one_line(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view kEllipsis = "…";
  const std::string masked = mask_credentials(text);
  std::string out;
  bool blank = true;  // leading blanks go
  for (std::size_t i = 0; i < masked.size();) {
    const std::size_t length = utf8::at(masked, i).length;
    const auto c = static_cast<unsigned char>(masked[i]);
    if (length == 0 || c <= 0x20 || c == 0x7f) {
      if (!blank) out += ' ';
      blank = true;
      ++i;
      continue;
    }
    append_printable(out, std::string_view{masked}.substr(i, length));
    blank = false;
    i += length;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  if (out.size() <= max_bytes) return out;
  out.resize(utf8::whole(out, max_bytes > kEllipsis.size() ? max_bytes - kEllipsis.size() : 0));
  return out.append(kEllipsis);
}

}  // namespace crmpulse
