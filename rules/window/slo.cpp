#include "rules/window/slo.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crmpulse::rules {
namespace {

// Tags.
constexpr std::uint32_t kWidth = 1;
constexpr std::uint32_t kFirst = 2;
constexpr std::uint32_t kCounts = 3;

constexpr double kGrain = 1e9;  ///< binary fractions: 144 of 10,000 against 99.9 % is 14.4, not 14.399999999999987

std::uint32_t capped(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

std::optional<double> Tally::ratio() const {
  if (total == 0) return std::nullopt;
  return static_cast<double>(good) / static_cast<double>(total);
}

std::optional<double> burn_rate(const Tally& tally, double objective) {
  if (tally.total == 0 || objective >= 1) return std::nullopt;
  const double rate = static_cast<double>(tally.bad()) / static_cast<double>(tally.total) / (1 - objective);
  return std::round(rate * kGrain) / kGrain;
}

TallyRing::TallyRing(Duration width, std::size_t buckets)
    : width_(width), buckets_(buckets), pages_((buckets + kPage - 1) / kPage) {}

std::int64_t TallyRing::index_of(TimePoint at) const {
  return unix_millis(at) / width_.count();
}

const TallyRing::Bucket* TallyRing::find(std::int64_t index) const {
  const std::size_t place = static_cast<std::size_t>(index) % buckets_;
  const Page& page = pages_[place / kPage];
  return page.empty() ? nullptr : &page[place % kPage];
}

TallyRing::Bucket& TallyRing::bucket(std::int64_t index) {
  const std::size_t place = static_cast<std::size_t>(index) % buckets_;
  Page& page = pages_[place / kPage];
  if (page.empty()) page.resize(kPage);
  return page[place % kPage];
}

/// The buckets that come into use are those of a full turn ago: emptied.
void TallyRing::advance(std::int64_t to) {
  if (newest_ == kNothing || to - newest_ >= static_cast<std::int64_t>(buckets_)) {
    for (Page& page : pages_) page = Page{};
  } else {
    for (std::int64_t index = newest_ + 1; index <= to; ++index) {
      if (find(index) != nullptr) bucket(index) = Bucket{};
    }
  }
  newest_ = to;
}

bool TallyRing::add(TimePoint at, Tally readings) {
  const std::int64_t index = index_of(at);
  if (index < 0) return false;
  if (newest_ != kNothing && index <= newest_ - static_cast<std::int64_t>(buckets_)) return false;
  if (index > newest_) advance(index);
  Bucket& into = bucket(index);
  into.good = capped(into.good + readings.good);
  into.total = capped(into.total + readings.total);
  return true;
}

Tally TallyRing::sum(TimePoint end, Duration window) const {
  Tally total;
  if (newest_ == kNothing) return total;
  const std::int64_t oldest = newest_ - static_cast<std::int64_t>(buckets_) + 1;
  const std::int64_t from = std::max({index_of(end - window) + 1, oldest, std::int64_t{0}});
  const std::int64_t to = std::min(index_of(end), newest_);
  // Page by page: long windows are summed up for every reading.
  auto place = static_cast<std::size_t>(from) % buckets_;
  for (std::int64_t left = to - from + 1; left > 0;) {
    const Page& page = pages_[place / kPage];
    const std::size_t first = place % kPage;
    const std::size_t count = std::min({kPage - first, buckets_ - place, static_cast<std::size_t>(left)});
    for (std::size_t i = first; i < first + count && !page.empty(); ++i) {
      total.good += page[i].good;
      total.total += page[i].total;
    }
    left -= static_cast<std::int64_t>(count);
    place = (place + count) % buckets_;
  }
  return total;
}

std::size_t TallyRing::bytes() const {
  return sizeof(Bucket) * kPage *
         static_cast<std::size_t>(
             std::count_if(pages_.begin(), pages_.end(), [](const Page& page) { return !page.empty(); }));
}

void TallyRing::shift(std::int64_t buckets) {
  if (newest_ == kNothing || buckets == 0) return;
  TallyRing moved{width_, buckets_};
  const std::int64_t oldest = std::max<std::int64_t>(0, newest_ - static_cast<std::int64_t>(buckets_) + 1);
  for (std::int64_t index = oldest; index <= newest_; ++index) {
    const Bucket* one = find(index);
    if (one == nullptr || one->total == 0) continue;
    moved.add(from_unix_millis((index + buckets) * width_.count()), {one->good, one->total});
  }
  *this = std::move(moved);
}

void TallyRing::forget_after(TimePoint now) {
  const std::int64_t last = std::max<std::int64_t>(0, index_of(now));
  if (newest_ == kNothing || newest_ <= last) return;
  TallyRing kept{width_, buckets_};
  const std::int64_t oldest = std::max<std::int64_t>(0, newest_ - static_cast<std::int64_t>(buckets_) + 1);
  for (std::int64_t index = oldest; index <= last; ++index) {
    const Bucket* one = find(index);
    if (one != nullptr && one->total > 0) kept.add(from_unix_millis(index * width_.count()), {one->good, one->total});
  }
  *this = std::move(kept);
}

/// A bucket is one number for its readings and whether some were bad, and if so a second one for those: a byte or two
/// for most, because a snapshot is written every few seconds.
void TallyRing::save(FieldWriter& out) const {
  if (newest_ == kNothing) return;
  std::int64_t first = std::max<std::int64_t>(0, newest_ - static_cast<std::int64_t>(buckets_) + 1);
  while (first < newest_ && (find(first) == nullptr || find(first)->total == 0)) ++first;
  out.add(kWidth, width_);
  out.add(kFirst, first);
  auto counts = out.numbers(kCounts);
  for (std::int64_t index = first; index <= newest_; ++index) {
    const Bucket* one = find(index);
    const Tally tally = one == nullptr ? Tally{} : Tally{one->good, one->total};
    counts.add_element(tally.total * 2 + (tally.bad() > 0 ? 1 : 0));
    if (tally.bad() > 0) counts.add_element(tally.bad());
  }
}

void TallyRing::load(FieldReader& in) {
  Duration width{};
  std::int64_t first = 0;
  FieldReader::Numbers counts;
  while (in.next()) {
    if (in.tag() == kWidth) in.read(width);
    if (in.tag() == kFirst) in.read(first);
    if (in.tag() == kCounts) counts = in.numbers();
  }
  // In milliseconds an index beyond this would overflow; only damaged bytes say so.
  if (width != width_ || first < 0 || first > std::numeric_limits<std::int64_t>::max() / width_.count() / 2) return;
  for (auto count = counts.begin(); count != counts.end(); ++first) {
    const std::uint64_t word = *count++;
    const std::uint64_t total = word / 2;
    const std::uint64_t bad = word % 2 == 0 || count == counts.end() ? 0 : std::min(*count++, total);
    if (total > 0 || count == counts.end()) add(from_unix_millis(first * width_.count()), {total - bad, total});
  }
}

void SloCounters::Tiers::add(TimePoint at, Tally readings) {
  minutes.add(at, readings);
  fives.add(at, readings);
  hours.add(at, readings);
}

Tally SloCounters::Tiers::sum(TimePoint now, Duration window) const {
  if (window <= std::chrono::hours{6}) return minutes.sum(now, window);
  if (window <= std::chrono::hours{72}) return fives.sum(now, window);
  return hours.sum(now, window);
}

void SloCounters::Tiers::forget_after(TimePoint now) {
  for (TallyRing* ring : {&minutes, &fives, &hours}) ring->forget_after(now);
}

SloCounters::SloCounters() = default;

void SloCounters::forget_after(TimePoint now) {
  counted_.forget_after(now);
  if (excluded_) excluded_->forget_after(now);
  std::erase_if(spans_, [now](const Span& span) { return span.from > now && span.to != kNever; });
  for (Span& span : spans_) {
    span.from = std::min(span.from, now);
    if (span.to != kNever) span.to = std::min(span.to, now);
  }
  if (is_set(first_)) first_ = std::min(first_, now);
}

void SloCounters::add(TimePoint at, Tally readings) {
  if (at < TimePoint{}) return;
  if (maintained(at)) {
    if (!excluded_) excluded_ = Tiers{};
    excluded_->add(at, readings);
    return;
  }
  counted_.add(at, readings);
  first_ = is_set(first_) ? std::min(first_, at) : at;
}

void SloCounters::set_maintenance(bool on, TimePoint at) {
  const bool lasts = !spans_.empty() && spans_.back().to == kNever;
  if (on == lasts) return;
  if (!on) {
    spans_.back().to = std::max(at, spans_.back().from);
    return;
  }
  std::erase_if(spans_, [&](const Span& span) { return span.to < at - kPeriod; });
  if (spans_.size() >= kMostSpans) spans_.erase(spans_.begin());
  spans_.push_back({at, kNever});
}

bool SloCounters::maintained(TimePoint at) const {
  return std::any_of(spans_.begin(), spans_.end(), [&](const Span& span) { return at >= span.from && at < span.to; });
}

Tally SloCounters::counted(TimePoint now, Duration window) const {
  return counted_.sum(now, window);
}

Tally SloCounters::excluded(TimePoint now, Duration window) const {
  return excluded_ ? excluded_->sum(now, window) : Tally{};
}

Duration SloCounters::maintenance(TimePoint now, Duration window) const {
  Duration total{};
  for (const Span& span : spans_) {
    const TimePoint from = std::max(span.from, now - window);
    const TimePoint to = std::min(span.to, now);
    if (to > from) total += to - from;
  }
  return total;
}

std::optional<double> SloCounters::budget_remaining(TimePoint now, double objective) const {
  const std::optional<double> rate = burn_rate(counted(now, kPeriod), objective);
  if (!rate || !is_set(first_)) return std::nullopt;
  const double watched = to_seconds(std::clamp(now - first_, Duration{0}, kPeriod)) / to_seconds(kPeriod);
  return 1 - *rate * watched;
}

std::size_t SloCounters::bytes() const {
  const auto of = [](const Tiers& tiers) { return tiers.minutes.bytes() + tiers.fives.bytes() + tiers.hours.bytes(); };
  return of(counted_) + (excluded_ ? of(*excluded_) : 0) + spans_.capacity() * sizeof(Span);
}

}  // namespace crmpulse::rules
