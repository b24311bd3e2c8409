#include "agent/scheduler.h"

#include <algorithm>
#include <tuple>

namespace crmpulse::agent {
namespace {

/// FNV-1a, then a finaliser: neighbouring names must not lie beside each other in the interval.
std::uint64_t hash(std::initializer_list<std::string_view> parts) {
  std::uint64_t value = 0xcbf29ce484222325ULL;
  for (const std::string_view part : parts) {
    for (const char c : part) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    value = (value ^ 0xff) * 0x100000001b3ULL;
  }
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
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

Scheduler::Scheduler(std::vector<Item> items, TimePoint start, Duration first_spread) {
  for (const Item& item : items) {
    const Duration spread = std::min(item.interval, first_spread);
    const Duration delay = spread.count() > 0 ? Duration{item.splay.count() % spread.count()} : Duration{};
    entries_.push_back({item, start + delay});
  }
}

std::vector<Scheduler::Due> Scheduler::due(TimePoint now) {
  std::vector<Due> out;
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    Entry& entry = entries_[index];
    if (entry.next > now) continue;
    const bool late = now - entry.next >= entry.item.interval;
    const TimePoint scheduled = late ? now : entry.next;
    // Half an interval: the first run is off the grid, whose next point may be too near.
    entry.next = grid_after(entry.item, entry.first ? now + entry.item.interval / 2 : now);
    entry.first = false;
    if (entry.running) {
      ++skipped_;
      continue;
    }
    entry.running = true;
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

TimePoint Scheduler::next() const {
  TimePoint soonest = TimePoint::max();
  for (const Entry& entry : entries_) soonest = std::min(soonest, entry.next);
  return soonest;
}

std::size_t Scheduler::in_flight() const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return e.running; }));
}

}  // namespace crmpulse::agent
