// CloudEvents 1.0 over HTTP, structured mode: a webhook's body in an envelope. With a secret the bytes are signed
// as Standard Webhooks.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/webhook/body.h"
#include "collector/receivers/webhook/standard_webhooks.h"
#include "collector/receivers/webhook/types.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

class CloudEvents final : public Receiver {
 public:
  struct Access {
    Secret url;
    Secret token;
    std::vector<Secret> keys;
  };
  CloudEvents(Access access, std::string source, ZonePtr zone)
      : access_(std::move(access)), source_(std::move(source)), zone_(std::move(zone)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    const store::OutboxRow& row = batch.front();
    const json::object event{{"specversion", "1.0"},
                             {"id", row.id},
                             {"source", source_},
                             {"type", fmt::format("crmpulse.{}", row.event.text())},
                             {"subject", row.dedup_key},
                             {"time", format_time(row.created)},
                             {"datacontenttype", "application/json"},
                             {"data", webhook_body(row, zone_)}};
    net::ClientRequest request =
        post(access_.url.reveal(), to_text(event), "application/cloudevents+json; charset=utf-8");
    if (!access_.keys.empty()) add_webhook_headers(request, access_.keys, row.id, wall);
    if (!access_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + access_.token.reveal());
    return request;
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    if (response.status == 415)
      return {Verdict::Kind::dead, {}, "HTTP 415: it does not take structured CloudEvents", false};
    return classify_plain_http(response, attempts, wall);
  }

 private:
  Access access_;
  std::string source_;
  ZonePtr zone_;
};

}  // namespace

std::unique_ptr<Receiver> read_cloudevents(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  CloudEvents::Access access;
  access.url = read_address(item);
  item.get_secret("token", access.token);
  access.keys = read_webhook_secrets(item);
  std::string source = "/crmpulse";
  if (item.get("source", source) && (source.empty() || source.find_first_of(" \t\"<>") != std::string::npos))
    item.problem("source", "must be a URI reference, for example /crmpulse/eu1");
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<CloudEvents>(std::move(access), std::move(source), common.zone);
}

}  // namespace crmpulse::collector
