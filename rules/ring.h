#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/time.h"

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

/// Entries in the order of their keys in a circular buffer that grows by doubling up to `limit` and then allocates
/// no more.
class Ring {
 public:
  explicit Ring(std::size_t limit = 0) : limit_(limit) {}

  enum class Put { stored, duplicate, full };
  Put put(Entry entry);
  void pop_front();
  /// Keeps every second entry: makes room in a full ring without shortening what it covers.
  void thin();
  /// Entries as a clock that was put right by `by` would have stamped them; what would lie before 1970 goes.
  void shift(Duration by);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  [[nodiscard]] const Entry& operator[](std::size_t index) const { return slots_[(head_ + index) & mask()]; }
  /// All entries in order, as the one or two pieces they lie in.
  [[nodiscard]] std::array<std::span<const Entry>, 2> pieces() const {
    const std::size_t first = std::min(size_, slots_.size() - head_);
    return {std::span{slots_.data() + head_, first}, std::span{slots_.data(), size_ - first}};
  }
  [[nodiscard]] const Entry& front() const { return (*this)[0]; }
  [[nodiscard]] const Entry& back() const { return (*this)[size_ - 1]; }

 private:
  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] Entry& slot(std::size_t index) { return slots_[(head_ + index) & mask()]; }
  void grow();

  std::size_t limit_;
  std::vector<Entry> slots_;  ///< its size is a power of two, or zero
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace crmpulse::rules
