#include "collector/message/render.h"

#include <fmt/format.h>

#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "collector/message/render_group.h"
#include "collector/text/json_text.h"
#include "core/text/printable.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kEvidenceLines = 5;
constexpr Duration kEvidenceBefore{std::chrono::minutes{15}};

struct Words {
  std::string_view en;
  std::string_view zh;
};

Words words_of(Event type) {
  switch (type) {
    case Event::escalated: return {"got worse and is", "恶化为"};
    case Event::improved: return {"improved and is", "好转为"};
    case Event::reminder: return {"is still", "仍为"};
    case Event::resolved: return {"is well again:", "已恢复："};
    case Event::flapping: return {"keeps changing and is", "状态反复变化，现为"};
    case Event::flap_ended: return {"is stable again and is", "已稳定，现为"};
    default: return {"is", "状态为"};
  }
}

/// Since when it is as the message says; of a state that keeps changing since when it is not well.
TimePoint state_since(const rules::Message& message) {
  const bool steady = message.status.state == message.state && message.type != Event::flapping;
  return steady || !message.status.incident ? message.status.since : message.status.incident->opened;
}

json::array changes_of(const rules::Message& message, const RenderContext& context) {
  if (context.changes == nullptr || !message.status.incident) return {};
  return changes_json(*context.changes, message.crm, context.facts, message.status.incident->opened, message.at);
}

Bilingual sentence(const rules::Message& message, const Fault& fault, const RenderContext& context) {
  const Words words = words_of(message.type);
  const std::string crm = printable_name(message.crm);
  if (message.state == Level::healthy) {
    if (message.reason == "removed") return {crm + " is no longer watched.", crm + " 已不再受监控。"};
    return {fmt::format("{} {} {}.", crm, words.en, to_string(message.state)),
            fmt::format("{} {}{}。", crm, words.zh, chinese(message.state))};
  }
  const std::string since = clock_text(state_since(message), message.at);
  Bilingual text{fmt::format("{} {} {} since {}.", crm, words.en, to_string(message.state), since),
                 fmt::format("{} {}{}（自 {} 起）。", crm, words.zh, chinese(message.state), since)};
  for (const rules::RuleStatus* rule : failing(message.status)) {
    const Bilingual one = dimension_sentence(*rule);
    text.en += fmt::format(" {}.", one.en);
    text.zh += fmt::format("{}。", one.zh);
  }
  text.en += fmt::format(" Looks like {}: {}.", fault.verdict, fault.why_en);
  text.zh += fmt::format("判断：{}。", fault.why_zh);
  const Bilingual changed = changes_sentence(changes_of(message, context));
  text.en += changed.en;
  text.zh += changed.zh;
  const auto worst = failing(message.status);
  const Remedy* remedy =
      worst.empty() ? nullptr : find_remedy(context.configuration.remedies, *worst.front(), message.status.kind);
  if (remedy != nullptr) {
    text.en += fmt::format(" What to do: {}", remedy->en);
    text.zh += fmt::format("建议：{}", remedy->zh);
  }
  return text;
}

json::object incident_json(const rules::Message& message, const RenderContext& context) {
  json::object incident{{"id", message.incident}};
  std::optional<TimePoint> opened = context.incident_opened;
  if (!opened && message.status.incident) opened = message.status.incident->opened;
  if (opened) incident["opened_at"] = format_time(*opened);
  const std::string& external = context.configuration.settings.external_url;
  if (!external.empty()) incident["url"] = fmt::format("{}/api/v1/incidents/{}", external, message.incident);
  return incident;
}

}  // namespace

std::string render_message(const rules::Message& message, Language language, const RenderContext& context) {
  if (message.crm.empty()) {
    json::object group = group_json(message);
    group["language"] = language == Language::zh ? "zh" : "en";
    return to_text(group);
  }
  const bool well = message.state == Level::healthy;
  const Fault fault = judge_fault(message.status, context.facts, message.at, context.book);
  const Bilingual text = sentence(message, fault, context);
  json::object body{{"version", "1"},
                    {"type", to_string(message.type)},
                    {"at", format_time(message.at)},
                    {"crm", message.crm},
                    {"kind", message.status.kind},
                    {"state", to_string(message.state)},
                    {"state_zh", chinese(message.state)},
                    {"previous_state", to_string(message.previous)},
                    {"data_status", to_string(message.status.data_status)},
                    {"incident", incident_json(message, context)},
                    {"score", message.status.score ? json::value(*message.status.score) : json::value(nullptr)},
                    {"failing", well ? json::array{} : failing_json(message.status, context.configuration.remedies)}};
  if (!message.reason.empty()) body["reason"] = message.reason;
  // To a receiver that hears only of poor, a CRM that is sub-healthy again is resolved, but not well.
  if (message.status.state != message.state) body["crm_state"] = to_string(message.status.state);
  if (!well) {
    body["fault"] = fault_json(fault, language);
    body["evidence"] = evidence_texts(context.facts, message.at - kEvidenceBefore, kEvidenceLines);
  }
  if (json::array changes = changes_of(message, context); !changes.empty()) body["changes"] = std::move(changes);
  body["language"] = language == Language::zh ? "zh" : "en";
  body["text"] = json::object{{"en", printable_lines(text.en)}, {"zh", printable_lines(text.zh)}};
  return to_text(body);
}

std::string render_test(const std::string& receiver, TimePoint at) {
  return to_text(json::object{{"version", "1"},
                              {"type", to_string(Event::test)},
                              {"at", format_time(at)},
                              {"receiver", receiver},
                              {"text", json::object{{"en", "This is a test message of crmpulse. Nothing is wrong."},
                                                    {"zh", "这是 crmpulse 的测试消息，一切正常。"}}}});
}

std::string render_heartbeat(TimePoint at) {
  return to_text(json::object{
      {"version", "1"},
      {"type", to_string(Event::heartbeat)},
      {"at", format_time(at)},
      {"text", json::object{{"en", "crmpulse judges, stores and delivers."}, {"zh", "crmpulse 运行正常。"}}}});
}

std::string render_dead_delivery(const std::string& receiver, std::string_view event, const std::string& about,
                                 const std::string& why, TimePoint at) {
  return to_text(json::object{
      {"version", "1"},
      {"type", to_string(Event::delivery_dead)},
      {"at", format_time(at)},
      {"receiver", receiver},
      {"event", event},
      {"about", about},
      {"why", why},
      {"text",
       json::object{{"en", fmt::format("Receiver {} could not be told {} ({}): {}", receiver, event, about, why)},
                    {"zh", fmt::format("无法向接收端 {} 发送 {}（{}）：{}", receiver, event, about, why)}}}});
}

std::string render_clock_changed(Duration ahead, Language language, TimePoint at) {
  const std::string much = format_duration(std::chrono::round<std::chrono::seconds>(ahead));
  return to_text(json::object{
      {"version", "1"},
      {"type", to_string(Event::collector_trouble)},
      {"at", format_time(at)},
      {"collector", "crmpulse"},
      {"reason", "clock"},
      {"ahead_seconds", to_seconds(ahead)},
      {"language", language == Language::zh ? "zh" : "en"},
      {"remedy",
       json::object{{"en",
                     "Look whether the clock of the collector's host is right now, and what sets it (chrony, "
                     "systemd-timesyncd)."},
                    {"zh", "请检查收集器主机的时钟现在是否正确，以及由什么校时（chrony、systemd-timesyncd）。"}}},
      {"text",
       json::object{
           {"en", fmt::format("What the collector had stored was {} ahead of its clock when it started: the clock was "
                              "wrong before, or is wrong now. Levels are kept, times were moved.",
                              much)},
           {"zh", fmt::format("收集器启动时，已存储的数据比当前时钟超前 {}：时钟此前有误，或现在有误。"
                              "级别保留，时间已平移。",
                              much)}}}});
}

std::string message_id(TimePoint at, std::string_view receiver, std::string_view key, std::int64_t seq) {
  // ULID: 48 bits of milliseconds, 80 bits that would be random; here a digest of what the message is.
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const auto millis = static_cast<std::uint64_t>(unix_millis(at));
  std::string bytes;
  for (int shift = 40; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(millis >> shift));
  bytes += net::sha256(fmt::format("{}\n{}\n{}", receiver, key, seq)).substr(0, 10);
  std::string out;
  // 26 characters of 5 bits hold 130 bits: two zero bits lead.
  std::uint32_t pending = 0;
  int bits = 2;
  for (const char byte : bytes) {
    pending = (pending << 8) | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out.push_back(kAlphabet[(pending >> bits) & 31U]);
    }
  }
  return out;
}

}  // namespace crmpulse::collector
