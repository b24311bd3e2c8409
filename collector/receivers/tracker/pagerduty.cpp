// PagerDuty, Events API v2. One PagerDuty incident per subject: the dedup key is ours.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/tracker/types.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"

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
  if (notice.type == Event::flapping) return "warning";
  if (is_incident(notice.type)) {
    if (notice.level == Level::poor) return "critical";
    // Sub-healthy only because nothing is measured any more.
    return data == DataStatus::no_data ? "error" : "warning";
  }
  return notice.tone == Tone::bad ? "critical" : "warning";
}

json::array pairs(const std::vector<Fact>& facts) {
  json::array out;
  for (const Fact& fact : facts) out.push_back(json::string(fact.name + ": " + fact.value));
  return out;
}

class PagerDuty final : public Receiver {
 public:
  PagerDuty(Secret url, Secret routing_key, Audience audience)
      : url_(std::move(url)), routing_key_(std::move(routing_key)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const store::OutboxRow& row = batch.front();
    json::object event{{"routing_key", routing_key_.reveal()},
                       {"event_action", closes(row.event) ? "resolve" : "trigger"},
                       {"dedup_key", subject_key(row, kMaxKey)},
                       {"client", "crmpulse"}};
    const Message message = read_message(row);
    const Notice notice = notice_of(message, audience_);
    if (!notice.link.empty()) {
      event["client_url"] = notice.link;
      event["links"] =
          json::array{json::object{{"href", notice.link}, {"text", std::string{words_in(audience_.language).open}}}};
    }
    if (!closes(row.event)) event["payload"] = payload(notice, message.data_status, row);
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

 private:
  [[nodiscard]] json::object payload(const Notice& notice, DataStatus data, const store::OutboxRow& row) const {
    json::object details{{"message", row.id}, {"event", row.event.text()}, {"state", notice.state}};
    if (!notice.failing.empty()) details["failing"] = pairs(notice.failing);
    if (!notice.facts.empty()) details["facts"] = pairs(notice.facts);
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
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_pagerduty(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  Secret url = read_address(item, kEndpoint);
  Secret key;
  item.require_secret("routing_key", key);
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<PagerDuty>(std::move(url), std::move(key), common.audience());
}

}  // namespace crmpulse::collector
