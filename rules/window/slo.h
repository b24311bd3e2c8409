#pragma once
// Good and all readings by time: what a service level and its error budget are computed from. Pure; no locks.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "core/fields.h"
#include "core/time/time.h"
#include "rules/time/moment.h"

namespace crmpulse::rules {

struct Tally {
  std::uint64_t good = 0;
  std::uint64_t total = 0;

  [[nodiscard]] std::uint64_t bad() const { return total - good; }
  /// Returns the good share, nullopt without readings.
  [[nodiscard]] std::optional<double> ratio() const;
  friend bool operator==(const Tally&, const Tally&) = default;
};

/// Error share over what the objective allows: 1 uses the budget up exactly at the period's end. Returns
/// nullopt without readings, or if the objective leaves no room.
[[nodiscard]] std::optional<double> burn_rate(const Tally& tally, double objective);

/// Readings in buckets of equal width, the newest `buckets` of them, 8 bytes each. Memory comes a page at a time, with
/// the first reading that falls into it. A reading counts in the bucket of its own time, however late it comes.
class TallyRing {
 public:
  static constexpr std::size_t kPage = 64;  ///< buckets

  TallyRing(Duration width, std::size_t buckets);

  /// Returns false if the time is older than the oldest bucket.
  bool add(TimePoint at, Tally readings);
  /// Returns the sum of the buckets of (end − window, end], the one `end` lies in included.
  [[nodiscard]] Tally sum(TimePoint end, Duration window) const;
  [[nodiscard]] Duration width() const { return width_; }
  [[nodiscard]] std::size_t bytes() const;  ///< what the pages take
  /// Moves what it holds by so many buckets.
  void shift(std::int64_t buckets);
  /// Clears what lies after `now`, which a clock that was ahead wrote.
  void forget_after(TimePoint now);

  void save(FieldWriter& out) const;
  /// Loads into a new ring. What was saved with another width is left out.
  void load(FieldReader& in);

 private:
  struct Bucket {
    std::uint32_t good = 0;
    std::uint32_t total = 0;
  };
  using Page = std::vector<Bucket>;  ///< empty, or kPage of them
  static constexpr std::int64_t kNothing = -1;

  [[nodiscard]] std::int64_t index_of(TimePoint at) const;
  [[nodiscard]] const Bucket* find(std::int64_t index) const;
  [[nodiscard]] Bucket& bucket(std::int64_t index);
  void advance(std::int64_t to);

  Duration width_;
  std::size_t buckets_;
  std::int64_t newest_ = kNothing;  ///< index of the newest bucket; those before it, `buckets_` in all, hold
  std::vector<Page> pages_;
};

/// The liveness readings of one CRM for every window people look at: 1 min × 6 h, 5 min × 3 d, 1 h × 30 d. At most
/// 16 kB, less while it is young. Readings taken during maintenance are counted apart: they cost no budget.
class SloCounters {
 public:
  static constexpr Duration kPeriod = std::chrono::days{30};
  static constexpr std::array<Duration, 8> kWindows{
      std::chrono::minutes{5}, std::chrono::minutes{30}, std::chrono::hours{1},  std::chrono::hours{2},
      std::chrono::hours{6},   std::chrono::hours{24},   std::chrono::hours{72}, kPeriod};
  static constexpr std::size_t kMostSpans = 200;  ///< of maintenance within the period

  SloCounters();

  void add(TimePoint at, bool good) { add(at, Tally{good ? 1U : 0U, 1}); }
  /// Adds several readings of about the same time, from a snapshot of an older version.
  void add(TimePoint at, Tally readings);

  /// Begins or ends maintenance. Readings of a span count as maintenance, late ones too; readings taken before it was
  /// known stay where they are.
  void set_maintenance(bool on, TimePoint at);

  /// Returns the readings of a window of at most kPeriod, without those of maintenance.
  [[nodiscard]] Tally counted(TimePoint now, Duration window) const;
  /// Returns the readings of maintenance only.
  [[nodiscard]] Tally excluded(TimePoint now, Duration window) const;
  /// Returns the time under maintenance in (now − window, now].
  [[nodiscard]] Duration maintenance(TimePoint now, Duration window) const;
  /// What is left of the period's budget: 1 all of it, 0 nothing, below 0 overdrawn. A CRM watched for less than the
  /// period has spent only what that time's share of the period allows for.
  [[nodiscard]] std::optional<double> budget_remaining(TimePoint now, double objective) const;

  [[nodiscard]] std::size_t bytes() const;
  /// Drops what lies after `now`, which a clock that was ahead wrote; otherwise nothing newer would count.
  void forget_after(TimePoint now);
  static constexpr auto fields() {
    return std::tuple{Field{1, &SloCounters::counted_}, Field{2, &SloCounters::excluded_},
                      Field{3, &SloCounters::spans_, kMostSpans}, Field{4, &SloCounters::first_}};
  }

 private:
  struct Tiers {
    TallyRing minutes{std::chrono::minutes{1}, 6 * 60};
    TallyRing fives{std::chrono::minutes{5}, 3 * 24 * 12};
    TallyRing hours{std::chrono::hours{1}, 30 * 24};
    void add(TimePoint at, Tally readings);
    [[nodiscard]] Tally sum(TimePoint now, Duration window) const;
    void forget_after(TimePoint now);
    static constexpr auto fields() {
      return std::tuple{Field{1, &Tiers::minutes}, Field{2, &Tiers::fives}, Field{3, &Tiers::hours}};
    }
  };
  struct Span {
    TimePoint from;
    TimePoint to = kNever;  ///< kNever: it lasts
    static constexpr auto fields() { return std::tuple{Field{1, &Span::from}, Field{2, &Span::to}}; }
  };
  [[nodiscard]] bool maintained(TimePoint at) const;

  Tiers counted_;
  std::optional<Tiers> excluded_;  ///< with the first maintenance
  std::vector<Span> spans_;        ///< in order, at most kMostSpans
  TimePoint first_ = kUnset;       ///< oldest reading ever counted
};

}  // namespace crmpulse::rules
