// PagerDuty, Events API v2. One PagerDuty incident per subject: the dedup key is ours. Acknowledgements go both ways:
// those made here as events, those made there as V3 webhooks.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/tracker/types.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::string_view kEndpoint = "https://events.pagerduty.com/v2/enqueue";
constexpr std::size_t kMaxSummary = 1024;
constexpr std::size_t kMaxKey = 255;
constexpr std::size_t kMaxSource = 255;

const char* severity_of(const Notice& notice, DataStatus data) {
  if (is_sign_of_life(notice.type)) return "info";
  if (notice.type == Event::delivery_dead || notice.type == Event::collector_trouble) return "error";
  if (notice.type == Event::agent_trouble) return "warning";
  if (notice.type == Event::flapping) return "warning";
  if (is_incident(notice.type)) {
    if (notice.level == Level::poor) return "critical";
    // Sub-healthy only because nothing is measured any more.
    return data == DataStatus::no_data ? "error" : "warning";
  }
  return notice.tone == Tone::bad ? "critical" : "warning";
}

json::array pairs(const std::vector<Fact>& facts, Language language) {
  json::array out;
  for (const Fact& fact : facts)
    out.push_back(json::string(fmt::format("{}{}{}", fact.name, colon(language), fact.value)));
  return out;
}

std::string_view action_of(Event event) {
  if (event == Event::acknowledged) return "acknowledge";
  return closes(event) ? "resolve" : "trigger";
}

/// `v1=HEX,v1=HEX`: more than one while their secret is exchanged.
bool is_signed(std::string_view signatures, const Secret& secret, const std::string& body) {
  const std::string ours = "v1=" + net::hex(net::hmac_sha256(secret.reveal(), body));
  bool fits = false;
  while (!signatures.empty()) {
    const std::size_t end = std::min(signatures.find(','), signatures.size());
    std::string_view one = signatures.substr(0, end);
    signatures.remove_prefix(std::min(end + 1, signatures.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    fits = equal_in_constant_time(std::string{one}, ours) || fits;
  }
  return fits;
}

class PagerDuty final : public Receiver {
 public:
  PagerDuty(Secret url, Secret routing_key, Secret webhook_secret, Audience audience)
      : url_(std::move(url)),
        routing_key_(std::move(routing_key)),
        webhook_secret_(std::move(webhook_secret)),
        audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const store::OutboxRow& row = batch.front();
    json::object event{{"routing_key", routing_key_.reveal()},
                       {"event_action", action_of(row.event)},
                       {"dedup_key", subject_key(row, kMaxKey)},
                       {"client", "crmpulse"}};
    const Message message = read_message(row);
    const Notice notice = notice_of(message, audience_);
    if (!notice.link.empty()) {
      event["client_url"] = notice.link;
      event["links"] =
          json::array{json::object{{"href", notice.link}, {"text", std::string{words_in(audience_.language).open}}}};
    }
    if (action_of(row.event) == "trigger") event["payload"] = payload(notice, message.data_status, row);
    return post(url_.reveal(), to_text(event), kJson);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    // `{"status":"invalid event",…}`: its own answer.
    if (response.status == 400 && answer_object(response.body).contains("status"))
      return {Verdict::Kind::dead, {}, "HTTP 400: the event or its routing key is wrong", false};
    Verdict verdict = classify_plain_http(response, attempts, wall);
    // Only 202 comes from PagerDuty itself.
    if (verdict.kind == Verdict::Kind::delivered && response.status != 202)
      return {Verdict::Kind::retry, {}, fmt::format("HTTP {} instead of 202", response.status), false};
    return verdict;
  }

  std::optional<Callback> read_callback(const net::HttpRequest& request) const override {
    if (webhook_secret_.empty()) return std::nullopt;
    Callback callback;
    if (!is_signed(request.header("x-pagerduty-signature"), webhook_secret_, request.body)) {
      callback.kind = Callback::Kind::refused;
      return callback;
    }
    const json::object event = object_member(answer_object(request.body), "event");
    const json::object agent = object_member(event, "agent");
    // By our own event: the integration's key, and not a person, did it.
    const bool own = string_member(agent, "type").find("integration") != std::string::npos;
    if (string_member(event, "event_type") != "incident.acknowledged" || own) return callback;
    callback.kind = Callback::Kind::acknowledged;
    callback.id = string_member(event, "id");
    callback.key = string_member(object_member(event, "data"), "incident_key");
    callback.longest_key = kMaxKey;
    callback.author = string_member(agent, "summary");
    if (const auto at = parse_time(string_member(event, "occurred_at"))) callback.at = *at;
    return callback;
  }

 private:
  [[nodiscard]] json::object payload(const Notice& notice, DataStatus data, const store::OutboxRow& row) const {
    json::object details{{"message", row.id}, {"event", row.event.text()}, {"state", notice.state}};
    if (!notice.failing.empty()) details["failing"] = pairs(notice.failing, audience_.language);
    if (!notice.facts.empty()) details["facts"] = pairs(notice.facts, audience_.language);
    if (!notice.fault.empty()) details["fault"] = notice.fault;
    if (!notice.remedies.empty()) details["remedy"] = notice.remedies.front().value;
    if (!notice.evidence.empty()) details["evidence"] = json::array(notice.evidence.begin(), notice.evidence.end());
    if (!notice.incident.empty()) details["incident"] = notice.incident;
    if (!notice.summary.empty()) details["text"] = notice.summary;
    json::object out{{"summary", one_line(headline(notice, audience_.language), kMaxSummary)},
                     {"source", one_line(notice.subject.empty() ? "crmpulse" : notice.subject, kMaxSource)},
                     {"severity", severity_of(notice, data)},
                     {"timestamp", format_time(row.created)},
                     {"custom_details", std::move(details)}};
    if (!notice.kind.empty()) out["component"] = notice.kind;
    if (!notice.failing.empty()) out["class"] = notice.failing.front().name;
    return out;
  }

  Secret url_;
  Secret routing_key_;
  Secret webhook_secret_;  ///< of their webhooks; empty: none are taken
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_pagerduty(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  Secret url = read_address(item, kEndpoint);
  Secret key;
  item.require_secret("routing_key", key);
  Secret webhook_secret;
  item.get_secret("webhook_secret", webhook_secret);
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<PagerDuty>(std::move(url), std::move(key), std::move(webhook_secret), common.audience());
}

}  // namespace crmpulse::collector
