#include "rules/window/aggregators.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace crmpulse::rules {
namespace {

struct Context {
  const Rule& rule;
  const Window& window;
  TimePoint at;
  const RuleClock& clock;
};
using Value = std::optional<double>;

constexpr double kRounding = 1e-9;  ///< 0.95 × 20 must be 19, whatever binary fractions say

Value last(const Context& c) {
  if (c.window.ring().empty()) return std::nullopt;
  return c.window.ring().back().value;
}

Value avg(const Context& c) {
  const Summary s = c.window.summary();
  if (s.count <= 0) return std::nullopt;
  return s.sum / s.count;
}

/// The good share. Of too few bad samples nothing is concluded.
Value ratio(const Context& c) {
  const Summary s = c.window.summary();
  if (s.count <= 0) return std::nullopt;
  return s.bad < c.rule.min_bad ? 1 : s.sum / s.count;
}

Value min(const Context& c) {
  const Summary s = c.window.summary();
  if (s.count <= 0) return std::nullopt;
  return s.min;
}

Value max(const Context& c) {
  const Summary s = c.window.summary();
  if (s.count <= 0) return std::nullopt;
  return s.max;
}

/// Nearest rank, no interpolation; refused below 1 / (1 - q) samples, where it would be the maximum in disguise.
Value quantile(const Context& c) {
  const std::vector<double>& sorted = c.window.sorted();
  const double n = static_cast<double>(sorted.size());
  if (sorted.empty() || n * (1 - c.rule.quantile) < 1 - kRounding) return std::nullopt;
  return sorted[static_cast<std::size_t>(std::max(1.0, std::ceil(c.rule.quantile * n - kRounding))) - 1];
}

Value rate_of_buckets(const Window& window) {
  const Summary s = window.summary();
  if (s.elapsed <= 0) return std::nullopt;
  return s.increase / s.elapsed;
}

/// Every series by itself: the increase over the time in which it was seen to increase. A reset (the counter fell)
/// leaves that step out, both ways.
Value rate(const Context& c) {
  if (c.window.bucketed()) return rate_of_buckets(c.window);
  struct Counter {
    std::uint32_t tag;
    Entry before;
    double increase;
    double elapsed;
  };
  std::array<Counter, 32> counters;  // more series than that do not share a counter worth a rate
  std::size_t known = 0;
  c.window.ring().each([&](const Entry& entry) {
    const auto end = counters.begin() + static_cast<std::ptrdiff_t>(known);
    const auto found =
        std::find_if(counters.begin(), end, [&](const Counter& counter) { return counter.tag == entry.tag(); });
    if (found == end) {
      if (known < counters.size()) counters[known++] = {entry.tag(), entry, 0, 0};
      return;
    }
    if (entry.value >= found->before.value) {
      found->increase += entry.value - found->before.value;
      found->elapsed += to_seconds(entry.at() - found->before.at());
    }
    found->before = entry;
  });
  Value total;
  for (std::size_t i = 0; i < known; ++i) {
    if (counters[i].elapsed > 0) total = total.value_or(0) + counters[i].increase / counters[i].elapsed;
  }
  return total;
}

Value count(const Context& c) {
  return c.window.count();
}

/// Of a Unix time in seconds; before 1970 is 1970.
TimePoint instant_of(double seconds) {
  return from_unix_millis(static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0.0, 1e11) * 1000)));
}

/// The newest change any of the series knows: of each series its newest sample, of those the latest time.
Value age(const Context& c) {
  std::array<std::uint32_t, 32> seen;
  std::size_t known = 0;
  Value newest;
  c.window.ring().each_backwards([&](const Entry& entry) {
    const auto end = seen.begin() + static_cast<std::ptrdiff_t>(known);
    if (std::find(seen.begin(), end, entry.tag()) != end) return true;
    seen[known++] = entry.tag();
    newest = std::max(newest.value_or(entry.value), entry.value);
    return known < seen.size();
  });
  if (!newest) return std::nullopt;
  const double whole = to_seconds(c.at.time_since_epoch()) - *newest;
  // Of what ends one day the age is wanted below zero; of what has happened it is a clock that is ahead.
  if (whole <= 0) return c.rule.sub.enter < 0 || c.rule.poor.enter < 0 ? whole : 0.0;
  if (c.clock.around_the_clock()) return whole;
  return to_seconds(c.clock.between(instant_of(*newest), c.at));
}

/// Both windows must burn: the long one says that it matters, the short one that it still goes on. Of too few bad
/// samples nothing is concluded.
Value burn(const Context& c) {
  const Tally all = c.window.tally(c.rule.window);
  const Value rate = burn_rate(all, c.rule.slo);
  if (!rate) return std::nullopt;
  if (all.bad() < static_cast<std::uint64_t>(c.rule.min_bad)) return 0;
  if (c.rule.short_window <= Duration{0}) return rate;
  const Tally recent = c.window.tally(c.rule.short_window);
  if (recent.bad() < static_cast<std::uint64_t>(c.rule.min_bad_short)) return 0;
  return std::min(*rate, burn_rate(recent, c.rule.slo).value_or(0));
}

Value apdex(const Context& c) {
  const Shares s = c.window.shares();
  if (s.count <= 0) return std::nullopt;
  return (s.within + (s.tolerable - s.within) / 2) / s.count;
}

/// The hour of `weeks` ago that people there call the same: over a change of summer time it is another one of UTC.
std::int64_t same_hour(const Zone* zone, TimePoint at, std::int64_t weeks) {
  TimePoint then = at - std::chrono::weeks{weeks};
  if (zone != nullptr) then += zone->offset_at(at) - zone->offset_at(then);
  return std::chrono::floor<std::chrono::hours>(then).time_since_epoch().count();
}

/// How far the mean of the window lies below the median of the same hour of the last four weeks; two of them must
/// be known, the others are skipped.
Value baseline_drop(const Context& c) {
  const Value now = avg(c);
  if (!now || !c.window.knows_hours()) return std::nullopt;
  const Zone* zone = c.rule.active ? &c.rule.active->zone : c.clock.hours != nullptr ? &c.clock.hours->zone() : nullptr;
  std::array<double, 4> before{};  // ascending
  std::size_t known = 0;
  for (std::int64_t week = 1; week <= 4; ++week) {
    const std::int64_t hour = same_hour(zone, c.at, week);
    const Window::Hour* const then = c.window.hour(hour);
    if (then == nullptr || then->count <= 0) continue;
    const double mean = then->sum / then->count;
    std::size_t place = known++;
    for (; place > 0 && before[place - 1] > mean; --place) before[place] = before[place - 1];
    before[place] = mean;
  }
  if (known < 2) return std::nullopt;
  const double median = known % 2 == 1 ? before[known / 2] : (before[known / 2 - 1] + before[known / 2]) / 2;
  if (median <= 0) return std::nullopt;
  return std::max(0.0, 1 - *now / median);
}

Value failures_in_row(const Context& c) {
  const Ring& ring = c.window.ring();
  if (ring.empty()) return std::nullopt;
  std::size_t failures = 0;
  ring.each_backwards([&](const Entry& entry) {
    if (entry.value >= 1) return false;
    ++failures;
    return true;
  });
  return static_cast<double>(failures);
}

Value share_above(const Context& c) {
  const Shares s = c.window.shares();
  if (s.count <= 0) return std::nullopt;
  return (s.count - s.within) / s.count;
}

struct Row {
  Aggregator aggregator;
  Value (*function)(const Context&);
};
/// One line per aggregator.
constexpr std::array kTable{
    Row{Aggregator::last, last},
    Row{Aggregator::avg, avg},
    Row{Aggregator::min, min},
    Row{Aggregator::max, max},
    Row{Aggregator::ratio, ratio},
    Row{Aggregator::quantile, quantile},
    Row{Aggregator::rate, rate},
    Row{Aggregator::count, count},
    Row{Aggregator::age, age},
    Row{Aggregator::burn, burn},
    Row{Aggregator::apdex, apdex},
    Row{Aggregator::baseline_drop, baseline_drop},
    Row{Aggregator::failures_in_row, failures_in_row},
    Row{Aggregator::share_above, share_above},
};

}  // namespace

std::optional<double> aggregate(const Rule& rule, const Window& window, TimePoint at, const RuleClock& clock) {
  if (rule.min_samples > 1 && window.count() < rule.min_samples) return std::nullopt;
  const auto row =
      std::find_if(kTable.begin(), kTable.end(), [&](const Row& known) { return known.aggregator == rule.aggregator; });
  if (row == kTable.end()) return std::nullopt;
  const Value value = row->function(Context{rule, window, at, clock});
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace crmpulse::rules
