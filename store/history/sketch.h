#pragma once
// How durations are distributed, in buckets whose width grows with their value: any quantile to within kRelativeError
// of its value, however many there are, and two sketches make one without further error. Pure.

#include <cstdint>
#include <vector>

namespace crmpulse::store {

class Sketch {
 public:
  static constexpr double kRelativeError = 0.02;
  static constexpr double kLeast = 1e-6;  ///< what is smaller, zero and below counts as 0
  static constexpr int kMostIndex = 2'000;

  struct Bucket {
    std::int16_t index = 0;
    std::uint32_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  Sketch() = default;
  /// `buckets` are in the order of their index, each there once.
  explicit Sketch(std::vector<Bucket> buckets) : buckets_(std::move(buckets)) {}

  void add(double value);
  void merge(const Sketch& other);
  /// Returns the value that a part of all lies at or below (0.95: of twenty the nineteenth); 0 of an empty one.
  [[nodiscard]] double quantile(double part) const;
  [[nodiscard]] bool empty() const { return buckets_.empty(); }
  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
  friend bool operator==(const Sketch&, const Sketch&) = default;

 private:
  std::vector<Bucket> buckets_;  ///< ascending
};

}  // namespace crmpulse::store
