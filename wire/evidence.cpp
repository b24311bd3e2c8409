#include "wire/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "core/failure/failure.h"

namespace crmpulse::wire {
namespace {

namespace json = boost::json;
using Lines = boost::system::result<EvidenceLines, DecodeError>;
using Line = boost::system::result<Evidence, DecodeError>;

constexpr std::size_t kMaxFieldBytes =
    Limits{}.max_label_value_bytes;  ///< crm, kind, agent, operation are labels elsewhere

/// The fields that are plain text, and how long each may be.
struct TextField {
  std::string_view key;
  std::string Evidence::* member;
  std::size_t max_bytes;
};
constexpr TextField kTextFields[] = {
    {"crm", &Evidence::crm, kMaxFieldBytes},     {"kind", &Evidence::kind, kMaxFieldBytes},
    {"agent", &Evidence::agent, kMaxFieldBytes}, {"operation", &Evidence::operation, kMaxFieldBytes},
    {"stage", &Evidence::stage, kMaxFieldBytes}, {"reason", &Evidence::reason, kMaxFieldBytes},
    {"text", &Evidence::text, kMaxEvidenceText},
};

DecodeError bad(std::string message) {
  return {400, "evidence", std::move(message)};
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// An absent field is empty.
std::optional<DecodeError> read_text(const json::object& object, const TextField& field, Evidence& line) {
  const json::value* value = object.if_contains(field.key);
  if (value == nullptr) return {};
  const json::string* text = value->if_string();
  if (text == nullptr) return bad(fmt::format("{} is not a string", field.key));
  if (text->size() > field.max_bytes)
    return DecodeError{413, "limit", fmt::format("{} has more than {} bytes", field.key, field.max_bytes)};
  if (has_control_characters(*text)) return bad(fmt::format("{} has control characters", field.key));
  (line.*field.member).assign(text->data(), text->size());
  return {};
}

std::optional<DecodeError> read_time(const json::object& object, Evidence& line) {
  const json::value* value = object.if_contains("at");
  if (value == nullptr || !value->is_string()) return bad("at is missing");
  const Result<TimePoint> at = parse_time(value->get_string());
  if (!at) return bad("at is not a time like 2026-11-21T09:00:00Z");
  line.at = *at;
  return {};
}

Line read_line(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) return DecodeError{400, "json", error.message()};
  if (!value.is_object()) return DecodeError{400, "json", "not an object"};
  const json::object& object = value.get_object();
  Evidence line;
  if (auto refusal = read_time(object, line)) return *std::move(refusal);
  for (const TextField& field : kTextFields) {
    if (auto refusal = read_text(object, field, line)) return *std::move(refusal);
  }
  if (line.crm.empty()) return bad("crm is missing");
  if (!line.stage.empty() && !stage_from(line.stage))
    return bad("unknown stage; expected resolve, connect, tls, auth, request, response, content or cleanup");
  if (!line.reason.empty() && !reason_from(line.reason))
    return bad("unknown reason; expected one like timeout, refused, credentials or server_error");
  return line;
}

}  // namespace

std::string encode_evidence(std::span<const Evidence> lines) {
  std::string out;
  for (const Evidence& line : lines) {
    json::object object;
    object["at"] = format_time(line.at);
    for (const TextField& field : kTextFields) {
      const std::string& text = line.*field.member;
      if (!text.empty()) object[field.key] = field.member == &Evidence::text ? one_line(text, kMaxEvidenceText) : text;
    }
    out += json::serialize(object);
    out += '\n';
  }
  return out;
}

Lines decode_evidence(std::string_view body) {
  if (body.size() > kMaxEvidenceBytes)
    return DecodeError{413, "limit", fmt::format("more than {} bytes", kMaxEvidenceBytes)};
  EvidenceLines out;
  std::optional<DecodeError> first;
  for (std::size_t number = 1; !body.empty(); ++number) {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view text = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (out.lines.size() + out.unreadable == kMaxEvidenceLines)
      return DecodeError{413, "limit", fmt::format("more than {} lines", kMaxEvidenceLines)};
    Line line = read_line(text);
    if (line) {
      out.lines.push_back(*std::move(line));
      continue;
    }
    ++out.unreadable;
    if (first) continue;
    first = line.error();
    first->message.insert(0, fmt::format("line {}: ", number));
  }
  if (!first) return out;
  if (out.lines.empty()) return *std::move(first);
  out.why = std::move(first->message);
  return out;
}

}  // namespace crmpulse::wire
