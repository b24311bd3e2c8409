#pragma once
// Stores the raw samples of a window, ordered by time.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/time/time.h"
#include "rules/window/ring_room.h"

namespace crmpulse::rules {

/// One sample in a window: when, from which series of its CRM, and what. Time and series share one word, so that
/// entries sort by time and an exact duplicate (same series, same time) is an equal key.
struct Entry {
  static constexpr unsigned kTagBits = 20;
  static constexpr std::uint32_t kMaxTag = (1U << kTagBits) - 1;

  std::uint64_t key = 0;
  double value = 0;

  [[nodiscard]] static std::uint64_t key_of(TimePoint at, std::uint32_t tag) {
    return (static_cast<std::uint64_t>(unix_millis(at)) << kTagBits) | tag;
  }
  [[nodiscard]] TimePoint at() const { return from_unix_millis(static_cast<std::int64_t>(key >> kTagBits)); }
  [[nodiscard]] std::uint32_t tag() const { return static_cast<std::uint32_t>(key & kMaxTag); }
};

/// Entries by their keys in a circular buffer that grows by doubling up to `limit`, as far as there is room for it, and
/// then allocates no more. Those
/// that come late wait beside it, in order too, until there are enough of them to be merged at once: a backlog or a
/// second sender costs a few moves a sample, wherever in the window it lies, not a walk through it.
class Ring {
 public:
  static constexpr std::size_t kMostLate = 64;
  static constexpr std::size_t kAlways = 16;  ///< so far it grows whether there is room or not

  explicit Ring(std::size_t limit = 0) : limit_(limit) {}

  /// From here on its places are the room's.
  void share(const std::shared_ptr<RingRoom>& room) { taken_.share(room); }

  enum class Put { stored, duplicate, full };
  Put put(Entry entry);
  void pop_front();
  /// Returns whether a window that keeps one of `stride` samples keeps this one. Decided by time and series mixed, so
  /// that of several series whose samples come at the same instants each keeps its share. `stride`: a power of two.
  [[nodiscard]] static bool keeps(std::uint64_t key, std::uint32_t stride);
  /// Drops what a stride does not keep: makes room in a full ring without shortening what it covers.
  void thin(std::uint32_t stride);
  /// Moves all entries by `by`, after the clock was corrected. Entries that would lie before 1970 are dropped.
  void shift(Duration by);

  [[nodiscard]] std::size_t size() const { return size_ + late_.size(); }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  /// Places it has: beyond them it has to grow.
  [[nodiscard]] std::size_t places() const { return slots_.size(); }
  [[nodiscard]] const Entry& front() const {
    return !late_.empty() && late_.front().key < slot(0).key ? late_.front() : slot(0);
  }
  [[nodiscard]] const Entry& back() const { return slot(size_ - 1); }

  /// Returns all entries, unordered, as the pieces they are stored in.
  [[nodiscard]] std::array<std::span<const Entry>, 3> pieces() const {
    const std::size_t first = std::min(size_, slots_.size() - head_);
    return {std::span{slots_.data() + head_, first}, std::span{slots_.data(), size_ - first}, std::span{late_}};
  }
  /// Calls `take(entry)` from the oldest to the newest.
  template <class Take>
  void each(Take take) const;
  /// Calls `take(entry)` from the newest to the oldest, until it returns false.
  template <class Take>
  void each_backwards(Take take) const;

 private:
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] Entry& slot(std::size_t index) { return slots_[(head_ + index) & mask()]; }
  [[nodiscard]] const Entry& slot(std::size_t index) const { return slots_[(head_ + index) & mask()]; }
  [[nodiscard]] std::size_t place_of(std::uint64_t key) const;
  Put put_late(Entry entry);
  void merge();
  /// False: there is no room.
  [[nodiscard]] bool grow();
  void grow_to(std::size_t places);

  std::size_t limit_;
  RoomTaken taken_;
  std::vector<Entry> slots_;  ///< its size is a power of two, or zero
  std::size_t head_ = 0;
  std::size_t size_ = 0;     ///< of those in `slots_`
  std::vector<Entry> late_;  ///< ascending; each is older than back(), so that none is left when `slots_` are empty
};

template <class Take>
void Ring::each(Take take) const {
  std::size_t late = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    for (; late < late_.size() && late_[late].key < slot(i).key; ++late) take(late_[late]);
    take(slot(i));
  }
}

template <class Take>
void Ring::each_backwards(Take take) const {
  std::size_t late = late_.size();
  for (std::size_t i = size_; i-- > 0;) {
    for (; late > 0 && late_[late - 1].key > slot(i).key; --late) {
      if (!take(late_[late - 1])) return;
    }
    if (!take(slot(i))) return;
  }
  for (; late > 0; --late) {
    if (!take(late_[late - 1])) return;
  }
}

}  // namespace crmpulse::rules
