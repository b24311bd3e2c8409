#pragma once
// What is due when. Pure: no threads, no I/O; the runner brings `now`.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace crmpulse::agent {

/// Spreads calls: the same measurement of the same CRM by the same agent always has the same place in its interval.
[[nodiscard]] Duration splay(std::string_view agent, std::string_view crm, std::string_view measurement,
                             Duration interval);

/// Each item runs on a grid: splay, splay + interval, … The first run comes soon after the start, so that a daily
/// figure is not awaited for a day; then the grid begins. One thread.
class Scheduler {
 public:
  struct Item {
    Duration interval;
    Duration splay;  ///< < interval
  };
  struct Due {
    std::size_t index;
    TimePoint scheduled;  ///< the grid point, or `now` when it was woken late: stamp of the samples
  };

  /// First runs lie within `first_spread` after `start`, in the order of their splays.
  Scheduler(std::vector<Item> items, TimePoint start, Duration first_spread);

  /// Items to start now, in order of their due times; they count as in flight until finished(). An item that is still
  /// in flight is skipped and counted. A wake-up later than a whole interval runs each item once.
  [[nodiscard]] std::vector<Due> due(TimePoint now);
  void finished(std::size_t index);
  /// When to ask again; TimePoint::max() when there is nothing to schedule.
  [[nodiscard]] TimePoint next() const;

  [[nodiscard]] std::size_t in_flight() const;
  [[nodiscard]] std::uint64_t runs() const { return runs_; }
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  struct Entry {
    Item item;
    TimePoint next;
    bool first = true;
    bool running = false;
  };
  std::vector<Entry> entries_;
  std::uint64_t runs_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace crmpulse::agent
