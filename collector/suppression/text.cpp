#include "collector/suppression/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "collector/text/json_text.h"
#include "config/zone.h"
#include "core/log.h"
#include "core/text/utf8.h"
#include "rules/time/schedule.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kDay{std::chrono::hours{24}};
constexpr Duration kLongestSilence = kDay * 30;
constexpr Duration kLongestMaintenance = kDay * 366;
constexpr Duration kFarthest = kDay * 366;
constexpr std::size_t kMostMatchers = 20;
constexpr std::size_t kMostValues = 1000;
constexpr std::size_t kMaxLabel = 1024;
constexpr std::size_t kMaxLabelName = 128;

Checked<ActiveHours> check_weekly(const SuppressionText::Weekly& text) {
  ActiveHours weekly;
  weekly.days = 0;
  for (const std::string& name : text.days) {
    const unsigned char days = days_from(name);
    if (days == 0) return FieldError{"weekly.days", fmt::format("'{}' is not a day; write mon … sun or mon-fri", name)};
    weekly.days = static_cast<unsigned char>(weekly.days | days);
  }
  if (weekly.days == 0) return FieldError{"weekly.days", "at least one day is needed"};
  const auto from = clock_from(text.from);
  const auto to = clock_from(text.to);
  if (!from || *from == kDay) return FieldError{"weekly.from", "write a time of day: \"22:00\""};
  if (!to) return FieldError{"weekly.to", "write a time of day: \"02:00\""};
  if (*from == *to) return FieldError{"weekly.to", "the window is empty; a whole day is from 00:00 to 24:00"};
  weekly.from = *from;
  weekly.to = *to;
  if (text.tz.empty()) return FieldError{"weekly.tz", "a time zone is needed: Europe/Berlin, UTC, local"};
  auto zone = config::load_zone(text.tz);
  if (!zone) return FieldError{"weekly.tz", zone.error().message};
  weekly.zone = std::move(*zone);
  return weekly;
}

/// `asked`: by a request now; what was stored before is not held to the bounds on names.
std::optional<FieldError> check_matchers(const std::vector<LabelMatch>& matchers, bool asked) {
  if (matchers.empty()) return FieldError{"matchers", "at least one label is needed: {\"crm\": \"acme\"}"};
  if (matchers.size() > kMostMatchers) return FieldError{"matchers", fmt::format("at most {} labels", kMostMatchers)};
  for (const LabelMatch& match : matchers) {
    const std::string field = "matchers." + match.name;
    if (match.name.empty()) return FieldError{"matchers", "a label without a name"};
    if (auto wrong = check_text("matchers", match.name, kMaxLabelName, true); wrong && asked) return wrong;
    if (match.any_of.empty()) return FieldError{field, "at least one value is needed"};
    if (match.any_of.size() > kMostValues) return FieldError{field, fmt::format("at most {} values", kMostValues)};
    for (const std::string& value : match.any_of) {
      if (auto wrong = check_text(field, value, kMaxLabel, true)) return wrong;
    }
  }
  return std::nullopt;
}

Checked<std::optional<TimePoint>> read_time(std::string_view field, const std::string& text) {
  if (text.empty()) return std::optional<TimePoint>{};
  const auto time = parse_time(text);
  if (!time) return FieldError{std::string{field}, "write a time as in RFC 3339: 2026-11-21T09:00:00Z"};
  return std::optional<TimePoint>{*time};
}

/// `ends_at`, or `expires_in` after the beginning.
Checked<std::optional<TimePoint>> read_end(const SuppressionText& text, TimePoint starts, bool begins) {
  if (text.expires_in.empty()) return read_time("ends_at", text.ends_at);
  if (!text.ends_at.empty()) return FieldError{"expires_in", "ends_at or expires_in, not both"};
  if (!begins) return FieldError{"starts_at", "a beginning is needed, from which expires_in counts"};
  const auto lasts = parse_duration(text.expires_in);
  if (!lasts) return FieldError{"expires_in", "write a duration: 30m, 2h, 1d"};
  if (*lasts <= Duration{0}) return FieldError{"expires_in", "must be above zero"};
  if (*lasts > kFarthest) return FieldError{"expires_in", "at most 366 days"};
  return std::optional<TimePoint>{starts + *lasts};
}

std::optional<FieldError> check_times(const Suppression& checked, const SuppressionText& text,
                                      std::optional<TimePoint> now) {
  // What is wrong is told of the field that was written.
  const char* const end = text.expires_in.empty() ? "ends_at" : "expires_in";
  if (!checked.ends) {
    if (checked.weekly) return std::nullopt;
    return FieldError{end, "an end is needed: ends_at, or expires_in such as 2h"};
  }
  if (!now && !checked.weekly && text.starts_at.empty()) return FieldError{"starts_at", "a beginning is needed"};
  if (*checked.ends <= checked.starts) return FieldError{end, "must be after starts_at, and not in the past"};
  if (now && checked.starts > *now + kFarthest) return FieldError{"starts_at", "at most 366 days ahead"};
  if (checked.kind == Suppression::Kind::silence && *checked.ends - checked.starts > kLongestSilence)
    return FieldError{end, "a silence lasts at most 30 days"};
  if (!checked.weekly && *checked.ends - checked.starts > kLongestMaintenance)
    return FieldError{end, "a maintenance window lasts at most 366 days"};
  return std::nullopt;
}

json::object matchers_json(const std::vector<LabelMatch>& matchers) {
  json::object out;
  for (const LabelMatch& match : matchers) {
    json::array values;
    for (const std::string& value : match.any_of) values.push_back(json::value(value));
    out[match.name] = std::move(values);
  }
  return out;
}

json::value weekly_json(const std::optional<ActiveHours>& weekly) {
  if (!weekly) return nullptr;
  json::array days;
  for (std::size_t day = 0; day < kDayNames.size(); ++day) {
    if ((weekly->days >> day & 1) != 0) days.push_back(json::value(kDayNames[day]));
  }
  return json::object{{"days", std::move(days)},
                      {"from", clock_text(weekly->from)},
                      {"to", clock_text(weekly->to)},
                      {"tz", weekly->zone.name}};
}

json::value time_or_null(const std::optional<TimePoint>& time) {
  return time ? json::value(format_time(*time)) : json::value(nullptr);
}

}  // namespace

Checked<Suppression> check_suppression(Suppression::Kind kind, const SuppressionText& text,
                                       std::optional<TimePoint> now) {
  Suppression checked;
  checked.kind = kind;
  if (auto wrong = check_matchers(text.matchers, now.has_value())) return *wrong;
  checked.matchers = text.matchers;
  auto starts = read_time("starts_at", text.starts_at);
  if (!starts) return starts.error();
  checked.created = now.value_or(TimePoint{});
  // The past was judged without it: nothing begins before it was asked for.
  checked.starts = std::max(starts->value_or(checked.created), checked.created);
  auto ends = read_end(text, checked.starts, now || *starts);
  if (!ends) return ends.error();
  checked.ends = *ends;
  if (text.weekly) {
    auto weekly = check_weekly(*text.weekly);
    if (!weekly) return weekly.error();
    checked.weekly = std::move(*weekly);
  }
  if (auto wrong = check_times(checked, text, now)) return *wrong;
  if (auto wrong = check_text("author", text.author, kMaxAuthor, true)) return *wrong;
  if (auto wrong = check_text("comment", text.comment, kMaxComment, true)) return *wrong;
  checked.author = text.author;
  checked.comment = text.comment;
  return checked;
}

std::optional<FieldError> check_text(std::string_view field, std::string_view text, std::size_t most, bool required) {
  const auto wrong = [&](std::string message) { return FieldError{std::string{field}, std::move(message)}; };
  if (required && text.find_first_not_of(' ') == std::string_view::npos) return wrong("must not be missing or empty");
  const auto characters =
      text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), utf8::continues));
  if (characters > most) return wrong(fmt::format("at most {} characters", most));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), control)) return wrong("must be one line without control characters");
  return std::nullopt;
}

json::object suppression_json(const Suppression& suppression, TimePoint now) {
  json::object out{
      {"id", suppression.id},
      {"status", to_string(suppression.phase_at(now))},
      {"matchers", matchers_json(suppression.matchers)},
      {"starts_at",
       suppression.starts == TimePoint{} ? json::value(nullptr) : json::value(format_time(suppression.starts))},
      {"ends_at", time_or_null(suppression.ends)},
      {"author", suppression.author},
      {"comment", suppression.comment},
      {"created_at", suppression.configured ? json::value(nullptr) : json::value(format_time(suppression.created))}};
  if (suppression.kind == Suppression::Kind::silence) return out;
  out["configured"] = suppression.configured;
  out["weekly"] = weekly_json(suppression.weekly);
  out["window"] = nullptr;
  if (!suppression.weekly || suppression.phase_at(now) == Suppression::Phase::expired) return out;
  if (const auto window = rules::occurrence(*suppression.weekly, std::max(now, suppression.starts)))
    out["window"] = json::object{{"from", format_time(window->from)}, {"to", format_time(window->to)}};
  return out;
}

store::StoredSuppression to_stored(const Suppression& suppression) {
  const json::object detail{{"matchers", matchers_json(suppression.matchers)},
                            {"weekly", weekly_json(suppression.weekly)},
                            {"author", suppression.author},
                            {"comment", suppression.comment}};
  return {suppression.id, suppression.kind, suppression.created, suppression.starts, suppression.ends, to_text(detail)};
}

std::optional<Suppression> from_stored(const store::StoredSuppression& stored) {
  boost::system::error_code error;
  const json::value detail = json::parse(stored.detail, error);
  if (error || !detail.is_object()) return std::nullopt;
  auto text = read_suppression(stored.kind, detail.get_object());
  if (!text) return std::nullopt;
  // Its times are columns; here any that pass the checks do.
  text->starts_at = format_time(TimePoint{});
  text->ends_at = format_time(TimePoint{kDay});
  auto checked = check_suppression(stored.kind, *text, std::nullopt);
  if (!checked) return std::nullopt;
  checked->id = stored.id;
  checked->created = stored.created;
  checked->starts = stored.starts;
  checked->ends = stored.ends;
  return *checked;
}

}  // namespace crmpulse::collector

void crmpulse::throw_exception_from_error(const collector::FieldError& error, const boost::source_location&) {
  throw std::runtime_error(error.field + ": " + error.message);
}
