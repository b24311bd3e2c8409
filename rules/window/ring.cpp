#include "rules/window/ring.h"

namespace crmpulse::rules {
namespace {

/// So near to the newest an entry is put in its place at once: samples of one time come in any order.
constexpr std::size_t kNear = 16;
/// Small rings let fewer wait: memory stays in proportion.
constexpr std::size_t kFewestLate = 8;

bool by_key(const Entry& entry, std::uint64_t key) {
  return entry.key < key;
}

}  // namespace

Ring::Put Ring::put(Entry entry) {
  if (size_ > 0 && back().key >= entry.key) return put_late(entry);
  if (size() >= limit_) return Put::full;
  if (size() >= slots_.size() && !grow()) return Put::full;
  slot(size_) = entry;
  ++size_;
  return Put::stored;
}

/// Of the first entry in `slots_` that is not before `key`. Looked for from the newest on in doubling steps: late
/// samples are mostly a little late.
std::size_t Ring::place_of(std::uint64_t key) const {
  std::size_t high = size_;
  std::size_t low = size_ - 1;
  for (std::size_t step = 1; low > 0 && slot(low).key >= key; step *= 2) {
    high = low;
    low -= std::min(low, step);
  }
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (slot(middle).key < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Ring::Put Ring::put_late(Entry entry) {
  const std::size_t place = place_of(entry.key);
  if (slot(place).key == entry.key) return Put::duplicate;
  const auto waiting = std::lower_bound(late_.begin(), late_.end(), entry.key, by_key);
  if (waiting != late_.end() && waiting->key == entry.key) return Put::duplicate;
  if (size() >= limit_) return Put::full;
  // Those that wait have their places, too: merging them does not fail.
  if (size() >= slots_.size() && !grow()) return Put::full;
  if (size_ - place <= kNear) {
    for (std::size_t i = size_; i > place; --i) slot(i) = slot(i - 1);
    slot(place) = entry;
    ++size_;
    return Put::stored;
  }
  late_.insert(waiting, entry);
  if (late_.size() >= std::clamp(size_ / 8, kFewestLate, kMostLate)) merge();
  return Put::stored;
}

/// From the newest on, as far as the oldest of those that waited.
void Ring::merge() {
  std::size_t to = size();
  std::size_t from = size_;
  for (std::size_t late = late_.size(); late > 0;) {
    const bool newer = from > 0 && slot(from - 1).key > late_[late - 1].key;
    slot(--to) = newer ? slot(--from) : late_[--late];
  }
  size_ += late_.size();
  late_.clear();
}

void Ring::pop_front() {
  if (!late_.empty() && late_.front().key < slot(0).key) {
    late_.erase(late_.begin());
    return;
  }
  head_ = (head_ + 1) & mask();
  --size_;
}

bool Ring::keeps(std::uint64_t key, std::uint32_t stride) {
  // The last steps of splitmix64: each bit of the key turns half of the others.
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ULL;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebULL;
  return ((key ^ (key >> 31)) & (stride - 1)) == 0;
}

void Ring::thin(std::uint32_t stride) {
  merge();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    if (keeps(slot(i).key, stride)) slot(kept++) = slot(i);
  }
  size_ = kept;
}

void Ring::shift(Duration by) {
  merge();
  while (size_ > 0 && front().at() + by < TimePoint{}) pop_front();
  for (std::size_t i = 0; i < size_; ++i) slot(i).key = Entry::key_of(slot(i).at() + by, slot(i).tag());
}

bool Ring::grow() {
  const std::size_t places = std::max<std::size_t>(1, slots_.size() * 2);
  if (places <= kAlways) {
    taken_.take(places - slots_.size());
  } else if (!taken_.try_take(places - slots_.size())) {
    return false;
  }
  grow_to(places);
  return true;
}

void Ring::grow_to(std::size_t places) {
  std::vector<Entry> larger(places);
  for (std::size_t i = 0; i < size_; ++i) larger[i] = slot(i);
  slots_ = std::move(larger);
  head_ = 0;
}

}  // namespace crmpulse::rules
