#include "collector/report/format/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "collector/report/format/charts.h"
#include "collector/report/format/words.h"
#include "collector/text/html_text.h"
#include "core/words/clock.h"
#include "core/words/value.h"

namespace crmpulse::collector::report {
namespace {

constexpr std::size_t kRowsOfMetric = 6;  ///< the others are in CSV and JSON
constexpr std::size_t kAppendixIncidents = 40;

std::string met_mark(const Figure& figure, Language language) {
  const std::optional<bool> met = figure.met();
  if (!met) return {};
  return *met ? fmt::format("<span class=\"ok\">● {}</span>", either(language, "met", "达标"))
              : fmt::format("<span class=\"bad\">■ {}</span>", either(language, "missed", "未达标"));
}

/// `● better than 99.2%`
std::string earlier_cell(const Figure& figure, const std::optional<double>& earlier, Language language) {
  if (!earlier) return {};
  const Trend way = trend(figure, earlier);
  const std::string value = escape_html(figure_value(figure, earlier, language));
  std::string_view css = "soft";
  std::string_view arrow = "＝";
  if (way == Trend::better || way == Trend::more || way == Trend::worse || way == Trend::less)
    arrow = *figure.value > *earlier ? "↑" : "↓";
  if (way == Trend::better) css = "ok";
  if (way == Trend::worse) css = "bad";
  if (way == Trend::unknown) return value;
  return fmt::format("{} <span class=\"{}\">{} {}</span>", value, css, arrow == "＝" ? "=" : arrow,
                     trend_words(way, language));
}

std::string cell(std::string_view name, const std::string& content) {
  return fmt::format("<td class=\"n{}\" data-name=\"{}\">{}</td>", content.empty() ? " empty" : "", escape_html(name),
                     content);
}

std::string figure_row(const Report& report, const Figure& one, Language language, const std::string& title) {
  std::string target;
  if (one.target && one.better != Better::neither) {
    target = fmt::format("{} {}", one.better == Better::higher ? "≥" : "≤",
                         escape_html(value_text(*one.target, one.unit, language)));
    if (const std::string mark = met_mark(one, language); !mark.empty()) target += " " + mark;
  }
  std::string row = fmt::format("<tr><th scope=\"row\">{}</th>", title);
  row += cell("", escape_html(figure_value(one, one.value, language)));
  row += cell(either(language, "target", "目标"), target);
  row += cell(report.previous ? period_name(*report.previous, language) : std::string{},
              earlier_cell(one, one.previous, language));
  if (report.year_ago) row += cell(period_name(*report.year_ago, language), earlier_cell(one, one.year_ago, language));
  return row + "</tr>\n";
}

std::string table_head(const Report& report, Language language) {
  std::string head = fmt::format("<thead><tr><th>{}</th><th class=\"n\">{}</th><th class=\"n\">{}</th>",
                                 either(language, "Figure", "指标"), escape_html(period_name(report.period, language)),
                                 either(language, "Target", "目标"));
  for (const auto* earlier : {&report.previous, &report.year_ago}) {
    if (*earlier) head += fmt::format("<th class=\"n\">{}</th>", escape_html(period_name(**earlier, language)));
  }
  return head + "</tr></thead>\n";
}

/// Which figure speaks for its dimension: one that missed its target, else one that has a target, else the first.
const Figure* spokesman(const std::vector<const Figure*>& figures) {
  const auto first = [&](auto wanted) -> const Figure* {
    const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure* one) { return wanted(*one); });
    return found == figures.end() ? nullptr : *found;
  };
  if (const Figure* missed = first([](const Figure& one) { return one.met() == false; })) return missed;
  if (const Figure* judged = first([](const Figure& one) { return one.met().has_value(); })) return judged;
  if (const Figure* measured = first([](const Figure& one) { return one.value.has_value(); })) return measured;
  return figures.front();
}

std::vector<std::pair<std::string, std::vector<const Figure*>>> by_dimension(const Report& report) {
  std::vector<std::pair<std::string, std::vector<const Figure*>>> out;
  for (const Figure& one : report.figures) {
    if (out.empty() || out.back().first != one.dimension) out.push_back({one.dimension, {}});
    out.back().second.push_back(&one);
  }
  return out;
}

std::size_t columns_of(const Report& report) {
  return 3 + (report.previous ? 1U : 0U) + (report.year_ago ? 1U : 0U);
}

std::string full_group(const Report& report, const std::string& dimension, const std::vector<const Figure*>& figures,
                       Language language) {
  std::string rows = fmt::format("<tr class=\"group\"><th colspan=\"{}\" scope=\"rowgroup\">{}</th></tr>\n",
                                 columns_of(report), escape_html(dimension_title(dimension, language)));
  std::map<std::string, std::size_t> shown;
  std::size_t left = 0;
  for (const Figure* one : figures) {
    if (++shown[one->metric] > kRowsOfMetric) {
      ++left;
      continue;
    }
    rows += figure_row(report, *one, language, escape_html(figure_title(*one, language)));
  }
  if (left > 0) {
    rows += fmt::format("<tr><td colspan=\"{}\" class=\"note\">{}</td></tr>\n", columns_of(report),
                        in_words(language, "{} more in CSV and JSON", "另有 {} 项，见 CSV 和 JSON", left));
  }
  return rows;
}

/// A link between the incident's row and its timeline.
std::string when_text(const Report& report, const Incident& one, Language language) {
  const TimePoint end = one.resolved.value_or(report.until);
  std::string text = escape_html(lasted_text(one.opened, end, {language, report.zone}));
  if (!one.resolved) text += fmt::format(" <b class=\"bad\">{}</b>", either(language, "still open", "尚未恢复"));
  if (one.opened < report.period.from)
    text += in_words(language, "<br><span class=\"note\">{} of it in this period</span>",
                     "<br><span class=\"note\">其中 {} 在本周期内</span>", span_text(one.lasted, language));
  if (one.cost < one.lasted)
    text += in_words(language, "<br><span class=\"note\">{} outside maintenance</span>",
                     "<br><span class=\"note\">其中 {} 在维护时段之外</span>", span_text(one.cost, language));
  return text;
}

std::string level_mark(Level level, Language language) {
  const Condition condition = level == Level::poor ? Condition::poor : Condition::degraded;
  return fmt::format("<span class=\"{}\">{} {}</span>", level == Level::poor ? "bad" : "sub",
                     condition_shape(condition), condition_name(condition, language));
}

std::string failed_text(const Incident& one, Language language) {
  std::string out;
  for (const std::string& dimension : dimensions_of(one)) {
    if (!out.empty()) out += either(language, ", ", "、");
    out += escape_html(dimension_title(dimension, language));
  }
  return out;
}

std::string acknowledged_text(const Incident& one, Language language) {
  if (!one.acknowledged) return std::string{either(language, "by nobody", "无人确认")};
  const std::string after = span_text(*one.acknowledged - one.opened, language);
  if (one.acknowledged_by.empty()) return in_words(language, "after {}", "{}后", after);
  return in_words(language, "after {} by {}", "{}后，{}", after, escape_html(one.acknowledged_by));
}

}  // namespace

std::string figures_table(const Report& report, Language language, bool brief) {
  std::string rows;
  for (const auto& [dimension, figures] : by_dimension(report)) {
    if (brief && dimension == "incidents") continue;
    if (!brief) {
      rows += full_group(report, dimension, figures, language);
      continue;
    }
    const Figure& one = *spokesman(figures);
    rows +=
        figure_row(report, one, language,
                   fmt::format("{} <span class=\"note\">· {}</span>", escape_html(dimension_title(dimension, language)),
                               escape_html(figure_title(one, language))));
  }
  return "<table class=\"stack\">" + table_head(report, language) + "<tbody>" + rows + "</tbody></table>\n";
}

std::string latency_table(const Report& report, Language language) {
  std::string rows;
  for (const Figure& p95 : report.figures) {
    if (p95.metric != "response_time_p95" || !p95.value) continue;
    const Figure* p50 = find(report.figures, "response_time_p50", p95.of);
    const Figure* p75 = find(report.figures, "response_time_p75", p95.of);
    const auto value = [&](const Figure* one) {
      return one == nullptr ? std::string{} : escape_html(figure_value(*one, one->value, language));
    };
    rows += fmt::format("<tr><th scope=\"row\">{}</th>{}{}{}{}</tr>\n", escape_html(p95.of), cell("p50", value(p50)),
                        cell("p75", value(p75) + (p75 == nullptr ? "" : " " + met_mark(*p75, language))),
                        cell("p95", value(&p95)),
                        cell(report.previous ? period_name(*report.previous, language) : std::string{},
                             earlier_cell(p95, p95.previous, language)));
  }
  if (rows.empty()) return rows;
  return fmt::format(
             "<table class=\"stack\"><thead><tr><th>{}</th><th class=\"n\">p50</th><th class=\"n\">p75</th>"
             "<th class=\"n\">p95</th><th class=\"n\">{}</th></tr></thead><tbody>\n",
             either(language, "Operation", "操作"),
             report.previous
                 ? in_words(language, "p95, {}", "p95，{}", escape_html(period_name(*report.previous, language)))
                 : std::string{}) +
         rows + "</tbody></table>\n";
}

std::string incidents_table(const Report& report, Language language, std::size_t most) {
  if (report.incidents.empty()) return {};
  // The dearest first, as far as there is room; the appendix has them in time.
  std::vector<const Incident*> order;
  for (const Incident& one : report.incidents) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](const Incident* a, const Incident* b) {
    return a->worst != b->worst ? a->worst > b->worst : a->cost > b->cost;
  });
  const std::size_t shown = std::min(order.size(), most);
  std::string rows;
  for (std::size_t i = 0; i < shown; ++i) {
    const Incident& one = *order[i];
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        level_mark(one.worst, language), when_text(report, one, language), failed_text(one, language),
                        acknowledged_text(one, language), escape_html(fault_sentence(one, language)));
  }
  std::string more;
  if (shown < order.size())
    more = in_words(language, "<p class=\"note\">{} more in CSV and JSON.</p>\n",
                    "<p class=\"note\">另有 {} 起，见 CSV 和 JSON。</p>\n", order.size() - shown);
  return fmt::format(
             "<div class=\"scroll\"><table "
             "class=\"incidents stack\"><thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>"
             "</thead><tbody>\n",
             either(language, "Worst", "最差状态"), either(language, "Lasted", "持续"),
             either(language, "What failed", "异常项"), either(language, "Acknowledged", "确认"),
             either(language, "Looked like", "初步判断")) +
         rows + "</tbody></table></div>\n" + more;
}

std::string goals_table(const Report& report, Language language) {
  if (report.goals.empty()) return {};
  std::string rows;
  for (const GoalProgress& one : report.goals) {
    const std::string_view unit = unit_of_metric(one.goal.metric);
    const auto value = [&](const std::optional<GoalReading>& reading) {
      return reading ? escape_html(value_text(reading->value, unit, language))
                     : std::string{either(language, "not measured", "未测量")};
    };
    std::string progress;
    if (one.progress) {
      const std::string percent = value_text(std::max(0.0, *one.progress), "ratio", language, 2);
      progress = progress_bar(*one.progress, in_words(language, "{} of the way", "已完成 {}", percent)) + " " +
                 escape_html(percent);
    }
    const std::string_view css = !one.on_track ? "soft" : *one.on_track ? "ok" : "bad";
    const std::string_view shape = !one.on_track ? "◌" : *one.on_track ? "●" : "■";
    rows += fmt::format(
        "<tr><th scope=\"row\">{}<br><span class=\"note\">{}</span></th><td class=\"n\">{}</td>"
        "<td class=\"n\">{} {}</td><td>{}</td><td><span class=\"{}\">{}</span> {}</td></tr>\n",
        escape_html(one.goal.name),
        in_words(language, "{}, by {}", "负责人：{}，截止 {}", escape_html(one.goal.owner), date_text(one.goal.by)),
        value(one.now), one.goal.at_most ? "≤" : "≥", escape_html(value_text(one.goal.target, unit, language)),
        progress, css, shape, escape_html(goal_sentence(one, language)));
  }
  return fmt::format(
             "<div class=\"scroll\"><table class=\"stack\"><thead><tr><th>{}</th><th class=\"n\">{}</th><th "
             "class=\"n\">{}</th>"
             "<th>{}</th><th>{}</th></tr></thead><tbody>\n",
             either(language, "Goal", "目标"), either(language, "Now", "当前值"), either(language, "Target", "目标值"),
             either(language, "Way", "进展"), either(language, "Pace", "进度")) +
         rows + "</tbody></table></div>\n";
}

std::string improvements_list(const Report& report, Language language) {
  std::string items;
  for (const Improvement& one : report.improvements) {
    items += fmt::format("<li><b>{}</b>{}{}", escape_html(dimension_title(one.cost.dimension, language)),
                         either(language, ". ", "。"), escape_html(cost_sentence(one.cost, language)));
    if (const std::string& remedy = in_language(one.remedy, language); !remedy.empty())
      items += "<br>" + escape_html(remedy);
    items += "</li>\n";
  }
  return items.empty() ? items : "<ol class=\"do\">\n" + items + "</ol>\n";
}

std::string appendix(const Report& report, Language language) {
  std::string out;
  for (const VendorNotice& one : report.notices) {
    out += fmt::format("<li>{}<br><span class=\"note\">{}</span></li>\n", escape_html(notice_sentence(one, language)),
                       escape_html(lasted_text(one.from, one.to, {language, report.zone})));
  }
  if (!out.empty())
    out =
        fmt::format("<h3>{}</h3>\n<ul>\n", either(language, "What the vendor reported", "厂商通报")) + out + "</ul>\n";
  std::size_t shown = 0;
  for (const Incident& one : report.incidents) {
    if (++shown > kAppendixIncidents) continue;
    out += fmt::format(
        "<h3>{} {} <span class=\"note\">{}</span></h3>\n<ul class=\"line\">\n", level_mark(one.worst, language),
        escape_html(lasted_text(one.opened, one.resolved.value_or(report.until), {language, report.zone})),
        escape_html(one.id));
    for (const TimelineLine& line : one.timeline) {
      out += fmt::format("<li><time datetime=\"{}\">{}</time>{}</li>\n", format_time(line.at),
                         escape_html(date_text(line.at, report.zone)), escape_html(in_language(line.text, language)));
    }
    if (one.lines_omitted > 0)
      out += in_words(language, "<li>{} more lines on the incident's page</li>\n", "<li>另有 {} 行，见事件页面</li>\n",
                      one.lines_omitted);
    out += "</ul>\n";
  }
  return out;
}

}  // namespace crmpulse::collector::report
