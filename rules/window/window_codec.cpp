// What a window remembers, as bytes: a part of the state of its rule.
#include <algorithm>
#include <cmath>

#include "rules/window/window.h"

namespace crmpulse::rules {
namespace {

/// In the place of the stride, which is never 0: counts for burn rates follow.
constexpr std::uint32_t kTallies = 0;

}  // namespace

void Window::save(Encoder& encoder) const {
  encoder.i64(newest_.time_since_epoch().count());
  if (tallies_) {
    encoder.u32(kTallies);
    return tallies_->save(encoder);
  }
  encoder.u32(stride_);
  encoder.u32(0);  // earlier versions counted here
  encoder.u32(static_cast<std::uint32_t>(ring_.size()));
  ring_.each([&](const Entry& entry) {
    encoder.u64(entry.key);
    encoder.f64(entry.value);
  });
  const auto used = [](const auto& slots) {
    return static_cast<std::uint32_t>(
        std::count_if(slots.begin(), slots.end(), [](const auto& slot) { return slot.index >= 0; }));
  };
  const std::vector<Bucket> buckets = keeps_shares_ ? shares_as_buckets() : std::vector<Bucket>{};
  const std::vector<Bucket>& saved = keeps_shares_ ? buckets : buckets_;
  encoder.u32(used(saved));
  for (const Bucket& bucket : saved) {
    if (bucket.index < 0) continue;
    const Summary& s = bucket.summary;
    encoder.i64(bucket.index);
    for (const double value : {s.count, s.sum, s.min, s.max, s.bad, s.within, s.tolerable, s.increase, s.elapsed})
      encoder.f64(value);
  }
  encoder.u32(static_cast<std::uint32_t>(hours_.size()));
  for (const Hour& hour : hours_) {
    encoder.i64(hour.index);
    encoder.f64(hour.sum);
    encoder.f64(hour.count);
  }
}

void Window::load(Decoder& decoder) {
  newest_ = TimePoint{Duration{decoder.i64()}};
  const std::uint32_t stride = decoder.u32();
  if (stride == kTallies) {
    TallyRing unused{Duration{1}, 1};  // of another rule: read and left out
    return (tallies_ ? *tallies_ : unused).load(decoder);
  }
  stride_ = std::max<std::uint32_t>(1, stride);
  (void)decoder.u32();
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    const std::uint64_t key = decoder.u64();
    const double value = decoder.f64();
    if (!std::isnan(value)) ring_.put(Entry{key, value});  // damaged bytes; none is ever saved
  }
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    Bucket bucket{decoder.i64(), {}};
    Summary& s = bucket.summary;
    for (double* value : {&s.count, &s.sum, &s.min, &s.max, &s.bad, &s.within, &s.tolerable, &s.increase, &s.elapsed})
      *value = decoder.f64();
    if (bucket.index < 0 || !bucketed() || !is_set(newest_)) continue;
    if (keeps_shares_) {
      const bool held = bucket.index > last_evicted() && bucket.index <= unix_millis(newest_) / bucket_width_.count();
      if (held) add_shares(bucket.index, ShareBucket::of(s));
      continue;
    }
    if (buckets_.empty()) buckets_.resize(static_cast<std::size_t>(kBuckets) + 1);
    buckets_[static_cast<std::size_t>(bucket.index) % buckets_.size()] = bucket;
  }
  if (!bucketed()) recount();
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    Hour hour{decoder.i64(), 0, 0};
    hour.sum = decoder.f64();
    hour.count = decoder.f64();
    if (hour.index < 0 || !keeps_hours_) continue;
    if (Hour* const place = hour_at(hour.index)) *place = hour;
  }
}

}  // namespace crmpulse::rules
