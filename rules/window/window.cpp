#include "rules/window/window.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crmpulse::rules {
namespace {

/// These look at single samples or their order; sums do not serve them.
bool needs_raw(Aggregator aggregator) {
  return aggregator == Aggregator::last || aggregator == Aggregator::age || aggregator == Aggregator::failures_in_row ||
         aggregator == Aggregator::quantile;
}

std::size_t raw_limit(const Rule& rule) {
  if (rule.window > Duration{0}) return Window::kRawLimit;
  return rule.aggregator == Aggregator::last ? 1 : Window::kCountLimit;
}

std::uint32_t capped(double count) {
  return static_cast<std::uint32_t>(std::clamp(count, 0.0, 4e9));
}

/// Ten buckets to the window that must show first that it is over.
TallyRing tallies_for(const Rule& rule) {
  const Duration fine = rule.short_window > Duration{0} ? rule.short_window / 10 : rule.window / 120;
  const Duration width = std::max({Duration{1}, fine, rule.window / Window::kMostTallies});
  return {width, static_cast<std::size_t>(rule.window / width) + 1};
}

}  // namespace

void Summary::add(double value, double target) {
  count += 1;
  sum += value;
  min = std::min(min, value);
  max = std::max(max, value);
  if (value < 1) bad += 1;
  if (value <= target) within += 1;
  if (value <= 4 * target) tolerable += 1;
}

void Summary::add(const Summary& other) {
  count += other.count;
  sum += other.sum;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  bad += other.bad;
  within += other.within;
  tolerable += other.tolerable;
  increase += other.increase;
  elapsed += other.elapsed;
}

void Shares::add(const Shares& other, double sign) {
  count += sign * other.count;
  within += sign * other.within;
  tolerable += sign * other.tolerable;
}

void Shares::add(double value, double target, double sign) {
  count += sign;
  if (value <= target) within += sign;
  if (value <= 4 * target) tolerable += sign;
}

Window::ShareBucket Window::ShareBucket::of(const Summary& summary) {
  return {capped(summary.count), capped(summary.within), capped(summary.tolerable)};
}

Window::Window(const Rule& rule) : span_(rule.window), target_(rule.target), ring_(raw_limit(rule)) {
  if (rule.aggregator == Aggregator::burn) {
    tallies_.emplace(tallies_for(rule));
  } else if (span_ > kLongestRaw && !needs_raw(rule.aggregator)) {
    bucket_width_ = Duration{(span_.count() + kBuckets - 1) / kBuckets};
  }
  keeps_shares_ = rule.aggregator == Aggregator::apdex || rule.aggregator == Aggregator::share_above;
  keeps_sorted_ = rule.aggregator == Aggregator::quantile;
  keeps_hours_ = rule.aggregator == Aggregator::baseline_drop;
}

Window::Put Window::put(TimePoint at, std::uint32_t tag, double value, const Previous& previous) {
  if (span_ > Duration{0} && is_set(newest_) && at <= newest_ - span_) return Put::late;
  const Put put = tallies_     ? put_tally(at, value, previous)
                  : bucketed() ? (keeps_shares_ ? put_share(at, value, previous) : put_bucket(at, value, previous))
                               : put_raw(at, tag, value);
  if (put != Put::stored) return put;
  newest_ = std::max(newest_, at);
  if (keeps_hours_) put_hour(at, value);
  evict();
  return put;
}

Window::Put Window::put_raw(TimePoint at, std::uint32_t tag, double value) {
  // What filled it has left it: everything is kept again.
  if (ring_.empty()) stride_ = 1;
  const Entry entry{Entry::key_of(at, tag), value};
  if (!Ring::keeps(entry.key, stride_)) return Put::stored;
  Ring::Put put = ring_.put(entry);
  if (put == Ring::Put::full) {
    if (span_ > Duration{0}) {
      // What has left the window goes first; only a window that is really full is thinned.
      while (!ring_.empty() && ring_.front().at() <= std::max(newest_, at) - span_) pop_oldest();
      if (ring_.size() >= std::min(ring_.limit(), ring_.places())) thin();
      if (!Ring::keeps(entry.key, stride_)) return Put::stored;
    } else {
      if (entry.key < ring_.front().key) return Put::late;
      pop_oldest();
    }
    put = ring_.put(entry);
  }
  if (put == Ring::Put::duplicate) return Put::duplicate;
  came(value);
  return Put::stored;
}

void Window::came(double value) {
  if (keeps_shares_) shares_.add(value, target_, 1);
  if (keeps_sorted_) sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), value), value);
}

void Window::left(double value) {
  if (keeps_shares_) shares_.add(value, target_, -1);
  if (keeps_sorted_) sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), value));
}

void Window::pop_oldest() {
  left(ring_.front().value);
  ring_.pop_front();
}

void Window::thin() {
  const std::size_t places = std::min(ring_.limit(), ring_.places());
  while (ring_.size() >= places && stride_ < kMaxStride) {
    stride_ *= 2;
    ring_.thin(stride_);
  }
  recount();
}

void Window::recount() {
  if (!keeps_shares_ && !keeps_sorted_) return;
  shares_ = Shares{};
  sorted_.clear();
  for (const auto piece : ring_.pieces()) {
    for (const Entry& entry : piece) {
      if (keeps_shares_) shares_.add(entry.value, target_, 1);
      if (keeps_sorted_) sorted_.push_back(entry.value);
    }
  }
  std::sort(sorted_.begin(), sorted_.end());
}

Window::Put Window::put_tally(TimePoint at, double value, const Previous& previous) {
  // As with sums: what is not newer than its series may have been counted.
  if (is_set(previous.at) && at <= previous.at) return Put::late;
  return tallies_->add(at, {value < 1 ? 0U : 1U, 1}) ? Put::stored : Put::late;
}

Window::Put Window::put_bucket(TimePoint at, double value, const Previous& previous) {
  // Sums cannot tell a sample sent twice from a late one: what is not newer than its series is left out.
  if (is_set(previous.at) && at <= previous.at) return Put::late;
  if (buckets_.empty()) buckets_.resize(static_cast<std::size_t>(kBuckets) + 1);
  const std::int64_t index = unix_millis(at) / bucket_width_.count();
  Bucket& bucket = buckets_[static_cast<std::size_t>(index) % buckets_.size()];
  if (bucket.index > index) return Put::late;
  if (bucket.index < index) bucket = Bucket{index, {}};
  bucket.summary.add(value, target_);
  if (is_set(previous.at) && value >= previous.value) {
    bucket.summary.increase += value - previous.value;
    bucket.summary.elapsed += to_seconds(at - previous.at);
  }
  return Put::stored;
}

void Window::put_hour(TimePoint at, double value) {
  Hour* const hour = hour_at(unix_millis(at) / kHourMillis);
  if (hour == nullptr) return;
  hour->sum += value;
  hour->count += 1;
}

const Window::Hour* Window::hour(std::int64_t index) const {
  const auto place = std::lower_bound(hours_.begin(), hours_.end(), index,
                                      [](const Hour& hour, std::int64_t wanted) { return hour.index < wanted; });
  return place != hours_.end() && place->index == index ? &*place : nullptr;
}

Window::Hour* Window::hour_at(std::int64_t index) {
  if (!hours_.empty() && hours_.back().index == index) return &hours_.back();
  constexpr auto kMost = static_cast<std::int64_t>(kBaselineHours);
  if (!hours_.empty() && index <= hours_.back().index - kMost) return nullptr;
  const auto place = std::lower_bound(hours_.begin(), hours_.end(), index,
                                      [](const Hour& hour, std::int64_t wanted) { return hour.index < wanted; });
  if (place != hours_.end() && place->index == index) return &*place;
  const auto ahead = place - hours_.begin();
  if (hours_.empty()) hours_.reserve(24);
  const auto made = hours_.insert(hours_.begin() + ahead, Hour{index, 0, 0});
  const std::int64_t oldest = hours_.back().index - kMost;
  const auto gone = std::find_if(hours_.begin(), made, [&](const Hour& hour) { return hour.index > oldest; });
  const auto behind = made - gone;
  return &*(hours_.erase(hours_.begin(), gone) + behind);
}

std::int64_t Window::last_evicted() const {
  return unix_millis(newest_ - span_) / bucket_width_.count();
}

const Window::ShareBucket* Window::find_share(std::int64_t index) const {
  const std::size_t place = share_place(index);
  if (share_pages_.empty() || share_pages_[place / kSharePage].empty()) return nullptr;
  return &share_pages_[place / kSharePage][place % kSharePage];
}

Window::ShareBucket& Window::share_bucket(std::int64_t index) {
  const std::size_t place = share_place(index);
  if (share_pages_.empty()) share_pages_.resize(kBuckets / kSharePage + 1);
  std::vector<ShareBucket>& page = share_pages_[place / kSharePage];
  if (page.empty()) page.resize(kSharePage);
  return page[place % kSharePage];
}

void Window::add_shares(std::int64_t index, const ShareBucket& more) {
  shared_from_ = shared_to_ < 0 ? index : std::min(shared_from_, index);
  shared_to_ = std::max(shared_to_, index);
  ShareBucket& bucket = share_bucket(index);
  bucket.count += more.count;
  bucket.within += more.within;
  bucket.tolerable += more.tolerable;
  shares_.add({double(more.count), double(more.within), double(more.tolerable)}, 1);
}

Window::Put Window::put_share(TimePoint at, double value, const Previous& previous) {
  if (is_set(previous.at) && at <= previous.at) return Put::late;
  const std::int64_t index = unix_millis(at) / bucket_width_.count();
  if (index < shared_to_ - kBuckets) return Put::late;
  // A bucket that has left the window is empty when its place is taken again.
  leave_shares(index - kBuckets - 1);
  add_shares(index, {1, value <= target_ ? 1U : 0U, value <= 4 * target_ ? 1U : 0U});
  return Put::stored;
}

/// Empties the buckets up to and with `last`.
void Window::leave_shares(std::int64_t last) {
  for (; shared_from_ <= last && shared_from_ <= shared_to_; ++shared_from_) {
    const ShareBucket* const bucket = find_share(shared_from_);
    if (bucket == nullptr) continue;
    shares_.add({double(bucket->count), double(bucket->within), double(bucket->tolerable)}, -1);
    share_bucket(shared_from_) = {};
  }
  shared_from_ = std::max(shared_from_, last + 1);
}

void Window::evict() {
  if (span_ <= Duration{0}) return;
  if (bucketed()) {
    if (keeps_shares_) leave_shares(last_evicted());
    return;
  }
  while (!ring_.empty() && ring_.front().at() <= newest_ - span_) pop_oldest();
}

double Window::count() const {
  if (tallies_) return static_cast<double>(tally(span_).total);
  if (bucketed()) return keeps_shares_ ? shares_.count : summary().count;
  return static_cast<double>(ring_.size()) * stride_;
}

Summary Window::summary() const {
  Summary total;
  if (!is_set(newest_)) return total;
  if (bucketed()) {
    const std::int64_t before = last_evicted();
    for (const Bucket& bucket : shares_as_buckets()) total.add(bucket.summary);
    for (const Bucket& bucket : buckets_) {
      if (bucket.index > before) total.add(bucket.summary);
    }
    return total;
  }
  for (const auto piece : ring_.pieces()) {
    for (const Entry& entry : piece) total.add(entry.value, target_);
  }
  return total;
}

Shares Window::shares() const {
  if (keeps_shares_) return shares_;
  const Summary all = summary();
  return {all.count, all.within, all.tolerable};
}

Tally Window::tally(Duration span) const {
  return tallies_ && is_set(newest_) ? tallies_->sum(newest_, span) : Tally{};
}

std::vector<Window::Bucket> Window::shares_as_buckets() const {
  std::vector<Bucket> out;
  for (std::int64_t index = shared_from_; index <= shared_to_; ++index) {
    const ShareBucket* const one = find_share(index);
    if (one == nullptr || one->count == 0) continue;
    Bucket& bucket = out.emplace_back();
    bucket.index = index;
    bucket.summary.count = one->count;
    bucket.summary.within = one->within;
    bucket.summary.tolerable = one->tolerable;
  }
  return out;
}

void Window::shift(Duration by) {
  if (!is_set(newest_)) return;
  const TimePoint moved = std::max(TimePoint{}, newest_ + by);
  const Duration width = tallies_ ? tallies_->width() : bucket_width_;
  const auto place = [width](TimePoint at) { return unix_millis(at) / width.count(); };
  const std::int64_t buckets = width > Duration{0} ? place(moved) - place(newest_) : 0;
  if (tallies_) tallies_->shift(buckets);
  if (bucketed()) shift_buckets(buckets);
  ring_.shift(by);
  newest_ = moved;
  if (!bucketed() && !tallies_) recount();
  std::erase_if(hours_, [now = unix_millis(moved) / kHourMillis](const Hour& hour) { return hour.index > now; });
}

void Window::shift_buckets(std::int64_t by) {
  const std::vector<Bucket> sums = keeps_shares_ ? shares_as_buckets() : std::exchange(buckets_, {});
  if (keeps_shares_) {
    share_pages_.clear();
    shares_ = Shares{};
    shared_from_ = 0;
    shared_to_ = -1;
  }
  for (Bucket bucket : sums) {
    if (bucket.index < 0 || bucket.index + by < 0) continue;
    bucket.index += by;
    if (keeps_shares_) {
      const Summary& s = bucket.summary;
      add_shares(bucket.index, ShareBucket::of(s));
      continue;
    }
    if (buckets_.empty()) buckets_.resize(static_cast<std::size_t>(kBuckets) + 1);
    buckets_[static_cast<std::size_t>(bucket.index) % buckets_.size()] = bucket;
  }
}

}  // namespace crmpulse::rules
