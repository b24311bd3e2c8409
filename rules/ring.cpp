#include "rules/ring.h"

#include <algorithm>

namespace crmpulse::rules {

Ring::Put Ring::put(Entry entry) {
  // Nearly always the newest: then this loop ends at once.
  std::size_t place = size_;
  while (place > 0 && (*this)[place - 1].key > entry.key) --place;
  if (place > 0 && (*this)[place - 1].key == entry.key) return Put::duplicate;
  if (size_ >= limit_) return Put::full;
  if (size_ == slots_.size()) grow();
  for (std::size_t i = size_; i > place; --i) slot(i) = slot(i - 1);
  slot(place) = entry;
  ++size_;
  return Put::stored;
}

void Ring::pop_front() {
  head_ = (head_ + 1) & mask();
  --size_;
}

void Ring::thin() {
  std::size_t kept = 0;
  for (std::size_t i = size_ % 2 == 0 ? 1 : 0; i < size_; i += 2) slot(kept++) = slot(i);
  size_ = kept;
}

void Ring::shift(Duration by) {
  while (size_ > 0 && front().at() + by < TimePoint{}) pop_front();
  for (std::size_t i = 0; i < size_; ++i) slot(i).key = Entry::key_of(slot(i).at() + by, slot(i).tag());
}

void Ring::grow() {
  std::vector<Entry> larger(std::max<std::size_t>(1, slots_.size() * 2));
  for (std::size_t i = 0; i < size_; ++i) larger[i] = (*this)[i];
  slots_ = std::move(larger);
  head_ = 0;
}

}  // namespace crmpulse::rules
