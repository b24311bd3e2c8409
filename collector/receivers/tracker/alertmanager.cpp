// Alertmanager, API v2: our states as its alerts.
//
// The identity of an alert is its label set, so nothing that changes stands in it. A CRM has up to two alerts, as a
// Prometheus rule file would make them (config/prometheus/ has the same names): CrmSubHealthy (severity ticket) holds
// while it is sub-healthy or worse, CrmPoor (severity page) while it is poor. So Alertmanager can route by severity, a
// rise never looks like an end of anything, and `inhibit_rules` with `equal: [crm]` keep the ticket quiet beside the
// page.
//
// Alertmanager keeps alerts in memory and ends what it does not hear of: see ResendSchedule.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
#include "collector/notice/trouble.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/tracker/types.h"
#include "collector/text/json_text.h"
#include "net/base/backoff.h"
#include "wire/text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

/// Two alerts a message: at most 256 alerts a request.
constexpr std::size_t kBatch = 128;
constexpr Duration kMostSkew{std::chrono::seconds{30}};
/// Prometheus' factor: an alert ends by itself after four repeats that did not arrive.
constexpr int kRepeatsToEnd = 4;
constexpr std::string_view kPath = "/api/v2/alerts";

struct LevelAlert {
  Level level;
  const char* name;
  const char* severity;
};
constexpr std::array kLevels{LevelAlert{Level::sub_healthy, "CrmSubHealthy", "ticket"},
                             LevelAlert{Level::poor, "CrmPoor", "page"}};

/// What is not about the state of one CRM.
struct OtherAlert {
  const char* name;
  const char* label;  ///< that holds the subject
  const char* severity;
};
OtherAlert other_alert(Event event) {
  switch (event) {
    case Event::agent_lost:
    case Event::agent_returned: return {"CrmAgentLost", "agent", "page"};
    case Event::vendor_outage:
    case Event::vendor_recovered: return {"CrmVendorOutage", "kind", "page"};
    case Event::delivery_dead: return {"CrmAlertNotDelivered", "receiver", "ticket"};
    case Event::collector_trouble:
    case Event::collector_recovered: return {"CrmCollectorTrouble", "", "ticket"};
    case Event::agent_trouble:
    case Event::agent_recovered: return {"CrmAgentTrouble", "agent", "ticket"};
    case Event::report: return {"CrmReport", "crm", "none"};
    case Event::goal: return {"CrmGoal", "crm", "none"};
    case Event::heartbeat: return {"CrmpulseHeartbeat", "", "none"};
    case Event::test: return {"CrmpulseTest", "receiver", "none"};
    default: return {"CrmpulseMessage", "subject", "ticket"};
  }
}

/// What Alertmanager itself says is JSON.
bool is_json(const std::string& body) {
  boost::system::error_code failed;
  (void)json::parse(body, failed);
  return !failed;
}

class Alertmanager final : public Receiver {
 public:
  struct Terms {
    Duration resend;
    Level min_level;
    ZonePtr zone;
  };
  Alertmanager(Secret url, Secret token, std::map<std::string, std::string> labels, const Terms& terms)
      : url_(std::move(url)),
        token_(std::move(token)),
        labels_(std::move(labels)),
        resend_(terms.resend),
        min_level_(terms.min_level),
        zone_(terms.zone) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    json::array alerts;
    for (const store::OutboxRow& row : batch) add(alerts, row, wall);
    net::ClientRequest request = post(url_.reveal(), to_text(alerts), kJson);
    if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_.reveal());
    return request;
  }

  /// 400: some alert was invalid, the valid ones were stored. The notifier sends each by itself then.
  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    if (response.status == 400 && is_json(response.body))
      return {Verdict::Kind::dead, {}, "HTTP 400: an alert is not valid", false};
    Verdict verdict = classify_plain_http(response, attempts, wall);
    const std::optional<TimePoint> theirs = net::parse_http_date(response.header("date"));
    if (!theirs) return verdict;
    const bool before = skewed();
    ahead_.store((*theirs - wall).count());
    if (skewed() != before) ++terms_;
    // What was just sent may have ended at once by its clock, or last for hours: again, on its terms.
    if (verdict.kind == Verdict::Kind::delivered && skewed() && !before) {
      const Duration off{ahead_.load()};
      return {Verdict::Kind::retry, Duration{std::chrono::seconds{1}},
              fmt::format("its clock differs from ours by {} s", off.count() / 1000), false};
    }
    return verdict;
  }

  std::size_t batch() const override { return kBatch; }
  std::optional<Duration> repeats() const override { return resend_; }
  unsigned terms() const override { return terms_; }

 private:
  [[nodiscard]] bool skewed() const {
    const Duration off{ahead_.load()};
    return off > kMostSkew || -off > kMostSkew;
  }

  [[nodiscard]] Notice alone(const Message& message, Language language) const {
    Notice notice = notice_of(message, {language, zone_});
    notice.title = notice.own_title;
    return notice;
  }

  /// An end is told only of an alert that began: Alertmanager tells people "resolved" of whatever ends.
  void add(json::array& alerts, const store::OutboxRow& row, TimePoint wall) const {
    const Message message = read_message(row);
    // Each text is in one language throughout: there is one of each.
    const Notice en = alone(message, Language::en);
    const Notice zh = alone(message, Language::zh);
    json::object labels{{"source", "crmpulse"}};
    for (const auto& [name, value] : labels_) labels[name] = value;
    if (!is_incident(row.event)) {
      if (closes(row.event) && row.taken_before == 0) return;
      const OtherAlert other = other_alert(row.event);
      labels["alertname"] = other.name;
      labels["severity"] = other.severity;
      if (*other.label != '\0') labels[other.label] = en.subject.empty() ? row.dedup_key : en.subject;
      // Several at once: each ends by itself.
      if (const auto trouble = trouble_of(message)) {
        labels["trouble"] = to_string(trouble->kind);
        if (!is_of_agent(trouble->kind) && !trouble->subject.empty()) labels["about"] = shown_name(trouble->subject);
      }
      alerts.push_back(alert(labels, en, zh, row, {closes(row.event), row.created, wall}));
      return;
    }
    const bool resolved = closes(row.event);
    labels["crm"] = en.subject;
    if (!en.kind.empty()) labels["kind"] = en.kind;
    for (const LevelAlert& one : kLevels) {
      if (one.level < min_level_) continue;
      const bool ended = resolved || en.level < one.level;
      if (ended && row.taken_before < static_cast<int>(one.level)) continue;
      labels["alertname"] = one.name;
      labels["severity"] = one.severity;
      alerts.push_back(alert(labels, en, zh, row, {ended, row.created, wall}));
    }
  }

  struct Span {
    bool ended;
    TimePoint since;  ///< or until, when ended
    TimePoint wall;
  };
  [[nodiscard]] json::object alert(const json::object& labels, const Notice& en, const Notice& zh,
                                   const store::OutboxRow& row, const Span& span) const {
    json::object annotations{{"summary", headline(en, Language::en)}, {"summary_zh", headline(zh, Language::zh)}};
    const auto add_text = [&annotations](const char* name, const std::string& text) {
      if (!text.empty()) annotations[name] = text;
    };
    add_text("description", plain_text(en, Language::en));
    add_text("description_zh", plain_text(zh, Language::zh));
    add_text("fault", en.fault);
    add_text("fault_zh", zh.fault);
    add_text("remedy", en.remedies.empty() ? "" : en.remedies.front().value);
    add_text("remedy_zh", zh.remedies.empty() ? "" : zh.remedies.front().value);
    add_text("incident", en.incident);
    add_text("message", row.id);
    json::object out{{"labels", labels}, {"annotations", std::move(annotations)}};
    if (!en.link.empty()) out["generatorURL"] = en.link;
    if (span.ended) {
      // In its own clock: an end without a time would be a new alert.
      const Duration shift = skewed() ? Duration{ahead_.load()} : Duration{};
      out["endsAt"] = format_time(span.since + shift);
    } else if (!skewed()) {
      out["startsAt"] = format_time(span.since);
      out["endsAt"] = format_time(span.wall + kRepeatsToEnd * resend_);
    }
    return out;
  }

  Secret url_;
  Secret token_;
  std::map<std::string, std::string> labels_;
  Duration resend_;
  Level min_level_;
  ZonePtr zone_;
  /// How far its clock is ahead of ours, in milliseconds, by the Date of its newest answer. The one thing a receiver
  /// remembers: without it every alert of a machine with a wrong clock would end before it began.
  mutable std::atomic<Duration::rep> ahead_{0};
  mutable std::atomic<unsigned> terms_{0};
};

std::map<std::string, std::string> read_labels(config::Reader& item) {
  std::map<std::string, std::string> labels;
  if (!item.has("labels")) return labels;
  config::Reader given = item.child("labels");
  constexpr std::array<std::string_view, 6> kOurs{"alertname", "severity", "crm", "kind", "agent", "vendor"};
  for (const std::string& name : given.keys()) {
    const bool ours = std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end();
    if (!wire::is_label_name(name) || ours) given.problem(name, "is not a label that can be added");
    std::string value;
    if (given.get(name, value) && value.empty()) given.problem(name, "a label without a value does not exist");
    labels.emplace(name, std::move(value));
  }
  return labels;
}

}  // namespace

std::unique_ptr<Receiver> read_alertmanager(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  std::string url = read_address(item).reveal();
  if (url.find_first_of("?#") != std::string::npos)
    item.problem("url", "must be the address of an Alertmanager, without a query");
  while (url.ends_with('/')) url.pop_back();
  if (!url.ends_with(kPath)) url += kPath;
  Secret token;
  item.get_secret("token", token);
  Duration resend{std::chrono::minutes{1}};
  item.get("resend", resend, std::chrono::seconds{1}, std::chrono::minutes{10});
  auto labels = read_labels(item);
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<Alertmanager>(Secret{std::move(url)}, std::move(token), std::move(labels),
                                        Alertmanager::Terms{resend, common.min_level, common.zone});
}

}  // namespace crmpulse::collector
