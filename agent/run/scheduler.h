#pragma once
// What is due when. Pure: no threads, no I/O; the runner brings `now`.

#include <cstdint>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time/time.h"

namespace crmpulse::agent {

/// Spreads calls: the same measurement of the same CRM by the same agent always has the same place in its interval.
[[nodiscard]] Duration splay(std::string_view agent, std::string_view crm, std::string_view measurement,
                             Duration interval);

/// Each item runs on a grid: splay, splay + interval, … The first run comes soon after the start, so that a daily
/// figure is not awaited for a day; then the grid begins. Intervals can be stretched while it runs; an item that is
/// stretched when it starts keeps to its grid from the first run on, unless it is eager: a restart must not cost calls.
/// Asking costs what is due, not what there is. One thread.
class Scheduler {
 public:
  struct Item {
    Duration interval;
    Duration splay;  ///< < interval
    double stretch = 1;
    bool eager = false;  ///< runs soon after the start whatever its stretch
  };
  struct Due {
    std::size_t index;
    TimePoint scheduled;  ///< the grid point, or `now` when it was woken late: stamp of the samples
  };

  /// First runs lie within `first_spread` after `start`, in the order of their splays.
  Scheduler(const std::vector<Item>& items, TimePoint start, Duration first_spread);

  /// Items to start now, in order of their due times; they count as in flight until finished(). An item that is still
  /// in flight is skipped and counted. A wake-up later than a whole interval runs each item once.
  [[nodiscard]] std::vector<Due> due(TimePoint now);
  void finished(std::size_t index);
  /// Call it instead of finished() if the run was not made: it is due again at `again`, a little spread.
  void refused(std::size_t index, TimePoint again);
  /// The last run failed: the next one starts half an interval (at most a minute) after it did, or now when that has
  /// passed.
  void ask_sooner(std::size_t index, TimePoint now);
  /// The next run comes half to one and a half of the new interval after the last one, or now when that has passed.
  void set_stretch(std::size_t index, double stretch, TimePoint now);
  /// Returns when to call due() again, TimePoint::max() if there is nothing to schedule.
  [[nodiscard]] TimePoint next() const;

  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::uint64_t runs() const { return runs_; }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  struct Entry {
    Item item;  ///< interval and splay as stretched
    Duration interval;
    Duration splay;
    TimePoint next;
    TimePoint last;
    bool first = true;
    bool running = false;
  };
  void move_to(std::size_t index, TimePoint next);

  std::vector<Entry> entries_;
  std::set<std::pair<TimePoint, std::size_t>> queue_;  ///< every item, by its due time
  std::uint64_t runs_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace crmpulse::agent
