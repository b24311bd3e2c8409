// Opsgenie, and Jira Service Management Operations, which took its API over: one alert per subject, the alias is ours.
// An answer is 202 before anything was looked at; what became of the request is asked for. Acknowledgements go both
// ways: those made here as requests, those made there as webhooks.
//
// The same alias while open only counts up, so a change of level is an update of the priority. Opsgenie pages nobody
// because of that: whoever must be woken by poor has a receiver of its own with min_state: poor.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdint>
#include <optional>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/tracker/types.h"
#include "collector/text/json_text.h"
#include "core/failure/failure.h"
#include "core/text/percent.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::string_view kEndpoint = "https://api.opsgenie.com/v2/alerts";
constexpr std::string_view kByAlias = "identifierType=alias";
constexpr std::size_t kMaxMessage = 130;
constexpr std::size_t kMaxDescription = 15'000;
constexpr std::size_t kMaxAlias = 512;
constexpr std::size_t kMaxNote = 2'000;
constexpr std::size_t kMaxUser = 100;
constexpr std::string_view kSource = "crmpulse";  ///< of what comes from here; their webhooks name it
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kPlain = "-_.";  ///< in a path

const char* priority_of(const Notice& notice) {
  if (is_sign_of_life(notice.type)) return "P5";
  if (is_incident(notice.type)) return notice.level == Level::poor ? "P1" : "P3";
  return notice.tone == Tone::bad ? "P2" : "P3";
}

class Opsgenie final : public Receiver {
 public:
  Opsgenie(std::string url, Secret key, Secret webhook_secret, std::vector<std::string> teams, Audience audience)
      : url_(std::move(url)),
        key_(std::move(key)),
        webhook_secret_(std::move(webhook_secret)),
        teams_(std::move(teams)),
        audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const store::OutboxRow& row = batch.front();
    const Message message = read_message(row);
    const Notice notice = notice_of(message, audience_);
    const std::string alias = percent_encoded(subject_key(row, kMaxAlias), kPlain);
    if (closes(row.event)) {
      const json::object body{{"source", kSource}, {"note", one_line(notice.title, kMaxNote)}};
      return request("POST", fmt::format("{}/{}/close?{}", url_, alias, kByAlias), body);
    }
    if (row.event == Event::acknowledged) {
      const json::object body{{"source", kSource},
                              {"user", one_line(message.acked_by, kMaxUser)},
                              {"note", one_line(notice.title, kMaxNote)}};
      return request("POST", fmt::format("{}/{}/acknowledge?{}", url_, alias, kByAlias), body);
    }
    if (changes_level(row.event)) {
      const json::object body{{"priority", priority_of(notice)}};
      return request("PUT", fmt::format("{}/{}/priority?{}", url_, alias, kByAlias), body);
    }
    return request("POST", url_, alert(notice, row));
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    const int status = response.status;
    // With its own request id; something before it has none.
    const bool its_own = !string_member(answer_object(response.body), "requestId").empty();
    if (its_own && (status == 401 || status == 403 || status == 422))
      return {Verdict::Kind::dead, {}, fmt::format("HTTP {}: the key or the request is wrong", status), false};
    return classify_plain_http(response, attempts, wall);
  }

  std::optional<net::ClientRequest> confirm(const net::ClientResponse& accepted) const override {
    const std::string id = string_member(answer_object(accepted.body), "requestId");
    if (id.empty()) return std::nullopt;
    net::ClientRequest question = request("GET", fmt::format("{}/requests/{}", url_, percent_encoded(id, kPlain)), {});
    question.body.clear();
    return question;
  }

  Verdict classify_confirmation(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    const json::object answer = answer_object(response.body);
    const json::value* data = answer.if_contains("data");
    const json::value* success =
        data != nullptr && data->is_object() ? data->get_object().if_contains("isSuccess") : nullptr;
    if (response.status != 200 || success == nullptr || !success->is_bool()) {
      // 404 until it has been looked at.
      const Verdict plain = classify(response, attempts, wall);
      return {Verdict::Kind::retry, plain.after, plain.why, false};
    }
    const std::string status = one_line(string_member(data->get_object(), "status"), 120);
    if (success->get_bool()) return {Verdict::Kind::delivered, {}, status, false};
    // Somebody closed it there: then nothing is left to close or to change.
    if (status.find("does not exist") != std::string::npos || status.find("closed") != std::string::npos)
      return {Verdict::Kind::delivered, {}, status, false};
    return {Verdict::Kind::dead, {}, "accepted, then refused: " + status, false};
  }

  /// They sign nothing, but send the headers that are set there.
  std::optional<Callback> read_callback(const net::HttpRequest& request) const override {
    if (webhook_secret_.empty()) return std::nullopt;
    Callback callback;
    const std::string given{request.header("authorization")};
    if (!equal_in_constant_time(given, std::string{kBearer} + webhook_secret_.reveal())) {
      callback.kind = Callback::Kind::refused;
      return callback;
    }
    const json::object body = answer_object(request.body);
    const json::object alert = object_member(body, "alert");
    const bool own = string_member(object_member(body, "source"), "name") == kSource;
    if (string_member(body, "action") != "Acknowledge" || own) return callback;
    callback.kind = Callback::Kind::acknowledged;
    callback.key = string_member(alert, "alias");
    callback.longest_key = kMaxAlias;
    callback.author = string_member(alert, "username");
    if (const json::value* updated = alert.if_contains("updatedAt"); updated != nullptr && updated->is_int64()) {
      // Nanoseconds, which they began with later than with the webhooks: milliseconds before.
      constexpr std::int64_t kNanos = 1'000'000'000'000'000;
      const std::int64_t at = updated->get_int64();
      callback.at = from_unix_millis(at >= kNanos ? at / 1'000'000 : at);
      callback.id = fmt::format("{}/{}", string_member(alert, "alertId"), at);
    }
    return callback;
  }

 private:
  [[nodiscard]] json::object alert(const Notice& notice, const store::OutboxRow& row) const {
    json::object details{{"message", row.id}, {"event", row.event.text()}};
    if (!notice.incident.empty()) details["incident"] = notice.incident;
    if (!notice.link.empty()) details["url"] = notice.link;
    json::array tags{"crmpulse"};
    if (!notice.kind.empty()) tags.push_back(json::string(notice.kind));
    json::object out{{"message", one_line(headline(notice, audience_.language), kMaxMessage)},
                     {"alias", subject_key(row, kMaxAlias)},
                     {"description", cut(plain_text(notice, audience_.language))},
                     {"priority", priority_of(notice)},
                     {"entity", one_line(notice.subject, kMaxAlias)},
                     {"source", kSource},
                     {"tags", std::move(tags)},
                     {"details", std::move(details)}};
    json::array responders;
    for (const std::string& team : teams_) responders.push_back(json::object{{"type", "team"}, {"name", team}});
    if (!responders.empty()) out["responders"] = std::move(responders);
    return out;
  }

  /// Whole lines.
  static std::string cut(std::string text) {
    while (text.size() > kMaxDescription) text.erase(text.find_last_of('\n', text.size() - 2) + 1);
    return text;
  }

  [[nodiscard]] net::ClientRequest request(const char* method, const std::string& url, const json::object& body) const {
    net::ClientRequest out = post(url, to_text(body), kJson);
    out.method = method;
    out.headers.emplace_back("Authorization", "GenieKey " + key_.reveal());
    return out;
  }

  std::string url_;
  Secret key_;
  Secret webhook_secret_;  ///< that their webhooks must show; empty: none are taken
  std::vector<std::string> teams_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_opsgenie(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  std::string url = read_address(item, kEndpoint).reveal();
  if (url.find_first_of("?#") != std::string::npos) item.problem("url", "must end with /v2/alerts, without a query");
  while (url.ends_with('/')) url.pop_back();
  Secret key;
  item.require_secret("api_key", key);
  Secret webhook_secret;
  item.get_secret("webhook_secret", webhook_secret);
  std::vector<std::string> teams;
  item.get("teams", teams);
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<Opsgenie>(std::move(url), std::move(key), std::move(webhook_secret), std::move(teams),
                                    common.audience());
}

}  // namespace crmpulse::collector
