#include "store/history/sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crmpulse::store {
namespace {

/// Leaves room for those who round a quantile to four digits.
constexpr double kBucketError = Sketch::kRelativeError - 0.0006;
constexpr double kGamma = (1 + kBucketError) / (1 - kBucketError);
constexpr std::int16_t kZero = std::numeric_limits<std::int16_t>::min();

std::int16_t index_of(double value) {
  static const double kLogGamma = std::log(kGamma);
  if (!(value >= Sketch::kLeast)) return kZero;
  const double index = std::ceil(std::log(value) / kLogGamma);
  return static_cast<std::int16_t>(std::min(index, static_cast<double>(Sketch::kMostIndex)));
}

/// Of all values of the bucket none is further from this than the error.
double value_of(std::int16_t index) {
  return index == kZero ? 0 : 2 * std::pow(kGamma, index) / (kGamma + 1);
}

std::uint32_t sum(std::uint32_t one, std::uint32_t other) {
  return one > std::numeric_limits<std::uint32_t>::max() - other ? std::numeric_limits<std::uint32_t>::max()
                                                                 : one + other;
}

}  // namespace

void Sketch::add(double value) {
  const std::int16_t index = index_of(value);
  const auto place = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                      [](const Bucket& bucket, std::int16_t wanted) { return bucket.index < wanted; });
  if (place != buckets_.end() && place->index == index) {
    place->count = sum(place->count, 1);
  } else {
    buckets_.insert(place, {index, 1});
  }
}

void Sketch::merge(const Sketch& other) {
  std::vector<Bucket> merged;
  merged.reserve(buckets_.size() + other.buckets_.size());
  auto one = buckets_.begin();
  for (const Bucket& bucket : other.buckets_) {
    for (; one != buckets_.end() && one->index < bucket.index; ++one) merged.push_back(*one);
    merged.push_back(bucket);
    if (one != buckets_.end() && one->index == bucket.index) {
      merged.back().count = sum(bucket.count, one->count);
      ++one;
    }
  }
  merged.insert(merged.end(), one, buckets_.end());
  buckets_ = std::move(merged);
}

double Sketch::quantile(double part) const {
  std::uint64_t all = 0;
  for (const Bucket& bucket : buckets_) all += bucket.count;
  if (all == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(std::max(1.0, std::ceil(part * static_cast<double>(all) - 1e-9)));
  std::uint64_t seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= rank) return value_of(bucket.index);
  }
  return value_of(buckets_.back().index);
}

}  // namespace crmpulse::store
