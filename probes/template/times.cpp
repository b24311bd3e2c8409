// ${now-24h|iso} and its kin, and the quoting of CRMs' own query languages.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "probes/template/parts.h"

namespace crmpulse::probes {
namespace {

using std::chrono::floor;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 4> kTimeNames{"now", "today", "month", "year"};
constexpr std::array<std::string_view, 13> kForms{"offset", "sql", "iso",  "date",   "seconds", "millis", "year",
                                                  "month",  "day", "hour", "minute", "second",  "ym"};
constexpr std::array<std::string_view, 3> kQuotings{"soql", "coql", "odata"};
constexpr int kMostMonths = 1200;

template <class List>
bool contains(const List& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

year_month_day date_of(TimePoint at) {
  return year_month_day{floor<std::chrono::days>(at)};
}

/// The last day of a month stands for days the month does not have.
TimePoint months_earlier(TimePoint at, int months) {
  const auto day = floor<std::chrono::days>(at);
  year_month_day date = year_month_day{day} - std::chrono::months{months};
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days{date} + (at - day);
}

TimePoint start_of(std::string_view name, TimePoint now) {
  const year_month_day date = date_of(now);
  if (name == "today") return std::chrono::sys_days{date};
  if (name == "month") return std::chrono::sys_days{date.year() / date.month() / 1};
  if (name == "year") return std::chrono::sys_days{date.year() / 1 / 1};
  return now;
}

Value whole(std::int64_t number) {
  return {ParameterType::integer, std::to_string(number)};
}

Value formed(TimePoint at, std::string_view form) {
  const year_month_day date = date_of(at);
  const auto of_day = floor<std::chrono::seconds>(at - floor<std::chrono::days>(at)).count();
  const auto year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  const auto day = static_cast<unsigned>(date.day());
  if (form == "year") return whole(year);
  if (form == "month") return whole(month);
  if (form == "day") return whole(day);
  if (form == "hour") return whole(of_day / 3600);
  if (form == "minute") return whole(of_day / 60 % 60);
  if (form == "second") return whole(of_day % 60);
  std::string text;
  if (form == "seconds") {
    text = std::to_string(floor<std::chrono::seconds>(at).time_since_epoch().count());
  } else if (form == "millis") {
    text = std::to_string(unix_millis(at));
  } else if (form == "date") {
    text = fmt::format("{:04}-{:02}-{:02}", year, month, day);
  } else if (form == "offset" || form == "sql") {
    const bool sql = form == "sql";
    text = fmt::format("{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}", year, month, day, sql ? ' ' : 'T', of_day / 3600,
                       of_day / 60 % 60, of_day % 60, sql ? "" : "+00:00");
  } else if (form == "ym") {
    text = fmt::format("{:04}-{:02}", year, month);
  } else {
    text = format_time(TimePoint{floor<std::chrono::seconds>(at)});
  }
  return {ParameterType::string, std::move(text)};
}

}  // namespace

bool is_time_name(std::string_view name) {
  return contains(kTimeNames, name);
}
bool is_time_form(std::string_view filter) {
  return contains(kForms, filter);
}
bool is_quoting(std::string_view filter) {
  return contains(kQuotings, filter);
}

std::optional<int> months_of(std::string_view back) {
  if (!back.ends_with("mo")) return std::nullopt;
  back.remove_suffix(2);
  int months = 0;
  const auto [end, error] = std::from_chars(back.data(), back.data() + back.size(), months);
  const bool whole_number = error == std::errc{} && end == back.data() + back.size();
  return whole_number && months >= 0 && months <= kMostMonths ? std::optional{months} : std::nullopt;
}

Result<Value> time_value(const Piece& piece, TimePoint now, std::string_view back) {
  TimePoint at = start_of(piece.name, now);
  if (const auto months = months_of(back)) {
    at = months_earlier(at, *months);
  } else if (!back.empty()) {
    const Result<Duration> duration = parse_duration(back);
    if (!duration) return duration.error();
    at -= *duration;
  }
  const auto form = std::find_if(piece.filters.begin(), piece.filters.end(), is_time_form);
  return formed(at, form == piece.filters.end() ? "iso" : std::string_view{*form});
}

Result<std::string> quoted(std::string_view text, std::string_view quoting) {
  std::string out{"'"};
  for (const char c : text) {
    if (c == '\'' && quoting == "odata") {
      out += "''";
    } else if ((c == '\'' || c == '\\') && quoting != "odata") {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      if (quoting != "soql" || (c != '\n' && c != '\r' && c != '\t'))
        return Error{"a control character cannot stand in a query"};
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else {
      out += c;
    }
  }
  out += '\'';
  return out;
}

}  // namespace crmpulse::probes
