#include "collector/http/sessions.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>

#include "core/files/private_file.h"
#include "core/text/ascii.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kLongestValue = 512;
constexpr std::string_view kPurpose = "crmpulse session 1";

Result<std::string> random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
    return Error{"the system gives no random numbers"};
  return bytes;
}

/// `NAME.ENDS.NONCE.SIGNATURE`: the token's name in base64url, Unix seconds, both of the last in base64url.
struct Parts {
  std::string name;
  TimePoint ends;
  std::string_view text;  ///< all before the signature
  std::string_view signature;
};

std::optional<std::string> from_base64url(std::string_view text) {
  std::string plain{text};
  for (char& c : plain) {
    if (c == '-') c = '+';
    if (c == '_') c = '/';
  }
  plain.append((4 - plain.size() % 4) % 4, '=');
  return net::base64_decode(plain);
}

std::optional<Parts> parts_of(std::string_view value) {
  if (value.size() > kLongestValue) return std::nullopt;
  std::array<std::string_view, 4> pieces;
  std::string_view rest = value;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::size_t dot = rest.find('.');
    if ((dot == std::string_view::npos) != (i + 1 == pieces.size())) return std::nullopt;
    pieces.at(i) = rest.substr(0, dot);
    rest.remove_prefix(dot == std::string_view::npos ? rest.size() : dot + 1);
  }
  auto name = from_base64url(pieces[0]);
  std::int64_t seconds = 0;
  const char* const end = pieces[1].data() + pieces[1].size();
  const auto read = std::from_chars(pieces[1].data(), end, seconds);
  const bool numeric = read.ec == std::errc{} && read.ptr == end && seconds > 0 && seconds < (std::int64_t{1} << 40);
  if (!name || !numeric) return std::nullopt;
  return Parts{std::move(*name), from_unix_millis(seconds * 1000), value.substr(0, value.rfind('.')), pieces[3]};
}

}  // namespace

/// With the token's digest: a token that was revoked and made anew under the same name has no sessions.
std::string Sessions::signature(std::string_view text, const Token& token) const {
  return net::base64url(net::hmac_sha256(key_, fmt::format("{}\n{}\n{}", kPurpose, token.hash, text)));
}

std::string Sessions::begin(const Token& token, TimePoint now) {
  auto nonce = random_bytes(kNonceBytes);
  if (!usable() || !nonce) return {};
  TimePoint ends = now + kLifetime;
  if (token.expires) ends = std::min(ends, *token.expires);
  const std::string text =
      fmt::format("{}.{}.{}", net::base64url(token.name), unix_millis(ends) / 1000, net::base64url(*nonce));
  return fmt::format("{}.{}", text, signature(text, token));
}

std::optional<Sessions::Session> Sessions::find(std::string_view value, const Tokens& tokens, TimePoint now) const {
  if (!usable() || value.empty()) return std::nullopt;
  const auto parts = parts_of(value);
  if (!parts || parts->ends <= now || parts->ends > now + kLifetime + kClockSlack) return std::nullopt;
  auto token = tokens.find_named(parts->name);
  if (token == nullptr) return std::nullopt;
  const std::string wanted = signature(parts->text, *token);
  if (wanted.size() != parts->signature.size() ||
      CRYPTO_memcmp(wanted.data(), parts->signature.data(), wanted.size()) != 0)
    return std::nullopt;
  if (ended_.contains(wanted)) return std::nullopt;
  return Session{std::move(token), parts->ends};
}

void Sessions::end(std::string_view value, const Tokens& tokens, TimePoint now) {
  if (!find(value, tokens, now)) return;
  const auto parts = parts_of(value);
  if (!ended_.insert(std::string{parts->signature}).second) return;
  ended_order_.emplace_back(parts->signature);
  if (ended_order_.size() <= kMostEnded) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

Result<std::string> session_key(const std::string& state_dir) {
  const std::string file = state_dir + "/session.key";
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    auto kept = files::read_private(file, kKeyBytes * 4);
    if (!kept) return kept.error();
    auto key = net::base64_decode(*kept);
    if (key && key->size() == kKeyBytes) return std::move(*key);
    return Error{fmt::format("{} is damaged; delete it, and people sign in again", file)};
  }
  auto key = random_bytes(kKeyBytes);
  if (!key) return key.error();
  if (auto written = files::replace_private(file, file + ".new", net::base64_encode(*key)); !written)
    return written.error();
  return std::move(*key);
}

std::string_view cookie_in(const net::HttpRequest& request, std::string_view name) {
  for (const auto& [header, value] : request.headers) {
    if (!ascii::same_without_case(header, "cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view pair = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      while (pair.starts_with(' ')) pair.remove_prefix(1);
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
        return pair.substr(name.size() + 1);
    }
  }
  return {};
}

std::string set_cookie(const CookieScope& scope, std::string_view value, Duration lifetime) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(lifetime).count();
  return fmt::format("{}={}; Path={}; Max-Age={}; HttpOnly; SameSite=Strict{}", scope.name, value, scope.path,
                     value.empty() ? 0 : seconds, scope.secure ? "; Secure" : "");
}

}  // namespace crmpulse::collector
