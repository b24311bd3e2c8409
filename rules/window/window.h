#pragma once
// Holds the samples a rule looks back on.

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "rules/time/moment.h"
#include "rules/window/ring.h"
#include "rules/window/slo.h"

namespace crmpulse::rules {

/// What the aggregators that do not depend on order need to know of a set of samples.
struct Summary {
  double count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double bad = 0;        ///< samples below 1
  double within = 0;     ///< samples ≤ target
  double tolerable = 0;  ///< samples ≤ 4 × target
  double increase = 0;   ///< of counters, resets left out (windows of buckets only)
  double elapsed = 0;    ///< seconds over which `increase` was observed

  void add(double value, double target);
  void add(const Summary& other);
  static constexpr auto fields() {
    return std::tuple{Field{1, &Summary::count},     Field{2, &Summary::sum},      Field{3, &Summary::min},
                      Field{4, &Summary::max},       Field{5, &Summary::bad},      Field{6, &Summary::within},
                      Field{7, &Summary::tolerable}, Field{8, &Summary::increase}, Field{9, &Summary::elapsed}};
  }
};

/// The counts of a Summary. They stay exact however often they are added and subtracted, so they can be kept beside the
/// samples instead of being summed up for every evaluation.
struct Shares {
  double count = 0;
  double within = 0;
  double tolerable = 0;

  void add(const Shares& other, double sign);
  void add(double value, double target, double sign);
};

/// The sample of the same series before this one; `at` is unset for the first.
struct Previous {
  TimePoint at = kUnset;
  double value = 0;
};

/// The samples a rule looks back on. Raw up to six hours (and always where the order or a quantile matters); longer
/// windows are 360 buckets of sums, those of burn rates up to 1,440 of counts. Bounded: see kRawLimit. Belongs to one
/// rule instance.
class Window {
 public:
  static constexpr Duration kLongestRaw = std::chrono::hours{6};
  static constexpr std::size_t kRawLimit = 4096;  ///< entries; a fuller window is thinned, evenly
  static constexpr std::size_t kCountLimit = 64;  ///< entries of a rule without a window
  static constexpr std::int64_t kBuckets = 360;
  static constexpr std::int64_t kMostTallies = 1440;
  static constexpr std::size_t kBaselineHours = 5 * 7 * 24;
  static constexpr std::size_t kSharePage = 64;  ///< buckets
  static constexpr std::int64_t kHourMillis = 3'600'000;

  struct Bucket {
    std::int64_t index = -1;  ///< time / width
    Summary summary;
    static constexpr auto fields() { return std::tuple{Field{1, &Bucket::index}, Field{2, &Bucket::summary}}; }
  };
  /// A bucket of a window that only needs shares: a seventh of a Bucket's size.
  struct ShareBucket {
    std::uint32_t count = 0;
    std::uint32_t within = 0;
    std::uint32_t tolerable = 0;
    [[nodiscard]] static ShareBucket of(const Summary& summary);
  };
  struct Hour {
    std::int64_t index = -1;  ///< Unix time / 3600
    double sum = 0;
    double count = 0;
    static constexpr auto fields() {
      return std::tuple{Field{1, &Hour::index}, Field{2, &Hour::sum}, Field{3, &Hour::count}};
    }
  };

  explicit Window(const Rule& rule);

  /// Counts the single samples it keeps in `room` from here on; a window is thinned if there is no more room.
  void share(const std::shared_ptr<RingRoom>& room) { ring_.share(room); }

  /// Sets how far the window looks back from the next sample on. Windows of buckets keep their span.
  void set_span(Duration span) {
    if (span != span_ && !bucketed() && !tallies_) span_ = span;
  }

  enum class Put { stored, late, duplicate };
  Put put(TimePoint at, std::uint32_t tag, double value, const Previous& previous);

  /// Returns the number of samples in the window, including those that thinning left out.
  [[nodiscard]] double count() const;
  [[nodiscard]] Summary summary() const;
  [[nodiscard]] Shares shares() const;
  [[nodiscard]] bool bucketed() const { return bucket_width_ > Duration{0}; }
  [[nodiscard]] const Ring& ring() const { return ring_; }
  /// Returns the values of the ring in ascending order; kept only if the rule needs a quantile.
  [[nodiscard]] const std::vector<double>& sorted() const { return sorted_; }
  [[nodiscard]] bool knows_hours() const { return !hours_.empty(); }
  /// What it holds of this hour; nullptr: nothing.
  [[nodiscard]] const Hour* hour(std::int64_t index) const;
  [[nodiscard]] TimePoint newest() const { return newest_; }
  /// Returns good and all samples of the newest `span`; only for windows of burn rates.
  [[nodiscard]] Tally tally(Duration span) const;

  /// Moves what it holds by `by`, after the clock was corrected. Hours of the week stay where they are, as far as they
  /// are not in the future then.
  void shift(Duration by);

  void save(FieldWriter& out) const;
  /// Loads into a new window. What was saved under another rule is read as far as it fits.
  void load(FieldReader& in);

 private:
  Put put_tally(TimePoint at, double value, const Previous& previous);
  Put put_raw(TimePoint at, std::uint32_t tag, double value);
  Put put_bucket(TimePoint at, double value, const Previous& previous);
  Put put_share(TimePoint at, double value, const Previous& previous);
  [[nodiscard]] static std::size_t share_place(std::int64_t index) {
    return static_cast<std::size_t>(index) % (static_cast<std::size_t>(kBuckets) + 1);
  }
  [[nodiscard]] const ShareBucket* find_share(std::int64_t index) const;
  ShareBucket& share_bucket(std::int64_t index);
  void add_shares(std::int64_t index, const ShareBucket& more);
  [[nodiscard]] std::vector<Bucket> shares_as_buckets() const;
  void leave_shares(std::int64_t last);
  void shift_buckets(std::int64_t by);
  void load_bucket(const Bucket& bucket);
  void put_hour(TimePoint at, double value);
  /// The place of an hour, made when it is new; nullptr when it is too long ago.
  Hour* hour_at(std::int64_t index);
  void pop_oldest();
  void thin();
  /// Shares and sorted values, which follow what comes to the ring and leaves it.
  void came(double value);
  void left(double value);
  void recount();
  void evict();
  /// Returns the index of the last bucket before the window.
  [[nodiscard]] std::int64_t last_evicted() const;

  Duration span_;
  Duration bucket_width_{};
  double target_;
  TimePoint newest_ = kUnset;
  Ring ring_;
  static constexpr std::uint32_t kMaxStride = 1U << 30;
  std::uint32_t stride_ = 1;     ///< one of so many samples is kept; a power of two
  std::vector<Bucket> buckets_;  ///< kBuckets + 1 places found by index % size, from the first sample on
  /// Like buckets_, for shares, in pages that take memory with their first sample.
  std::vector<std::vector<ShareBucket>> share_pages_;
  Shares shares_;                 ///< of the ring, or of the buckets shared_from_ … shared_to_
  std::int64_t shared_from_ = 0;  ///< buckets outside are empty
  std::int64_t shared_to_ = -1;
  bool keeps_shares_ = false;  ///< only these are asked
  bool keeps_hours_ = false;   ///< for baseline_drop
  bool keeps_sorted_ = false;  ///< for quantiles: choosing anew for every sample costs more
  std::vector<double> sorted_;
  /// Ascending, at most kBaselineHours; only those that had samples: a unit that is new takes next to nothing.
  std::vector<Hour> hours_;
  std::optional<TallyRing> tallies_;  ///< only for burn
};

}  // namespace crmpulse::rules
