#include "collector/receivers/webhook/standard_webhooks.h"

#include <fmt/format.h>

#include <sstream>

#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kMinKeyBytes = 24;
constexpr std::size_t kMaxKeyBytes = 64;

Result<std::string> key_from(std::string_view secret) {
  const bool prefixed = secret.substr(0, kSecretPrefix.size()) == kSecretPrefix;
  if (prefixed) secret.remove_prefix(kSecretPrefix.size());
  std::optional<std::string> key = net::base64_decode(secret);
  if (!key || key->size() < kMinKeyBytes || key->size() > kMaxKeyBytes) {
    return Error{
        fmt::format("secret must be {} and {} to {} bytes in base64 (for example: whsec_$(openssl rand -base64 32))",
                    kSecretPrefix, kMinKeyBytes, kMaxKeyBytes)};
  }
  return std::move(*key);
}

}  // namespace

std::vector<Secret> read_webhook_secrets(config::Reader& item) {
  Secret secret;
  item.get_secret("secret", secret, config::SecretForm::words);
  std::vector<Secret> keys;
  std::istringstream secrets{secret.reveal()};
  for (std::string one; secrets >> one;) {
    Result<std::string> key = key_from(one);
    if (!key) {
      item.problem("secret", key.error().message);
      return {};
    }
    keys.emplace_back(std::move(*key));
  }
  return keys;
}

void add_webhook_headers(net::ClientRequest& request, const std::vector<Secret>& keys, const std::string& id,
                         TimePoint wall) {
  const std::string stamp = std::to_string(unix_millis(wall) / 1000);
  request.headers.emplace_back("webhook-id", id);
  request.headers.emplace_back("webhook-timestamp", stamp);
  if (keys.empty()) return;
  const std::string signed_bytes = fmt::format("{}.{}.{}", id, stamp, request.body);
  std::string signatures;
  for (const Secret& key : keys) {
    if (!signatures.empty()) signatures += ' ';
    signatures += "v1," + net::base64_encode(net::hmac_sha256(key.reveal(), signed_bytes));
  }
  request.headers.emplace_back("webhook-signature", std::move(signatures));
}

}  // namespace crmpulse::collector
