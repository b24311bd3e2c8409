// The generic signed webhook.

#include <vector>

#include "collector/message/stored.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/webhook/body.h"
#include "collector/receivers/webhook/standard_webhooks.h"
#include "collector/receivers/webhook/types.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

class Webhook final : public Receiver {
 public:
  Webhook(Secret url, std::vector<Secret> keys, ZonePtr zone)
      : url_(std::move(url)), keys_(std::move(keys)), zone_(std::move(zone)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    const store::OutboxRow& row = batch.front();
    // What an earlier program queued is the body itself.
    std::string body = is_version_0(row.body) ? row.body : to_text(webhook_body(read_message(row), zone_));
    net::ClientRequest request = post(url_.reveal(), std::move(body), kJson);
    add_webhook_headers(request, keys_, row.id, wall);
    return request;
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    return classify_plain_http(response, attempts, wall);
  }

 private:
  Secret url_;
  std::vector<Secret> keys_;
  ZonePtr zone_;
};

}  // namespace

std::unique_ptr<Receiver> read_webhook(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  Secret url = read_address(item);
  std::vector<Secret> keys = read_webhook_secrets(item);
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<Webhook>(std::move(url), std::move(keys), common.zone);
}

}  // namespace crmpulse::collector
