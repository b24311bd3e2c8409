#include "collector/status/shown.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "collector/message/words.h"
#include "collector/text/json_text.h"
#include "core/dimension.h"
#include "core/text/printable.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostEvidence = 5;

std::string text_at(const json::object& object, std::string_view key) {
  return printable(string_member(object, key));
}

/// `{"en": …, "zh": …}`
std::string said(const json::object& object, std::string_view key, Language language) {
  const json::object& both = object_member(object, key);
  return text_at(both, language == Language::zh ? "zh" : "en");
}

const json::array& items(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const json::value* found = object.if_contains(key);
  return found != nullptr && found->is_array() ? found->get_array() : kNone;
}

const json::object& as_object(const json::value& value) {
  static const json::object kNone;
  const json::object* object = value.if_object();
  return object == nullptr ? kNone : *object;
}

ShownState state_of(std::string_view name) {
  if (name == "healthy") return ShownState::healthy;
  if (name == "sub_healthy") return ShownState::sub_healthy;
  return name == "poor" ? ShownState::poor : ShownState::unknown;
}

std::string fault_text(const json::object& incident, Language language) {
  const json::object& fault = object_member(incident, "fault");
  if (fault.empty()) return {};
  return printable(fault_words(
      {string_member(fault, "verdict"), string_member(fault, "why"), string_member(fault, "why_zh")}, language));
}

void add_notes(const json::object& crm, Language language, std::vector<std::string>& out) {
  if (string_member(crm, "data_status") == "stale")
    out.push_back(in_words(language, "Some data is stale", "部分数据陈旧"));
  for (const json::value& window : items(crm, "maintenance"))
    out.push_back(in_words(language, "In maintenance: {}", "维护中：{}", text_at(as_object(window), "comment")));
  for (const json::value& silence : items(crm, "silences"))
    out.push_back(in_words(language, "Silenced: {}", "已静默：{}", text_at(as_object(silence), "comment")));
  if (const std::string report = said(crm, "vendor_report", language); !report.empty()) out.push_back(report);
  const json::object& incident = object_member(crm, "incident");
  if (incident.empty()) return;
  const json::object& ack = object_member(incident, "ack");
  if (ack.empty()) return out.push_back(in_words(language, "Nobody has acknowledged it", "尚无人确认"));
  const std::string author = text_at(ack, "author");
  const std::string comment = text_at(ack, "comment");
  out.push_back(comment.empty() ? in_words(language, "Acknowledged by {}", "{} 已确认", author)
                                : in_words(language, "Acknowledged by {}: {}", "{} 已确认：{}", author, comment));
}

ShownDimension shown_dimension(const json::object& dimension, Language language) {
  const std::string id = text_at(dimension, "dimension");
  const std::string_view name = dimension_name(id, language);
  return {name.empty() ? id : std::string{name}, state_of(string_member(dimension, "state")),
          said(dimension, "text", language)};
}

}  // namespace

ShownCrm shown_crm(const json::object& crm, Language language) {
  ShownCrm out;
  out.crm = text_at(crm, "crm");
  out.state = state_of(string_member(crm, "state"));
  out.maintenance = !items(crm, "maintenance").empty();
  if (const json::value* score = crm.if_contains("score"); score != nullptr && score->is_number())
    out.score = score->to_number<double>();
  if (const auto since = parse_time(string_member(crm, "since"))) out.since = *since;
  out.says = said(crm, "says", language);
  const json::object& incident = object_member(crm, "incident");
  out.incident = text_at(incident, "id");
  out.fault = fault_text(incident, language);
  add_notes(crm, language, out.notes);
  for (const json::value& remedy : items(incident, "remedies"))
    out.remedies.push_back(text_at(as_object(remedy), language == Language::zh ? "zh" : "en"));
  for (const json::value& dimension : items(crm, "dimensions"))
    out.dimensions.push_back(shown_dimension(as_object(dimension), language));
  std::stable_sort(out.dimensions.begin(), out.dimensions.end(),
                   [](const ShownDimension& a, const ShownDimension& b) { return a.state < b.state; });
  for (const json::value& line : items(crm, "evidence")) {
    if (out.evidence.size() == kMostEvidence) break;
    out.evidence.push_back(text_at(as_object(line), "text"));
  }
  return out;
}

std::vector<ShownCrm> shown_crms(const json::array& crms, Language language) {
  std::vector<ShownCrm> out;
  for (const json::value& crm : crms) out.push_back(shown_crm(as_object(crm), language));
  std::stable_sort(out.begin(), out.end(), [](const ShownCrm& a, const ShownCrm& b) {
    return a.state != b.state ? a.state < b.state : a.crm < b.crm;
  });
  return out;
}

std::vector<std::string> shown_troubles(const json::value& troubles, Language language) {
  std::vector<std::string> out;
  for (const json::value& one : items(as_object(troubles), "troubles"))
    out.push_back(said(as_object(one), "text", language));
  return out;
}

}  // namespace crmpulse::collector
