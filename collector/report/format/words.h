#pragma once
// What a report says, in sentences and names, in both languages.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/report/figures/report.h"
#include "core/words/language.h"

namespace crmpulse::collector::report {

[[nodiscard]] constexpr std::string_view either(Language language, std::string_view en, std::string_view zh) {
  return language == Language::zh ? zh : en;
}

/// `October 2026`, 2026 年 10 月; `week 48 of 2026`, 2026 年第 48 周; `1 to 15 November 2026`.
[[nodiscard]] std::string period_name(const Period& period, Language language);
/// The first and the last day: `23 to 29 November 2026`.
[[nodiscard]] std::string dates_text(std::chrono::sys_days first, std::chrono::sys_days end, Language language);
/// `Mon 23`, `5 Oct` of a week, `Nov`: beside a part of a chart.
[[nodiscard]] std::string bucket_name(const Bucket& bucket, Language language);
/// `Response time`, 响应时间.
[[nodiscard]] std::string dimension_title(std::string_view dimension, Language language);
/// `95th percentile: read`.
[[nodiscard]] std::string figure_title(const Figure& figure, Language language);
/// `1.3 s`, or that it was not measured.
[[nodiscard]] std::string figure_value(const Figure& figure, const std::optional<double>& value, Language language);
[[nodiscard]] std::string_view to_string(Trend trend);
/// `better`, 好转; of an amount that nobody judges `more`, 增加; empty if it is not known.
[[nodiscard]] std::string_view trend_words(Trend trend, Language language);
[[nodiscard]] std::string_view condition_name(Condition condition, Language language);
[[nodiscard]] std::string_view condition_shape(Condition condition);  ///< ● ▲ ■ ◌ ◇

/// Returns what a manager is told first: a few sentences.
[[nodiscard]] std::string summary(const Report& report, Language language);
/// Returns what the chart of the period shows: the worst day, or that there was none.
[[nodiscard]] std::string chart_sentence(const Report& report, Language language);
/// Returns what a goal has come to: `82% of 90% by 2027-03-31: …`.
[[nodiscard]] std::string goal_sentence(const GoalProgress& goal, Language language);
/// Returns a goal with its target, date and owner, what it is now and what it has come to: the text of a message.
[[nodiscard]] std::string goal_news(const GoalProgress& goal, Language language);
/// Returns what a dimension cost.
[[nodiscard]] std::string cost_sentence(const Cost& cost, Language language);
/// Returns whose fault it looked like, with the reason.
[[nodiscard]] std::string fault_sentence(const Incident& incident, Language language);
[[nodiscard]] std::string notice_sentence(const VendorNotice& notice, Language language);
/// Returns what the numbers do not have: a period under way, damage, series without room. May be empty.
[[nodiscard]] std::vector<std::string> caveats(const Report& report, Language language);

/// Returns the dimensions that failed, each once, in order.
[[nodiscard]] std::vector<std::string> dimensions_of(const Incident& incident);
/// Returns the unit in which a metric of agents is told: `ratio`, `seconds`, ….
[[nodiscard]] std::string_view unit_of_metric(std::string_view metric);

}  // namespace crmpulse::collector::report
