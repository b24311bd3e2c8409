#include "collector/incident/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/vocabulary.h"
#include "collector/message/words.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object line(TimePoint at, std::string_view type, const std::string& en, const std::string& zh) {
  return {{"at", format_time(at)}, {"type", type}, {"text", json::object{{"en", en}, {"zh", zh}}}};
}

struct Words {
  std::string_view name;
  std::string_view en;
  std::string_view zh;
};
constexpr std::array kAckEnds{
    Words{"expired", "The acknowledgement expired", "确认已到期"},
    Words{"recovered", "The acknowledgement ended: healthy again", "确认结束：已恢复至理想状态"},
    Words{"got_worse", "The acknowledgement ended: it got worse", "确认结束：状态恶化"},
    Words{"withdrawn", "The acknowledgement was withdrawn", "确认已撤回"},
};

}  // namespace

json::object state_line(const rules::CrmStatus& status, std::string_view previous, TimePoint at) {
  json::object out = line(at, "state", fmt::format("State: {}", spoken(status.state, Language::en)),
                          fmt::format("状态：{}", chinese(status.state)));
  out["state"] = to_string(status.state);
  out["previous"] = previous.empty() ? json::value("healthy") : json::value(previous);
  out["data_status"] = to_string(status.data_status);
  return out;
}

json::object resolved_line(TimePoint at) {
  json::object out = line(at, "state", "Resolved", "事件已恢复");
  out["state"] = "resolved";
  return out;
}

json::object note_line(const Note& note) {
  json::object out = line(note.at, "note", fmt::format("Note by {}: {}", note.author, note.text),
                          fmt::format("{} 备注：{}", note.author, note.text));
  out["id"] = note.id;
  out["author"] = note.author;
  out["note"] = note.text;
  return out;
}

json::object dimension_line(const rules::RuleStatus& rule, Level previous, TimePoint at) {
  const Failing failing = failing_of(rule);
  const bool well = failing.state == Level::healthy;
  const Bilingual text = well ? Bilingual{failing_words(failing, Language::en).name + " is healthy again",
                                          failing_words(failing, Language::zh).name + "已恢复至理想状态"}
                              : failing_sentence(failing);
  json::object out = line(at, "dimension", text.en, text.zh);
  out["dimension"] = rule.dimension;
  out["rule"] = rule.rule;
  out["state"] = to_string(failing.state);
  out["previous"] = to_string(previous);
  out["value"] = rule.value ? json::value(*rule.value) : json::value(nullptr);
  out["unit"] = rule.unit;
  out["threshold"] = *failing.threshold;
  if (!rule.worst_of.empty()) out["worst_of"] = rule.worst_of;
  return out;
}

json::object message_line(const rules::Message& message, std::string_view delivery) {
  const std::string_view event = to_string(message.type);
  const Bilingual text = delivery_words(message.receiver, event, store::DeliveryStatus::pending);
  json::object out = line(message.at, "message", text.en, text.zh);
  out["receiver"] = message.receiver;
  out["event"] = event;
  out["state"] = to_string(message.state);
  out["delivery"] = delivery;
  if (!message.reason.empty()) out["reason"] = message.reason;
  return out;
}

json::object ack_line(const Acknowledgement& ack) {
  json::object out =
      line(ack.at, "ack", fmt::format("Acknowledged by {}", ack.author), fmt::format("{} 已确认", ack.author));
  out["author"] = ack.author;
  out["comment"] = ack.comment;
  out["expires_at"] = format_time(ack.until);
  if (!ack.from.empty()) out["from"] = ack.from;
  return out;
}

json::object ack_ended_line(std::string_view why, TimePoint at) {
  const auto known =
      std::find_if(kAckEnds.begin(), kAckEnds.end(), [&](const Words& words) { return words.name == why; });
  json::object out = line(at, "ack_ended", std::string{known->en}, std::string{known->zh});
  out["reason"] = why;
  return out;
}

json::object suppression_line(const Suppression& suppression, bool on, TimePoint at) {
  const bool silence = suppression.kind == Suppression::Kind::silence;
  const std::string_view en =
      silence ? (on ? "Silenced" : "No longer silenced") : (on ? "Maintenance" : "Maintenance over");
  const std::string_view zh = silence ? (on ? "已静默" : "静默结束") : (on ? "维护中" : "维护结束");
  json::object out =
      line(at, to_string(suppression.kind), fmt::format("{} ({}: {})", en, suppression.author, suppression.comment),
           fmt::format("{}（{}：{}）", zh, suppression.author, suppression.comment));
  out["on"] = on;
  out["id"] = suppression.id;
  out["author"] = suppression.author;
  out["comment"] = suppression.comment;
  out["ends_at"] = suppression.ends ? json::value(format_time(*suppression.ends)) : json::value(nullptr);
  return out;
}

json::object change_line(const Change& change) {
  json::object out = change_json(told_change(change));
  out["type"] = "change";
  return out;
}

json::object evidence_line(const Evidence& evidence) {
  json::object out = line(evidence.at, "evidence", evidence.text, evidence.text);
  out["agent"] = evidence.agent;
  out["operation"] = evidence.operation;
  out["stage"] = evidence.stage;
  out["reason"] = evidence.reason;
  return out;
}

json::object late_line(const LateFacts& late, TimePoint received, const ZonePtr& zone) {
  const std::string from = moment_text(late.from, received, zone);
  const std::string to = moment_text(late.to, received, zone);
  json::object out = line(
      late.from, "late",
      fmt::format("Reported late, of {} to {}: {} samples, {} of them failures", from, to, late.samples, late.failed),
      fmt::format("补报 {} 至 {}：{} 个样本，其中 {} 个失败", from, to, late.samples, late.failed));
  out["from"] = format_time(late.from);
  out["to"] = format_time(late.to);
  out["samples"] = late.samples;
  out["failed"] = late.failed;
  out["received_at"] = format_time(received);
  return out;
}

}  // namespace crmpulse::collector
