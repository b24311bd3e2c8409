// What a window remembers, as fields: a part of the state of its rule.
#include <algorithm>
#include <cmath>

#include "rules/window/window.h"

namespace crmpulse::rules {
namespace {

// Tags. Of the samples, which are many, one field holds all keys and one all values.
constexpr std::uint32_t kNewest = 1;
constexpr std::uint32_t kStride = 2;
constexpr std::uint32_t kKeys = 3;
constexpr std::uint32_t kValues = 4;
constexpr std::uint32_t kBucket = 5;
constexpr std::uint32_t kHour = 6;
constexpr std::uint32_t kTallies = 7;

}  // namespace

void Window::save(FieldWriter& out) const {
  if (is_set(newest_)) out.add(kNewest, newest_);
  if (tallies_) return out.add(kTallies, *tallies_);
  if (stride_ > 1) out.add(kStride, stride_);
  {
    auto keys = out.words<std::uint64_t>(kKeys);
    ring_.each([&](const Entry& entry) { keys.add_element(entry.key); });
  }
  {
    auto values = out.words<double>(kValues);
    ring_.each([&](const Entry& entry) { values.add_element(entry.value); });
  }
  for (const Bucket& bucket : keeps_shares_ ? shares_as_buckets() : buckets_) {
    if (bucket.index >= 0) out.add(kBucket, bucket);
  }
  out.add(kHour, hours_);
}

void Window::load(FieldReader& in) {
  decltype(in.words<std::uint64_t>()) keys;
  decltype(in.words<double>()) values;
  std::vector<Bucket> buckets;
  std::vector<Hour> hours;
  while (in.next()) {
    switch (in.tag()) {
      case kNewest: in.read(newest_); break;
      case kStride: in.read(stride_); break;
      case kKeys: keys = in.words<std::uint64_t>(); break;
      case kValues: values = in.words<double>(); break;
      case kBucket: in.read(buckets, kBuckets + 1); break;
      case kHour: in.read(hours, kBaselineHours); break;
      case kTallies:
        if (tallies_) in.read(*tallies_);
        break;
      default: break;
    }
  }
  stride_ = std::max<std::uint32_t>(1, stride_);
  if (keys.size() != values.size()) throw fields::Damaged{};
  for (auto value = values.begin(); const std::uint64_t key : keys) {
    const Entry entry{key, *value++};
    if (!std::isnan(entry.value)) ring_.put(entry);  // damaged bytes; none is ever saved
  }
  if (!bucketed()) recount();
  // Nothing is newer than the newest sample, but in damaged bytes.
  for (const Bucket& bucket : buckets) {
    if (bucketed() && bucket.index >= 0 && bucket.index <= unix_millis(newest_) / bucket_width_.count())
      load_bucket(bucket);
  }
  for (const Hour& hour : hours) {
    if (!keeps_hours_ || hour.index < 0 || hour.index > unix_millis(newest_) / kHourMillis) continue;
    if (Hour* const place = hour_at(hour.index)) *place = hour;
  }
}

void Window::load_bucket(const Bucket& bucket) {
  if (keeps_shares_) {
    if (bucket.index > last_evicted()) add_shares(bucket.index, ShareBucket::of(bucket.summary));
    return;
  }
  if (buckets_.empty()) buckets_.resize(static_cast<std::size_t>(kBuckets) + 1);
  buckets_[static_cast<std::size_t>(bucket.index) % buckets_.size()] = bucket;
}

}  // namespace crmpulse::rules
