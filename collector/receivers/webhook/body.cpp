#include "collector/receivers/webhook/body.h"

#include <fmt/format.h>

#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/stored.h"
#include "collector/notice/notice.h"
#include "collector/notice/trouble.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object both(const std::string& en, const std::string& zh) {
  return {{"en", en}, {"zh", zh}};
}

void put_states(json::object& body, const Message& message) {
  body["state"] = to_string(message.state);
  body["state_zh"] = chinese(message.state);
  body["previous_state"] = to_string(message.previous);
}

json::object incident_json(const Message& message) {
  json::object incident{{"id", message.incident}};
  if (message.opened) incident["opened_at"] = format_time(*message.opened);
  if (!message.link.empty()) incident["url"] = message.link;
  return incident;
}

void put_incident(json::object& body, const Message& message) {
  body["crm"] = message.subject;
  body["kind"] = message.kind;
  put_states(body, message);
  body["data_status"] = to_string(message.data_status);
  body["incident"] = incident_json(message);
  body["score"] = message.score ? json::value(*message.score) : json::value(nullptr);
  body["failing"] = failing_json(message.failing);
  if (message.crm_state) body["crm_state"] = to_string(*message.crm_state);
  if (message.fault) {
    body["fault"] = fault_json(*message.fault, message.language);
    body["evidence"] = json::array(message.evidence.begin(), message.evidence.end());
  }
  if (!message.changes.empty()) body["changes"] = changes_json(message.changes);
}

json::array crms_json(const Message& message) {
  json::array crms;
  for (const ListedCrm& listed : message.listed) {
    json::object one{{"crm", listed.crm},
                     {"kind", listed.kind},
                     {"state", listed.state ? to_string(*listed.state) : std::string_view{"unknown"}}};
    if (!listed.incident.empty()) one["incident"] = listed.incident;
    crms.push_back(std::move(one));
  }
  return crms;
}

void put_several(json::object& body, const Message& message) {
  put_states(body, message);
  body["crms"] = crms_json(message);
  body["more"] = message.unlisted;
  if (message.type == Event::agent_lost || message.type == Event::agent_returned) body["agent"] = message.subject;
  if (message.type == Event::vendor_outage || message.type == Event::vendor_recovered) {
    body["vendor"] = message.subject;
    body["instances"] = json::array(message.instances.begin(), message.instances.end());
  }
  if (message.since) body["since"] = format_time(*message.since);
}

void put_trouble(json::object& body, const Message& message) {
  const bool of_agent = message.type == Event::agent_trouble || message.type == Event::agent_recovered;
  body[of_agent ? "agent" : "collector"] = message.subject;
  // Of the clock at a start; the others say what they are about.
  if (!trouble_of(message)) {
    body["ahead_seconds"] = to_seconds(message.ahead);
    return;
  }
  if (!of_agent && !message.about.empty()) body["about"] = message.about;
  if (!message.why.empty()) body["detail"] = message.why;
  if (message.since) body["since"] = format_time(*message.since);
}

}  // namespace

json::object webhook_body(const Message& message, const ZonePtr& zone) {
  const Notice en = notice_of(message, {Language::en, zone});
  const Notice zh = notice_of(message, {Language::zh, zone});
  json::object body{{"version", "1"}, {"type", message.type.text()}, {"at", format_time(message.at)}};
  switch (message.type) {
    case Event::agent_lost:
    case Event::agent_returned:
    case Event::vendor_outage:
    case Event::vendor_recovered:
    case Event::digest: put_several(body, message); break;
    case Event::delivery_dead:
      body["event"] = message.undelivered;
      body["about"] = message.about;
      body["why"] = message.why;
      [[fallthrough]];
    case Event::test: body["receiver"] = message.subject; break;
    case Event::collector_trouble:
    case Event::collector_recovered:
    case Event::agent_trouble:
    case Event::agent_recovered: put_trouble(body, message); break;
    case Event::report:
      body["crm"] = message.subject;
      body["kind"] = message.kind;
      body["period"] = message.about;
      if (!message.link.empty()) body["url"] = message.link;
      break;
    case Event::goal:
      body["crm"] = message.subject;
      body["kind"] = message.kind;
      body["goal"] = message.about;
      if (!message.link.empty()) body["url"] = message.link;
      break;
    default:
      if (is_incident(message.type)) put_incident(body, message);
  }
  if (!message.reason.empty()) body["reason"] = message.reason;
  if (!en.remedies.empty() && !is_incident(message.type) && opens(message.type) && message.type != Event::vendor_outage)
    body["remedy"] = both(en.remedies.front().value, zh.remedies.front().value);
  const bool said_once = is_sign_of_life(message.type) || message.type == Event::delivery_dead;
  if (!said_once) body["language"] = message.language == Language::zh ? "zh" : "en";
  body["text"] = both(en.text, zh.text);
  return body;
}

json::value webhook_body(const store::OutboxRow& row, const ZonePtr& zone) {
  if (!is_version_0(row.body)) return webhook_body(read_message(row), zone);
  boost::system::error_code failed;
  json::value body = json::parse(row.body, failed);
  return failed ? json::value(row.body) : body;
}

}  // namespace crmpulse::collector
