#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "collector/api/html.h"
#include "collector/public/render.h"
#include "collector/public/words.h"
#include "core/time/hours.h"
#include "core/words/value.h"

namespace crmpulse::collector {
namespace {

constexpr std::array kByWeight{Shown::poor, Shown::sub_healthy, Shown::maintenance, Shown::healthy, Shown::unknown};
constexpr std::size_t kMostListed = 50;
constexpr int kStripHeight = 28;

std::string said(const Bilingual& text, Language language) {
  return escape_html(in_language(text, language));
}

std::string marked(Shown state, Language language) {
  return fmt::format("<span class=\"state {}\"><span aria-hidden=\"true\">{}</span> {}</span>", to_string(state),
                     state_shape(state), state_word(state, language));
}

/// The worse, the taller: colour is not all that tells states apart.
int height_of(Shown state) {
  switch (state) {
    case Shown::poor: return kStripHeight;
    case Shown::sub_healthy: return 20;
    case Shown::maintenance: return 14;
    case Shown::healthy: return 10;
    case Shown::unknown: return 3;
  }
  return 3;
}

std::string share_text(double share, Language language) {
  return value_beside(share, std::array{1.0}, "ratio", language);
}

/// One path for the days of each state.
std::string strip(const PublicCrm& crm, Language language) {
  std::array<std::string, kShownStates> paths;
  std::array<int, kShownStates> count{};
  for (std::size_t i = 0; i < crm.days.size(); ++i) {
    const Shown worst = crm.days[i].worst();
    const auto place = static_cast<std::size_t>(worst);
    const int height = height_of(worst);
    ++count.at(place);
    paths.at(place) += fmt::format("M{} {}h3v{}h-3z", 4 * i, kStripHeight - height, height);
  }
  std::string label;
  for (const Shown state : kByWeight) {
    const int days = count.at(static_cast<std::size_t>(state));
    if (days == 0) continue;
    label += label.empty() ? in_words(language, "The last 90 days: ", "最近 90 天：") : in_words(language, ", ", "，");
    label += in_words(language, "{} {} d", "{} {} 天", state_word(state, language), days);
  }
  std::string out =
      fmt::format("<svg viewBox=\"0 0 {} {}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
                  4 * crm.days.size(), kStripHeight, escape_html(label));
  for (std::size_t i = 0; i < kShownStates; ++i) {
    if (!paths.at(i).empty())
      out += fmt::format("<path class=\"{}\" d=\"{}\"/>", to_string(static_cast<Shown>(i)), paths.at(i));
  }
  return out + "</svg>\n";
}

/// The days that were not all healthy, for whoever wants figures, and for whoever cannot see the strip.
std::string days_table(const PublicCrm& crm, Language language) {
  std::string rows;
  for (auto day = crm.days.rbegin(); day != crm.days.rend(); ++day) {
    std::string cells;
    for (const Shown state : {Shown::poor, Shown::sub_healthy, Shown::maintenance}) {
      if (day->in(state) < std::chrono::seconds{1}) continue;
      cells += fmt::format("{} {} {}<br>", state_shape(state), state_word(state, language),
                           span_text(day->in(state), language));
    }
    if (!cells.empty())
      rows += fmt::format("<tr><th scope=\"row\"><time datetime=\"{0}\">{0}</time></th><td>{1}</td></tr>\n",
                          date_text(day->date), cells);
  }
  if (rows.empty()) return {};
  return fmt::format("<details><summary>{}</summary><table>{}</table></details>\n",
                     in_words(language, "Days with trouble or maintenance", "出现问题或进行维护的日期"), rows);
}

std::string crm_part(const PublicCrm& crm, const PublicStatus& status, Language language) {
  std::string figure = crm.usable ? in_words(language, "usable {}", "可用 {}", share_text(*crm.usable, language)) : "";
  return fmt::format(
      "<section>\n<div class=\"top\"><h2>{}</h2>{}</div>\n<p>{}</p>\n{}<div class=\"scale\"><span>{}</span><span>{}"
      "</span><span>{}</span></div>\n{}</section>\n",
      said(crm.name, language), marked(crm.state, language), said(crm_sentence(crm, status), language),
      strip(crm, language), in_words(language, "90 days ago", "90 天前"), figure, in_words(language, "today", "今天"),
      days_table(crm, language));
}

std::string planned_part(const PublicStatus& status, Language language) {
  std::string items;
  for (const PublicCrm& crm : status.crms) {
    for (const PlannedWork& work : crm.planned)
      items += fmt::format("<li><b>{}</b><br>{}</li>\n", said(crm.name, language),
                           said(planned_sentence(work, status), language));
  }
  if (items.empty()) return {};
  return fmt::format("<h3>{}</h3>\n<ul>{}</ul>\n", in_words(language, "Planned maintenance", "计划内维护"), items);
}

std::string incidents_part(const PublicStatus& status, Language language) {
  struct Listed {
    const PublicCrm* crm;
    const ShownIncident* incident;
  };
  std::vector<Listed> all;
  for (const PublicCrm& crm : status.crms) {
    for (const ShownIncident& incident : crm.incidents) all.push_back({&crm, &incident});
  }
  std::sort(all.begin(), all.end(),
            [](const Listed& a, const Listed& b) { return a.incident->opened > b.incident->opened; });
  std::string out = fmt::format("<h3>{}</h3>\n", in_words(language, "Incidents of 90 days", "最近 90 天的事件"));
  if (all.empty()) return out + fmt::format("<p class=\"soft\">{}</p>\n", in_words(language, "None.", "无。"));
  out += "<ul>";
  for (std::size_t i = 0; i < std::min(all.size(), kMostListed); ++i)
    out += fmt::format("<li><b>{}</b><br>{}</li>\n", said(all[i].crm->name, language),
                       said(incident_sentence(*all[i].incident, status), language));
  out += "</ul>\n";
  if (all.size() > kMostListed)
    out += fmt::format("<p class=\"soft\">{}</p>\n",
                       in_words(language, "And {} more.", "另有 {} 个事件。", all.size() - kMostListed));
  return out;
}

std::string legend(Language language) {
  std::string out;
  for (const Shown state : {Shown::healthy, Shown::sub_healthy, Shown::poor, Shown::unknown, Shown::maintenance})
    out += marked(state, language);
  return fmt::format("<div class=\"legend\">{}</div>\n", out);
}

}  // namespace

std::string render_html(const PublicStatus& status, Language language) {
  const bool zh = language == Language::zh;
  const std::string title = said(status.title, language);
  const std::string whole = said(whole_sentence(status), language);
  std::string crms;
  for (const PublicCrm& crm : status.crms) crms += crm_part(crm, status, language);
  // Whole minutes: within one it is the same page, and who has it needs no other.
  const TimePoint minute = std::chrono::floor<std::chrono::minutes>(status.at);
  const std::string now = date_text(minute, status.zone);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{0}\"><head><meta charset=\"utf-8\"><title>{1} · {2}</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"refresh\" content=\"60\">\n<link rel=\"stylesheet\" href=\"status.css\">\n"
      "<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{2}\" href=\"status.atom?lang={0}\"></head>\n"
      "<body><main>\n<header><span>{2}</span><nav><a href=\"status?lang={3}\" lang=\"{3}\" "
      "hreflang=\"{3}\">{4}</a></nav>"
      "</header>\n<h1>{1}</h1>\n<p class=\"lead\">{5}</p>\n{6}{7}{8}{9}"
      "<footer><nav><a href=\"status.atom?lang={0}\">Atom</a> · <a href=\"status.json\">JSON</a></nav></footer>\n"
      "</main></body></html>\n",
      zh ? "zh" : "en", whole, title, zh ? "en" : "zh", zh ? "English" : "中文",
      in_words(language, "As of {}. The page renews itself every minute.", "截至 {}。本页每分钟自动刷新。",
               fmt::format("<time datetime=\"{}\">{}</time>", format_time(minute), now)),
      crms, legend(language), planned_part(status, language), incidents_part(status, language));
}

}  // namespace crmpulse::collector
