#include "collector/message/stored.h"

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "collector/message/version_0.h"
#include "core/fields.h"

namespace crmpulse::collector {
namespace {

constexpr std::uint32_t kVersionTag = 1;
constexpr std::uint32_t kTypeTag = 2;  ///< the rest are in Message::fields()
constexpr std::uint32_t kVersion = 1;
/// How the version's tag is written: no JSON begins so.
constexpr char kFirstByte = '\x08';

/// A value of another kind than its tag's is nobody's.
Message read_version_1(std::string_view body) {
  Message message;
  FieldReader in{body};
  while (in.next()) {
    try {
      if (in.tag() == kTypeTag)
        message.type = EventName{in.bytes()};
      else
        in.member(message);
    } catch (const fields::Damaged&) {
      continue;
    }
  }
  return message;
}

std::string subject_of(const store::OutboxRow& row) {
  const auto slash = row.dedup_key.find('/');
  return slash == std::string::npos ? row.dedup_key : row.dedup_key.substr(slash + 1);
}

}  // namespace

std::string stored_message(const Message& message) {
  std::string body;
  FieldWriter out{body};
  out.add(kVersionTag, kVersion);
  out.add(kTypeTag, message.type.text());
  out.members(message);
  return body;
}

bool is_version_0(std::string_view body) {
  return !body.starts_with(kFirstByte);
}

Message read_message(const store::OutboxRow& row) {
  std::optional<Message> message;
  try {
    message = is_version_0(row.body) ? read_version_0(row.body) : read_version_1(row.body);
  } catch (const std::exception&) {
    // Cut short, a number out of range: somebody must be told all the same.
    message.reset();
  }
  if (!message || message->type.text().empty()) {
    message.emplace();
    message->type = EventName{kUnreadable};
    message->state = row.level >= 2 ? Level::poor : row.level == 1 ? Level::sub_healthy : Level::healthy;
    message->undelivered = row.event.text();
  }
  const bool about_one = is_incident(message->type) || message->type.text() == kUnreadable;
  if (message->subject.empty() && about_one) message->subject = subject_of(row);
  if (message->at == TimePoint{}) message->at = row.created;
  return *std::move(message);
}

}  // namespace crmpulse::collector
