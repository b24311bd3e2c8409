#include "core/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace crmpulse {
namespace {

struct Named {
  std::string_view name;
  Aggregator aggregator;
};
constexpr std::array kAggregators{
    Named{"last", Aggregator::last},
    Named{"avg", Aggregator::avg},
    Named{"min", Aggregator::min},
    Named{"max", Aggregator::max},
    Named{"ratio", Aggregator::ratio},
    Named{"rate", Aggregator::rate},
    Named{"count", Aggregator::count},
    Named{"age", Aggregator::age},
    Named{"burn", Aggregator::burn},
    Named{"apdex", Aggregator::apdex},
    Named{"baseline_drop", Aggregator::baseline_drop},
    Named{"failures_in_row", Aggregator::failures_in_row},
    Named{"share_above", Aggregator::share_above},
};

}  // namespace

bool matches(std::span<const LabelMatch> wanted, const Labels& labels) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const LabelMatch& match) {
    return std::find(match.any_of.begin(), match.any_of.end(), labels.get(match.name)) != match.any_of.end();
  });
}

std::optional<AggregatorName> aggregator_from(std::string_view name) {
  for (const Named& known : kAggregators) {
    if (known.name == name) return AggregatorName{known.aggregator, 0};
  }
  // pNN: p50, p75, p99, p99.9
  double percent = 0;
  if (name.size() < 2 || name.front() != 'p') return std::nullopt;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), percent);
  if (error != std::errc{} || end != name.data() + name.size() || !(percent > 0) || !(percent < 100))
    return std::nullopt;
  return AggregatorName{Aggregator::quantile, percent / 100};
}

std::string to_string(Aggregator aggregator, double quantile) {
  for (const Named& known : kAggregators) {
    if (known.aggregator == aggregator) return std::string{known.name};
  }
  return fmt::format("p{:g}", quantile * 100);
}

Level entered_level(const Rule& rule, double value) {
  const auto breached = [&](double limit) { return rule.op == Direction::above ? value >= limit : value <= limit; };
  if (breached(rule.poor.enter)) return Level::poor;
  return breached(rule.sub.enter) ? Level::sub_healthy : Level::healthy;
}

bool feeds(const Rule& rule, std::string_view metric, const Labels& labels) {
  return rule.measure.metric == metric && matches(rule.measure.where, labels);
}

}  // namespace crmpulse
