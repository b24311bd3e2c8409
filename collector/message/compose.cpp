#include "collector/message/compose.h"

#include <fmt/format.h>

#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/fault.h"
#include "net/base/crypto.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kEvidenceLines = 5;
constexpr Duration kEvidenceBefore{std::chrono::minutes{15}};

/// Since when it is as the message says; of a state that keeps changing since when it is not well.
TimePoint state_since(const rules::Message& message) {
  const bool steady = message.status.state == message.state && message.type != Event::flapping;
  return steady || !message.status.incident ? message.status.since : message.status.incident->opened;
}

Message empty_message(Event type, TimePoint at, std::string subject) {
  Message out;
  out.type = type;
  out.at = at;
  out.subject = std::move(subject);
  return out;
}

void describe_crm(Message& out, const rules::Message& message, const ZonePtr& zone, const MessageContext& context) {
  const rules::CrmStatus& status = message.status;
  out.kind = status.kind;
  // To a receiver that hears only of poor, a CRM that is sub-healthy again is resolved, but not well.
  if (status.state != message.state) out.crm_state = status.state;
  out.data_status = status.data_status;
  out.score = status.score;
  out.since = state_since(message);
  out.incident = message.incident;
  out.acked_by = status.acked_by.value_or("");
  out.opened = context.incident_opened;
  if (!out.opened && status.incident) out.opened = status.incident->opened;
  if (!context.external_url.empty()) out.link = fmt::format("{}/incidents/{}", context.external_url, message.incident);
  if (context.changes != nullptr && status.incident) {
    out.changes = changes_around(*context.changes, message.crm, context.facts, status.incident->opened, message.at);
  }
  if (message.state == Level::healthy) return;
  out.failing = failing_of(status, context.remedies);
  out.fault = judge_fault(status, context.facts, message.at, context.book, zone);
  out.evidence = evidence_texts(context.facts, message.at - kEvidenceBefore, kEvidenceLines);
}

void describe_several(Message& out, const rules::Message& message) {
  if (message.since != TimePoint{}) out.since = message.since;
  for (const rules::CrmStatus& status : message.listed) {
    const bool known = status.data_status != DataStatus::warming_up;
    out.listed.push_back({status.crm, status.kind, known ? std::optional{status.state} : std::nullopt,
                          status.incident ? status.incident->id : std::string{}});
  }
  out.unlisted = static_cast<std::uint32_t>(message.unlisted);
  out.instances = message.causes;
  std::erase(out.instances, "crms");  // a cause, but not an instance that the status page names
}

}  // namespace

Message compose(const rules::Message& message, const Audience& audience, const MessageContext& context) {
  // `branch-1` of `agent/branch-1`; a digest is about nobody.
  const std::size_t slash = message.subject.find('/');
  std::string subject =
      message.crm.empty() && message.type != Event::digest ? message.subject.substr(slash + 1) : message.crm;
  Message out = empty_message(message.type, message.at, std::move(subject));
  out.language = audience.language;
  out.state = message.state;
  out.previous = message.previous;
  out.reason = message.reason;
  if (message.crm.empty()) {
    describe_several(out, message);
  } else {
    describe_crm(out, message, audience.zone, context);
  }
  return out;
}

Message test_message(const std::string& receiver, TimePoint at) {
  return empty_message(Event::test, at, receiver);
}

Message heartbeat_message(TimePoint at) {
  return empty_message(Event::heartbeat, at, {});
}

Message undelivered_message(const store::OutboxRow& row, TimePoint at) {
  Message out = empty_message(Event::delivery_dead, at, row.receiver);
  out.undelivered = row.event.text();
  out.about = row.dedup_key;
  out.why = row.last_error;
  return out;
}

Message clock_message(Event event, Duration ahead, Language language, TimePoint at) {
  Message out = empty_message(event, at, "crmpulse");
  out.language = language;
  out.reason = "clock";
  out.ahead = ahead;
  return out;
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
