// Flat JSON for services that map fields by hand: Zapier's catch hooks, IFTTT's Maker channel. Both say 2xx before they
// run anything: no path for pages.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/notice/plain_text.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/webhook/types.h"
#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

/// Every key in every message, so that a mapping made from the test message knows them all.
json::object zapier_body(const Notice& notice, const store::OutboxRow& row, Language language) {
  const bool incident = is_incident(row.event);
  const Fact worst = notice.failing.empty() ? Fact{} : notice.failing.front();
  return {{"id", row.id},
          {"event", row.event.text()},
          {"at", format_time(row.created)},
          {"subject", notice.subject},
          {"crm", incident ? notice.subject : ""},
          {"kind", notice.kind},
          {"level", to_string(notice.level)},
          {"state", notice.state},
          {"title", notice.title},
          {"headline", headline(notice, language)},
          {"text", plain_text(notice, language)},
          {"failing", worst.name},
          {"value", worst.value},
          {"fault", notice.fault},
          {"remedy", notice.remedies.empty() ? "" : notice.remedies.front().value},
          {"evidence", joined(notice.evidence)},
          {"incident", notice.incident},
          {"url", notice.link}};
}

json::object ifttt_body(const Notice& notice, const store::OutboxRow& row, Language language) {
  return {{"value1", headline(notice, language)}, {"value2", plain_text(notice, language)}, {"value3", row.id}};
}

class FlatJson final : public Receiver {
 public:
  using Body = json::object (*)(const Notice& notice, const store::OutboxRow& row, Language language);

  FlatJson(Secret url, Body body, bool unauthorised_is_final, Audience audience)
      : url_(std::move(url)),
        body_(body),
        unauthorised_is_final_(unauthorised_is_final),
        audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint /*wall*/) const override {
    const store::OutboxRow& row = batch.front();
    return post(url_.reveal(), to_text(body_(read_notice(row, audience_), row, audience_.language)), kJson);
  }

  Verdict classify(const net::ClientResponse& response, int attempts, TimePoint wall) const override {
    // `{"errors":[{"message":"You sent an invalid key."}]}`: its own answer.
    if (unauthorised_is_final_ && response.status == 401 && answer_object(response.body).contains("errors"))
      return {Verdict::Kind::dead, {}, "HTTP 401: the key in the address is wrong", false};
    return classify_plain_http(response, attempts, wall);
  }

 private:
  Secret url_;
  Body body_;
  bool unauthorised_is_final_;
  Audience audience_;
};

}  // namespace

std::unique_ptr<Receiver> read_zapier(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  if (url.empty()) return nullptr;
  return std::make_unique<FlatJson>(std::move(url), zapier_body, false, common.audience());
}

std::unique_ptr<Receiver> read_ifttt(config::Reader& item, const ReceiverSettings& common) {
  Secret url = read_address(item);
  if (url.empty()) return nullptr;
  return std::make_unique<FlatJson>(std::move(url), ifttt_body, true, common.audience());
}

}  // namespace crmpulse::collector
