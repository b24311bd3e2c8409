#include <fmt/format.h>

#include <algorithm>

#include "collector/report/format/charts.h"
#include "collector/report/format/formats.h"
#include "collector/report/format/style.h"
#include "collector/report/format/tables.h"
#include "collector/report/format/words.h"
#include "collector/text/html_text.h"
#include "core/version.h"
#include "core/words/value.h"
#include "net/base/crypto.h"

namespace crmpulse::collector::report {
namespace {

constexpr std::size_t kIncidents = 30;
constexpr std::size_t kIncidentsOfWeek = 4;

std::string paragraph(std::string_view css, const std::string& text) {
  return fmt::format("<p class=\"{}\">{}</p>\n", css, escape_html(text));
}

std::string heading(const Report& report, Language language) {
  const bool week = report.period.kind == PeriodKind::week;
  const std::string title =
      in_words(language, "{0}: {1} of {2}", "{0}：{1}（{2}）", report.crm,
               week ? either(language, "check-up", "每周体检") : either(language, "evaluation", "评估报告"),
               period_name(report.period, language));
  std::string what = dates_text(report.period.first, report.period.end, language);
  if (report.period.kind == PeriodKind::range) what.clear();
  const auto add = [&](const std::string& more) { what += (what.empty() ? "" : " · ") + more; };
  if (!report.kind.empty()) add(report.kind);
  add(in_words(language, "times of {}", "时区：{}", report.zone ? report.zone->name : "UTC"));
  if (report.previous) {
    add(in_words(language, "beside {}", "对比 {}", period_name(*report.previous, language)));
  }
  return fmt::format("<h1>{}</h1>\n", escape_html(title)) + paragraph("what", what);
}

struct Tile {
  std::string value;
  std::string name;
  std::string_view css;
};

std::string tiles(const Report& report, Language language) {
  std::vector<Tile> all;
  const auto add = [&](std::string_view metric, std::string_view name) {
    const Figure* one = find(report.figures, metric);
    if (one == nullptr) return;
    const std::optional<bool> met = one->met();
    const bool known = one->value.has_value();
    std::string value = known ? figure_value(*one, one->value, language) : "–";
    std::string_view css = !met ? "" : *met ? "ok" : "bad";
    if (met) value = (*met ? "● " : "■ ") + value;
    std::string told{name};
    if (known && one->previous && report.previous)
      told += in_words(language, ", before: {}", "，此前 {}", figure_value(*one, one->previous, language));
    if (!known) told += either(language, ": not measured", "：未测量");
    all.push_back({std::move(value), std::move(told), css});
  };
  add("availability_ratio", either(language, "checks answered", "探测成功率"));
  add("score_mean", either(language, "mean score of 100", "平均健康评分（满分 100）"));
  add("poor_seconds", either(language, "poor", "不良时长"));
  add("degraded_seconds", either(language, "degraded", "亚健康时长"));
  add("incidents", either(language, "incidents", "事件数"));
  std::string items;
  for (const Tile& one : all)
    items += fmt::format("<li><b class=\"{}\">{}</b><span>{}</span></li>\n", one.css, escape_html(one.value),
                         escape_html(one.name));
  return "<ul class=\"tiles\">\n" + items + "</ul>\n";
}

std::string_view condition_class(Condition condition) {
  switch (condition) {
    case Condition::healthy: return "ok";
    case Condition::degraded: return "sub";
    case Condition::poor: return "bad";
    case Condition::maintenance: return "work";
    case Condition::no_data: break;
  }
  return "soft";
}

std::string legend(const Report& report, Language language) {
  std::string items;
  for (const Condition one :
       {Condition::healthy, Condition::degraded, Condition::poor, Condition::maintenance, Condition::no_data}) {
    const Duration time = report.states.of(one);
    items += fmt::format("<li><span class=\"{}\">{}</span> {} {}</li>\n", condition_class(one), condition_shape(one),
                         condition_name(one, language), escape_html(span_text(time, language)));
  }
  return "<ul class=\"legend\">\n" + items + "</ul>\n";
}

std::string section(std::string_view title, const std::string& body) {
  return body.empty() ? body : fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, body);
}

std::string not_measured(const Report& report, Language language) {
  std::string out;
  if (!report.not_measured.empty()) {
    std::string names;
    for (const std::string& one : report.not_measured)
      names +=
          (names.empty() ? std::string{} : std::string{either(language, ", ", "、")}) + dimension_title(one, language);
    out += paragraph("note", in_words(language, "Not measured in this period, so nothing is said of it: {}.",
                                      "本周期内没有测量、因此不作评价：{}。", names));
  }
  if (!report.idle_features.empty()) {
    std::string names;
    for (const std::string& one : report.idle_features)
      names += (names.empty() ? std::string{} : std::string{either(language, ", ", "、")}) + one;
    out += paragraph("note", in_words(language, "Features that nobody used: {}.", "无人使用的功能：{}。", names));
  }
  return out;
}

std::string latency_section(const Report& report, Language language) {
  const std::string table = latency_table(report, language);
  if (table.empty()) return table;
  return table +
         paragraph("note",
                   std::string{either(
                       language,
                       "p95: 95 of 100 calls took no longer. In the charts the line is p95, the "
                       "dashes are p50, the amber dashes the target of p75.",
                       "p95 表示 95% 的调用不超过该时长。图中实线为 p95，虚线为 p50，橙色虚线为 p75 的目标。")}) +
         latency_charts(report, language);
}

std::string improvement_section(const Report& report, Language language) {
  const std::string list = improvements_list(report, language);
  if (!list.empty()) return list;
  return paragraph("", std::string{either(language, "Nothing was degraded or poor in an incident: nothing stands out.",
                                          "没有造成影响的事件，暂无需要优先改进的方面。")});
}

std::string state_section(const Report& report, Language language) {
  return paragraph("", chart_sentence(report, language)) + state_chart(report, language) + legend(report, language);
}

std::string incident_section(const Report& report, Language language, std::size_t most) {
  if (report.incidents.empty())
    return paragraph("", std::string{either(language, "There was none.", "没有发生事件。")});
  return incidents_table(report, language, most);
}

std::string body(const Report& report, Language language) {
  const bool week = report.period.kind == PeriodKind::week;
  std::string out = heading(report, language) + paragraph("first", summary(report, language));
  for (const std::string& one : caveats(report, language)) out += paragraph("note", one);
  out += tiles(report, language);
  out += section(either(language, "How it was", "健康状态变化"), state_section(report, language));
  out += section(either(language, "What to improve next", "优先改进"), improvement_section(report, language));
  out += section(either(language, "Goals", "目标进展"), goals_table(report, language));
  if (!week) out += section(either(language, "Response time", "响应时间"), latency_section(report, language));
  out += section(either(language, "Every dimension", "各项指标"),
                 figures_table(report, language, week) + not_measured(report, language));
  out += section(either(language, "Incidents", "事件"),
                 incident_section(report, language, week ? kIncidentsOfWeek : kIncidents));
  const std::string more = week ? std::string{} : appendix(report, language);
  if (!more.empty()) {
    out += fmt::format(
        "<section class=\"appendix\"><h2>{}</h2>\n{}</section>\n",
        either(language, "Appendix: what happened, for a claim under an SLA", "附录：事件经过（SLA 索赔依据）"), more);
  }
  return out;
}

}  // namespace

std::string html_policy() {
  return fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
      net::base64_encode(net::sha256(report_style())));
}

std::string html(const Report& report, Language language) {
  const std::string title = fmt::format("{} – {}", report.crm, period_name(report.period, language));
  const std::string made = in_words(language, "Made by crmpulse {} on {}.", "由 crmpulse {} 生成于 {}。", kVersion,
                                    date_text(report.made, report.zone));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<style>{}</style></head>\n"
      "<body class=\"{}\"><main>\n{}<footer>{}</footer>\n</main></body></html>\n",
      either(language, "en", "zh-CN"), escape_html(title), report_style(), to_string(report.period.kind),
      body(report, language), escape_html(made));
}

}  // namespace crmpulse::collector::report
