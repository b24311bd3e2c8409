#include "config/rule_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "config/hours_reader.h"
#include "config/suggest.h"

namespace crmpulse::config {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongest = 24h * 400;
constexpr double kInfinite = std::numeric_limits<double>::infinity();

bool is_name(std::string_view text, std::string_view also) {
  const auto allowed = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           also.find(c) != std::string_view::npos;
  };
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), allowed);
}

/// Letters, digits and `_`, not beginning with a digit; `also` adds characters.
bool read_name(Reader& reader, std::string_view key, bool required, std::string_view also, std::string& out) {
  std::string text;
  if (!(required ? reader.require(key, text) : reader.get(key, text))) return false;
  if (!is_name(text, also)) {
    reader.problem(key, fmt::format("'{}' is not a name of letters, digits and _", text));
    return false;
  }
  out = std::move(text);
  return true;
}

/// A number, a percentage, or a duration (with a sign for what lies ahead), which becomes seconds.
bool read_value(Reader& reader, std::string_view key, double& out) {
  std::string text;
  if (!reader.get(key, text)) return false;
  const bool negative = text.starts_with('-');
  if (const auto duration = parse_duration(std::string_view{text}.substr(negative ? 1 : 0))) {
    out = negative ? -to_seconds(*duration) : to_seconds(*duration);
    return true;
  }
  return reader.get(key, out, -kInfinite, kInfinite);
}

void read_threshold(Reader& rule, std::string_view key, bool inherited, Threshold& threshold) {
  if (!inherited && !rule.has(key)) return rule.missing(key);
  Reader reader = rule.child(key);
  if (!inherited && !reader.has("enter")) reader.missing("enter");
  // An old exit means nothing beside a new enter.
  if (read_value(reader, "enter", threshold.enter)) threshold.exit = threshold.enter;
  read_value(reader, "exit", threshold.exit);
  reader.get("for", threshold.hold, 0s, kLongest);
  reader.finish();
}

void read_measure(Reader& rule, bool inherited, Measure& measure) {
  if (!rule.has("measure")) {
    if (!inherited) rule.missing("measure");
    rule.raw("measure");
    return;
  }
  measure = Measure{};
  Reader reader = rule.child("measure");
  read_name(reader, "metric", true, ":", measure.metric);
  measure.where = read_matches(reader, "where");
  if (reader.has("per")) {
    Reader per = reader.child("per");
    measure.per = Measure::Divisor{};
    Measure::Divisor& divisor = *measure.per;
    read_name(per, "metric", true, ":", divisor.metric);
    divisor.where = read_matches(per, "where");
    per.get("on", divisor.on);
    read_value(per, "least", divisor.least);
    per.finish();
  }
  reader.raw("per");
  if (reader.has("errors")) {
    Reader errors = reader.child("errors");
    read_name(errors, "metric", true, ":", measure.errors.emplace().metric);
    measure.errors->where = read_matches(errors, "where");
    errors.finish();
  }
  reader.raw("errors");
  reader.finish();
}

void read_aggregator(Reader& reader, bool inherited, Rule& rule) {
  std::string name;
  if (!(inherited ? reader.get("aggregator", name) : reader.require("aggregator", name))) return;
  const auto known = aggregator_from(name);
  if (!known) {
    reader.problem("aggregator", fmt::format("unknown aggregator '{}'{}", name,
                                             suggestion(name, {"last", "avg", "min", "max", "pNN (p75, p95)", "ratio",
                                                               "rate", "count", "age", "burn", "apdex", "baseline_drop",
                                                               "failures_in_row", "share_above"})));
    return;
  }
  rule.aggregator = known->aggregator;
  rule.quantile = known->quantile;
}

/// How many must be bad before a burn rate counts: `5`, in the long window, or `{long: 5, short: 2}`.
void read_min_bad(Reader& reader, Rule& rule) {
  constexpr int kMost = 1'000'000;
  const Node* node = reader.raw("min_bad");
  if (node == nullptr) return;
  if (node->kind != Node::Kind::mapping) {
    if (reader.get("min_bad", rule.min_bad, 0, kMost)) rule.min_bad_short = 0;
    return;
  }
  Reader both = reader.child("min_bad");
  both.get("long", rule.min_bad, 0, kMost);
  both.get("short", rule.min_bad_short, 0, kMost);
  both.finish();
}

/// `crm`: the hours of the CRM's own people; else a mapping.
void read_active(Reader& rule, Rule& out) {
  const Node* node = rule.raw("active");
  if (node == nullptr) return;
  out.active.reset();
  out.active_crm = node->kind == Node::Kind::scalar;
  if (!out.active_crm) {
    Reader reader = rule.child("active");
    read_rule_hours(reader, out.active.emplace());
    reader.finish();
  } else if (node->scalar != "crm") {
    rule.problem("active", fmt::format("'{}' is neither `crm` nor a mapping such as {{days: mon-fri, hours: "
                                       "\"08:00-18:00\", tz: Europe/Prague}}",
                                       node->scalar));
  }
}

/// `every: 15m`: how often it should be new. Three of these missed are sub-healthy, twelve are poor.
void read_every(Reader& reader, Rule& rule) {
  Duration every{};
  if (!reader.get("every", every, 1s, kLongest)) return;
  if (rule.aggregator != Aggregator::age || rule.op != Direction::above) {
    reader.problem("every", "only for aggregator age with op above");
    return;
  }
  const double seconds = to_seconds(every);
  rule.sub.enter = 3 * seconds;
  rule.sub.exit = 2 * seconds;
  rule.poor.enter = 12 * seconds;
  rule.poor.exit = 9 * seconds;
}

void read_no_data(Reader& rule, Rule& out) {
  Reader reader = rule.child("no_data");
  reader.get("after", out.no_data_after, 1s, kLongest);
  std::size_t state = 0;
  if (reader.get_choice("state", state, {"sub_healthy", "keep", "ignore"}))
    out.no_data = static_cast<NoDataState>(state);
  reader.finish();
}

}  // namespace

std::vector<LabelMatch> read_matches(Reader& parent, std::string_view key) {
  std::vector<LabelMatch> matches;
  Reader reader = parent.child(key);
  for (const std::string& name : reader.keys()) {
    LabelMatch match;
    match.name = name;
    if (!is_name(name, "")) reader.problem(name, fmt::format("'{}' is not the name of a label", name));
    if (!reader.get(name, match.any_of)) continue;
    if (match.any_of.empty()) reader.problem(name, "an empty list; nothing would match");
    std::sort(match.any_of.begin(), match.any_of.end());
    match.any_of.erase(std::unique(match.any_of.begin(), match.any_of.end()), match.any_of.end());
    matches.push_back(std::move(match));
  }
  std::sort(matches.begin(), matches.end(), [](const LabelMatch& a, const LabelMatch& b) { return a.name < b.name; });
  return matches;
}

void read_rule(Reader& reader, bool inherited, Rule& rule) {
  read_name(reader, "dimension", !inherited, "", rule.dimension);
  read_measure(reader, inherited, rule.measure);
  read_name(reader, "each", false, "", rule.each);
  reader.get("quorum", rule.quorum, 1, 1000);
  std::size_t choice = 0;
  if (!inherited && !reader.has("op")) reader.missing("op");
  if (reader.get_choice("op", choice, {"above", "below"})) rule.op = choice == 0 ? Direction::above : Direction::below;
  read_aggregator(reader, inherited, rule);
  read_value(reader, "target", rule.target);
  reader.get("slo", rule.slo, 0, 1);
  read_min_bad(reader, rule);
  reader.get("short_window", rule.short_window, 1s, kLongest);
  reader.get("window", rule.window, 1s, kLongest);
  reader.get("min_samples", rule.min_samples, 1, 1'000'000);
  read_every(reader, rule);
  const bool has_lines = inherited || reader.has("every");
  read_threshold(reader, "sub", has_lines, rule.sub);
  read_threshold(reader, "poor", has_lines, rule.poor);
  Reader recover = reader.child("recover_for");
  recover.get("sub", rule.recover_sub, 0s, kLongest);
  recover.get("poor", rule.recover_poor, 0s, kLongest);
  recover.finish();
  if (reader.get_choice("role", choice, {"gate", "soft"})) rule.role = choice == 0 ? Role::gate : Role::soft;
  reader.get("weight", rule.weight, 0, 1'000'000);
  Reader score = reader.child("score");
  read_value(score, "target", rule.score_target);
  read_value(score, "worst", rule.score_worst);
  score.finish();
  read_no_data(reader, rule);
  reader.get("interval", rule.interval, 100ms, kLongest);
  read_active(reader, rule);
  read_name(reader, "remedy", false, "-", rule.remedy);
  reader.get("unit", rule.unit);
  reader.get("inhibited_by", rule.inhibited_by);
}

}  // namespace crmpulse::config
