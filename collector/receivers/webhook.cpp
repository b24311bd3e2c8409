// The generic signed webhook: Standard Webhooks 1.0.0. Signed bytes: `{id}.{timestamp}.{body}`, HMAC-SHA256; during a
// rotation the header carries one signature per secret.

#include <fmt/format.h>

#include <sstream>
#include <vector>

#include "collector/digest.h"
#include "collector/receivers/receiver.h"
#include "core/version.h"

namespace crmpulse::collector {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kMinKeyBytes = 24;
constexpr std::size_t kMaxKeyBytes = 64;
constexpr Duration kTimeout{std::chrono::seconds{20}};

Result<std::string> key_from(std::string_view secret) {
  const bool prefixed = secret.substr(0, kSecretPrefix.size()) == kSecretPrefix;
  if (prefixed) secret.remove_prefix(kSecretPrefix.size());
  std::optional<std::string> key = base64_decode(secret);
  if (!key || key->size() < kMinKeyBytes || key->size() > kMaxKeyBytes) {
    return Error{
        fmt::format("secret must be {} and {} to {} bytes in base64 (for example: whsec_$(openssl rand -base64 32))",
                    kSecretPrefix, kMinKeyBytes, kMaxKeyBytes)};
  }
  return {boost::system::in_place_value, std::move(*key)};
}

class Webhook final : public Receiver {
 public:
  Webhook(Secret url, std::vector<Secret> keys) : url_(std::move(url)), keys_(std::move(keys)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    const store::OutboxRow& row = batch.front();
    const std::string stamp = std::to_string(unix_millis(wall) / 1000);
    net::ClientRequest request;
    request.method = "POST";
    request.url = url_.reveal();
    request.headers = {{"Content-Type", "application/json"}, {"webhook-id", row.id}, {"webhook-timestamp", stamp}};
    if (!keys_.empty()) request.headers.emplace_back("webhook-signature", signatures(row, stamp));
    request.body = row.body;
    request.timeout = kTimeout;
    request.max_response_bytes = 64 * 1024;
    return request;
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    return classify_plain_http(response, attempts, wall);
  }

 private:
  [[nodiscard]] std::string signatures(const store::OutboxRow& row, const std::string& stamp) const {
    const std::string signed_bytes = fmt::format("{}.{}.{}", row.id, stamp, row.body);
    std::string out;
    for (const Secret& key : keys_) {
      if (!out.empty()) out += ' ';
      out += "v1," + base64_encode(hmac_sha256(key.reveal(), signed_bytes));
    }
    return out;
  }

  Secret url_;
  std::vector<Secret> keys_;
};

}  // namespace

std::unique_ptr<Receiver> read_webhook(config::Reader& item, const ReceiverSettings& /*common*/) {
  const Secret url = read_address(item);
  Secret secret;
  item.get_secret("secret", secret);
  std::vector<Secret> keys;
  std::istringstream secrets{secret.reveal()};
  for (std::string one; secrets >> one;) {
    Result<std::string> key = key_from(one);
    if (!key) {
      item.problem("secret", key.error().message);
      return nullptr;
    }
    keys.emplace_back(std::move(*key));
  }
  return url.empty() ? nullptr : std::make_unique<Webhook>(url, std::move(keys));
}

}  // namespace crmpulse::collector
