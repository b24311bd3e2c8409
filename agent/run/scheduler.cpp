#include "agent/run/scheduler.h"

#include <algorithm>
#include <tuple>

#include "core/hash.h"

namespace crmpulse::agent {
namespace {

/// FNV-1a, then a finaliser: neighbouring names must not lie beside each other in the interval.
std::uint64_t hash(std::initializer_list<std::string_view> parts) {
  std::uint64_t value = stable_hash("");
  for (const std::string_view part : parts) value = stable_hash("\xff", stable_hash(part, value));
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

constexpr Duration kLongest{std::chrono::hours{24 * 3650}};
constexpr Duration kAskedSooner{std::chrono::minutes{1}};
constexpr Duration kRefusedSpread{std::chrono::minutes{2}};

Duration stretched(Duration interval, double stretch) {
  const double wanted = static_cast<double>(interval.count()) * stretch;
  return wanted >= static_cast<double>(kLongest.count()) ? kLongest : Duration{static_cast<Duration::rep>(wanted)};
}

/// The first time after `time` that lies on the grid.
TimePoint grid_after(const Scheduler::Item& item, TimePoint time) {
  const auto offset = (time.time_since_epoch() - item.splay).count();
  const auto interval = item.interval.count();
  auto whole = offset / interval;
  if (offset < 0 && offset % interval != 0) --whole;
  return TimePoint{Duration{(whole + 1) * interval} + item.splay};
}

}  // namespace

Duration splay(std::string_view agent, std::string_view crm, std::string_view measurement, Duration interval) {
  return Duration{
      static_cast<Duration::rep>(hash({agent, crm, measurement}) % static_cast<std::uint64_t>(interval.count()))};
}

Scheduler::Scheduler(const std::vector<Item>& items, TimePoint start, Duration first_spread) {
  entries_.reserve(items.size());
  for (const Item& item : items) {
    Entry entry{item, item.interval, item.splay, {}, {}};
    entry.item.interval = stretched(item.interval, item.stretch);
    entry.item.splay = stretched(item.splay, item.stretch);
    const Duration spread = std::min(item.interval, first_spread);
    const Duration delay = spread.count() > 0 ? Duration{item.splay.count() % spread.count()} : Duration{};
    entry.first = item.eager || item.stretch <= 1;
    entry.next = entry.first ? start + delay : grid_after(entry.item, start);
    queue_.emplace(entry.next, entries_.size());
    entries_.push_back(entry);
  }
}

void Scheduler::move_to(std::size_t index, TimePoint next) {
  Entry& entry = entries_[index];
  if (entry.next == next) return;
  auto node = queue_.extract({entry.next, index});
  node.value() = {next, index};
  queue_.insert(std::move(node));
  entry.next = next;
}

std::vector<Scheduler::Due> Scheduler::due(TimePoint now) {
  std::vector<Due> out;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const std::size_t index = queue_.begin()->second;
    Entry& entry = entries_[index];
    const bool late = now - entry.next >= entry.item.interval;
    const TimePoint scheduled = late ? now : entry.next;
    // Half an interval: the first run is off the grid, whose next point may be too near.
    move_to(index, grid_after(entry.item, entry.first ? now + entry.item.interval / 2 : now));
    if (entry.running) {
      ++skipped_;
      continue;
    }
    entry.first = false;
    entry.running = true;
    entry.last = scheduled;
    ++runs_;
    out.push_back({index, scheduled});
  }
  std::sort(out.begin(), out.end(),
            [](const Due& a, const Due& b) { return std::tie(a.scheduled, a.index) < std::tie(b.scheduled, b.index); });
  return out;
}

void Scheduler::finished(std::size_t index) {
  entries_[index].running = false;
}

void Scheduler::refused(std::size_t index, TimePoint again) {
  Entry& entry = entries_[index];
  entry.running = false;
  entry.first = true;  // what comes then is off the grid
  --runs_;
  const Duration spread = entry.item.eager ? Duration{} : std::min(entry.item.interval, kRefusedSpread);
  move_to(index, again + (spread.count() > 0 ? entry.item.splay % spread : Duration{}));
}

void Scheduler::ask_sooner(std::size_t index, TimePoint now) {
  const Entry& entry = entries_[index];
  move_to(index, std::min(entry.next, std::max(now, entry.last + std::min(entry.item.interval / 2, kAskedSooner))));
}

void Scheduler::set_stretch(std::size_t index, double stretch, TimePoint now) {
  Entry& entry = entries_[index];
  const bool never_ran = entry.last == TimePoint{};
  const bool awaits_first = entry.first;
  entry.item.stretch = stretch;
  entry.item.interval = stretched(entry.interval, stretch);
  entry.item.splay = stretched(entry.splay, stretch);
  if (never_ran && entry.item.eager) return;
  if (awaits_first && !never_ran && entry.next > now) {  // refused: it has its time, unless there is now room for it
    move_to(index, std::min(entry.next, grid_after(entry.item, now)));
    return;
  }
  if (never_ran) {
    if (stretch <= 1) return;
    entry.first = false;
    move_to(index, grid_after(entry.item, now));
    return;
  }
  const TimePoint on_grid = grid_after(entry.item, std::max(entry.last + entry.item.interval / 2, now));
  move_to(index, std::min(on_grid, std::max(now, entry.last + entry.item.interval * 3 / 2)));
}

TimePoint Scheduler::next() const {
  return queue_.empty() ? TimePoint::max() : queue_.begin()->first;
}

std::size_t Scheduler::in_flight() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.running; }));
}

}  // namespace crmpulse::agent
