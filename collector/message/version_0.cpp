#include "collector/message/version_0.h"

#include <algorithm>
#include <boost/json.hpp>

#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

const json::array& array_at(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

/// Visits the objects of a list.
template <class Visit>
void each_object(const json::object& object, std::string_view key, Visit visit) {
  for (const json::value& item : array_at(object, key)) {
    if (item.is_object()) visit(item.get_object());
  }
}

std::vector<std::string> texts_at(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  for (const json::value& item : array_at(object, key)) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

std::optional<double> number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_number() ? std::optional{value->to_number<double>()} : std::nullopt;
}

std::optional<TimePoint> time_at(const json::object& object, std::string_view key) {
  auto time = parse_time(string_member(object, key));
  return time ? std::optional{*time} : std::nullopt;
}

Bilingual both_at(const json::object& object, std::string_view key) {
  return {string_member(object_at(object, key), "en"), string_member(object_at(object, key), "zh")};
}

std::optional<Level> level_at(const json::object& object, std::string_view key) {
  const std::string name = string_member(object, key);
  for (const Level level : {Level::healthy, Level::sub_healthy, Level::poor}) {
    if (name == to_string(level)) return level;
  }
  return std::nullopt;
}

DataStatus data_status_of(const json::object& object) {
  const std::string name = string_member(object, "data_status");
  for (const DataStatus status : {DataStatus::warming_up, DataStatus::stale, DataStatus::no_data}) {
    if (name == to_string(status)) return status;
  }
  return DataStatus::fresh;
}

Failing read_failing(const json::object& one) {
  Failing failing;
  failing.dimension = string_member(one, "dimension");
  failing.rule = string_member(one, "rule");
  failing.unit = string_member(one, "unit");
  failing.worst_of = string_member(one, "worst_of");
  failing.state = level_at(one, "state").value_or(Level::sub_healthy);
  failing.data_status = data_status_of(one);
  failing.value = number_at(one, "value");
  failing.threshold = number_at(one, "threshold");
  const auto sub = number_at(one, "sub_healthy");
  const auto poor = number_at(one, "poor");
  failing.sub_healthy = sub.value_or(0);
  failing.poor = poor.value_or(0);
  // Without both lines the value's side of its own one tells the direction.
  const bool below =
      sub && poor ? *poor < *sub : failing.value && failing.threshold && *failing.value < *failing.threshold;
  failing.worse = below ? Worse::below : Worse::above;
  failing.since = time_at(one, "since").value_or(TimePoint{});
  failing.remedy = both_at(one, "remedy");
  return failing;
}

void read_incident(Message& message, const json::object& body) {
  const json::object& incident = object_at(body, "incident");
  message.incident = string_member(incident, "id");
  message.opened = time_at(incident, "opened_at");
  message.link = string_member(incident, "url");
  message.kind = string_member(body, "kind");
  message.crm_state = level_at(body, "crm_state");
  message.data_status = data_status_of(body);
  message.score = number_at(body, "score");
  each_object(body, "failing", [&](const json::object& one) { message.failing.push_back(read_failing(one)); });
  if (const json::object& fault = object_at(body, "fault"); !fault.empty()) {
    message.fault.emplace();
    if (fault.contains("verdict")) message.fault->verdict = string_member(fault, "verdict");
    message.fault->why_en = message.fault->why_zh = string_member(fault, "why");
  }
  message.evidence = texts_at(body, "evidence");
  each_object(body, "changes", [&](const json::object& one) {
    message.changes.push_back({time_at(one, "at").value_or(TimePoint{}), string_member(one, "what"),
                               string_member(one, "from"), string_member(one, "to"), string_member(one, "object"),
                               string_member(one, "agent"), both_at(one, "text")});
  });
}

void read_listed(Message& message, const json::object& body) {
  constexpr double kMost = 1e9;
  if (const auto more = number_at(body, "more"); more && *more > 0 && *more < kMost)
    message.unlisted = static_cast<std::uint32_t>(*more);
  each_object(body, "crms", [&](const json::object& one) {
    message.listed.push_back({string_member(one, "crm"), string_member(one, "kind"), level_at(one, "state"),
                              string_member(one, "incident")});
  });
  message.instances = texts_at(body, "instances");
}

}  // namespace

std::optional<Message> read_version_0(std::string_view text) {
  boost::system::error_code failed;
  const json::value parsed = json::parse({text.data(), text.size()}, failed);
  if (failed || !parsed.is_object()) return std::nullopt;
  const json::object& body = parsed.get_object();
  Message message;
  message.type = EventName{string_member(body, "type")};
  message.at = time_at(body, "at").value_or(TimePoint{});
  message.language = string_member(body, "language") == "zh" ? Language::zh : Language::en;
  for (const char* key : {"crm", "agent", "vendor", "receiver", "collector"}) {
    if (message.subject.empty()) message.subject = string_member(body, key);
  }
  message.state = level_at(body, "state").value_or(Level::healthy);
  message.previous = level_at(body, "previous_state").value_or(message.state);
  message.reason = string_member(body, "reason");
  message.since = time_at(body, "since");
  read_incident(message, body);
  read_listed(message, body);
  message.undelivered = string_member(body, "event");
  message.about = string_member(body, "about");
  message.why = string_member(body, "why");
  message.ahead = Duration{static_cast<Duration::rep>(number_at(body, "ahead_seconds").value_or(0) * 1000)};
  message.text = both_at(body, "text");
  return message;
}

}  // namespace crmpulse::collector
