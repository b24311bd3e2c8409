#include "probes/recipe_file/endings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Reader;
using namespace std::chrono;

/// `2027-09-30`, or `2027-09` for its first day: told too early rather than too late.
std::optional<TimePoint> day_of(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t size) -> std::optional<int> {
    int value = 0;
    const char* const end = text.data() + at + size;
    const auto [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
  };
  if ((text.size() != 7 && text.size() != 10) || text[4] != '-' || (text.size() == 10 && text[7] != '-'))
    return std::nullopt;
  const auto year_part = number(0, 4);
  const auto month_part = number(5, 2);
  const auto day_part = text.size() == 10 ? number(8, 2) : std::optional{1};
  if (!year_part || !month_part || !day_part || *month_part < 1 || *day_part < 1) return std::nullopt;
  const year_month_day date{year{*year_part}, month{static_cast<unsigned>(*month_part)},
                            day{static_cast<unsigned>(*day_part)}};
  if (!date.ok()) return std::nullopt;
  return TimePoint{sys_days{date}};
}

void read_condition(Reader when, const Recipe& recipe, Ending& ending) {
  const auto names = when.keys();
  if (names.size() != 1)
    return when.problem("needs one parameter: {PARAMETER: VALUE}, or {PARAMETER: {below: NUMBER}}");
  ending.parameter = names.front();
  const Parameter* parameter = recipe.parameter(ending.parameter);
  if (parameter == nullptr) when.problem(ending.parameter, "is not a parameter of this recipe");
  if (parameter != nullptr && parameter->type == ParameterType::secret)
    when.problem(ending.parameter, "is a secret; nothing depends on its text");
  const config::Node* node = when.raw(ending.parameter);
  if (node != nullptr && node->kind == config::Node::Kind::scalar) {
    ending.value = node->scalar;
    return;
  }
  Reader bounds = when.child(ending.parameter);
  double number = 0;
  if (bounds.get("above", number, -kAnyNumber, kAnyNumber)) ending.above = number;
  if (bounds.get("below", number, -kAnyNumber, kAnyNumber)) ending.below = number;
  if (!ending.above && !ending.below) bounds.problem("needs above or below");
  bounds.finish();
}

std::string told(const Ending& ending, TimePoint now) {
  const auto whole_days = floor<days>(*ending.on).time_since_epoch() - floor<days>(now).time_since_epoch();
  const auto count = whole_days.count();
  const bool is_month = ending.on_text.size() == 7;
  std::string when = fmt::format("{} {}", is_month ? "in" : "on", ending.on_text);
  if (count > 0)
    when = fmt::format("ends {}, {} day{} from now", when, count, count == 1 ? "" : "s");
  else
    when = fmt::format("{} {}", count == 0 && !is_month ? "ends today," : "has ended, or ends,", when);
  const std::string named = ending.parameter.empty() ? "" : fmt::format(" (with.{})", ending.parameter);
  return fmt::format("{}{} {}: {} [{}]", ending.api, named, when, ending.instead.en, ending.source);
}

}  // namespace

void read_endings(Reader& reader, Recipe& recipe) {
  for (Reader& entry : reader.each("ends")) {
    Ending ending;
    entry.require("api", ending.api);
    if (entry.require("on", ending.on_text) && ending.on_text != "not announced") {
      ending.on = day_of(ending.on_text);
      if (!ending.on) entry.problem("on", "must be a date: 2027-09-30, 2027-09, or `not announced`");
    }
    if (entry.has("when")) read_condition(entry.child("when"), recipe, ending);
    if (entry.has("instead")) {
      ending.instead = read_text(entry, "instead");
    } else if (ending.on) {
      entry.missing("instead");
    }
    if (entry.require("source", ending.source) && !ending.source.starts_with("https://"))
      entry.problem("source", "must be the https:// address of where the vendor says so");
    entry.finish();
    recipe.endings.push_back(std::move(ending));
  }
}

bool concerns(const Ending& ending, const Arguments& arguments) {
  if (ending.parameter.empty()) return true;
  const std::string text = arguments.text(ending.parameter);
  if (!ending.above && !ending.below) return text == ending.value;
  const Result<double> number = config::parse_number(text);
  return number && (!ending.above || *number > *ending.above) && (!ending.below || *number < *ending.below);
}

std::vector<std::string> told_endings(const Recipe& recipe, const Arguments& arguments, TimePoint now) {
  std::vector<const Ending*> near;
  for (const Ending& ending : recipe.endings)
    if (ending.on && *ending.on - now <= kTellEndBefore && concerns(ending, arguments)) near.push_back(&ending);
  std::stable_sort(near.begin(), near.end(), [](const Ending* a, const Ending* b) { return *a->on < *b->on; });
  std::vector<std::string> lines;
  lines.reserve(near.size());
  for (const Ending* ending : near) lines.push_back(told(*ending, now));
  return lines;
}

}  // namespace crmpulse::probes
