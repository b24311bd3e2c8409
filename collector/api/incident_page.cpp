#include "collector/api/incident_page.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/api/html.h"
#include "collector/message/words.h"
#include "collector/text/json_text.h"
#include "collector/text/value_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object parsed(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : std::move(value.get_object());
}

const json::array& list_at(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const json::value* list = object.if_contains(key);
  return list != nullptr && list->is_array() ? list->get_array() : kNone;
}

/// Both languages of `{en, zh}`, one under the other.
std::string both(const json::object& text) {
  const std::string en = string_member(text, "en");
  const std::string zh = string_member(text, "zh");
  return zh.empty() || zh == en ? escape_html(en) : fmt::format("{}<br>{}", escape_html(en), escape_html(zh));
}

std::string fault_part(const json::object& detail) {
  const json::object& fault = object_member(detail, "fault");
  const std::string why = string_member(fault, "why");
  if (why.empty()) return {};
  const Fault told{string_member(fault, "verdict"), why, string_member(fault, "why_zh")};
  return fmt::format("<h2>Looks like 初步判断</h2>\n<p>{}<br>{}</p>\n", escape_html(fault_words(told, Language::en)),
                     escape_html(fault_words(told, Language::zh)));
}

std::string remedies(const json::object& detail) {
  std::string items;
  for (const json::value& one : list_at(detail, "failing")) {
    if (!one.is_object()) continue;
    const json::object& remedy = object_member(one.get_object(), "remedy");
    if (!remedy.empty()) items += fmt::format("<li>{}</li>\n", both(remedy));
  }
  return items.empty() ? items : "<h2>What to do 处理建议</h2>\n<ol>" + items + "</ol>\n";
}

std::string ack_part(const json::object& detail) {
  const json::object& ack = object_member(detail, "ack");
  if (ack.empty()) return "<p>Nobody has acknowledged it 尚无人确认</p>\n";
  return fmt::format("<p>Acknowledged by 已确认 {} {}</p>\n", escape_html(string_member(ack, "author")),
                     escape_html(string_member(ack, "comment")));
}

std::string timeline_part(const json::array& lines, const ZonePtr& zone) {
  std::string rows;
  for (const json::value& one : lines) {
    const json::object& line = one.get_object();
    const auto at = parse_time(string_member(line, "at"));
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", at ? date_text(*at, zone) : std::string{},
                        both(object_member(line, "text")));
  }
  if (rows.empty()) return rows;
  return "<h2>Timeline 时间线</h2>\n<table><thead><tr><th>At 时间</th><th>What 内容</th></tr></thead><tbody>\n" + rows +
         "</tbody></table>\n";
}

std::string_view level_class(int level) {
  return level >= 2 ? "poor" : level == 1 ? "sub_healthy" : "healthy";
}

}  // namespace

std::string render_incident(const store::StoredIncident& incident, const json::array& timeline, const ZonePtr& zone) {
  const json::object detail = parsed(incident.detail);
  const auto level = static_cast<Level>(incident.level);
  std::string out = fmt::format("<p><a href=\"../\">crmpulse</a></p>\n<h1>{}</h1>\n", escape_html(incident.crm));
  if (incident.resolved) {
    out += fmt::format("<p>Over since 已恢复 {}; it was {} 最差为{}. It began 开始时间 {}</p>\n",
                       date_text(*incident.resolved, zone), level_words(level, Language::en),
                       level_words(level, Language::zh), date_text(incident.opened, zone));
  } else {
    out += fmt::format("<p class=\"{}\"><strong>{} {}</strong> since 开始时间 {}</p>\n", level_class(incident.level),
                       level_words(level, Language::en), level_words(level, Language::zh),
                       date_text(incident.opened, zone));
    out += ack_part(detail) + fault_part(detail) + remedies(detail);
  }
  return html_page(fmt::format("{} – crmpulse", incident.crm), out + timeline_part(timeline, zone), 2);
}

}  // namespace crmpulse::collector
