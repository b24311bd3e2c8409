#pragma once
// A report in each of the forms that leave the collector. Pure.

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "collector/report/figures/report.h"
#include "core/words/language.h"

namespace crmpulse::collector::report {

enum class Format { html, csv, json };
[[nodiscard]] std::optional<Format> format_from(std::string_view text);
/// Returns `text/html; charset=utf-8`, ….
[[nodiscard]] std::string_view media_type(Format format);
/// Returns `crmpulse-acme-2026-10.html`: letters, digits, '-', '_' and '.' only.
[[nodiscard]] std::string file_name(const Report& report, Format format);

/// Returns a whole page that needs no other file: its style is in it. A week is one page of A4.
[[nodiscard]] std::string html(const Report& report, Language language);
/// Returns the Content-Security-Policy under which html() shows as it should, and nothing else does.
[[nodiscard]] std::string html_policy();
/// Returns one row a figure: `period,crm,dimension,metric,value,unit,target,previous`. RFC 4180, UTF-8 with the mark by
/// which Excel knows it. What was not measured has no value. No cell begins with a character that a spreadsheet takes
/// for a formula.
[[nodiscard]] std::string csv(const Report& report);
/// Returns all of it, as `Report` in openapi.json.
[[nodiscard]] boost::json::object json(const Report& report);

/// Returns how a goal stands, as `ReportGoal` in openapi.json.
[[nodiscard]] boost::json::object goal_json(const GoalProgress& one);

[[nodiscard]] std::string render(const Report& report, Format format, Language language);

}  // namespace crmpulse::collector::report
