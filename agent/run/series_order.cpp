#include "agent/run/series_order.h"

#include <chrono>
#include <utility>

#include "core/hash.h"
#include "probes/http/exchange_signals.h"

namespace crmpulse::agent {
namespace {

using namespace std::chrono_literals;

/// No run takes longer, so nothing older can come any more.
constexpr Duration kLongestRun = 2h;
constexpr Duration kSweep = 10min;
/// More are not remembered: then only the newest are.
constexpr std::size_t kMostRemembered = 500'000;
constexpr Duration kNextInstant{1};

std::uint64_t key_of(const Sample& sample) {
  std::uint64_t key = stable_hash(sample.metric);
  for (const auto& [name, value] : sample.labels) {
    key = stable_hash(name, stable_hash("\xff", key));
    key = stable_hash(value, stable_hash("\xfe", key));
  }
  return key;
}

}  // namespace

void SeriesOrder::arrange(std::vector<Sample>& samples, TimePoint now) {
  if (now >= swept_ + kSweep || now < swept_ || newest_.size() > kMostRemembered) sweep(now);
  std::size_t kept = 0;
  for (Sample& sample : samples) {
    const auto [place, is_new] = newest_.try_emplace(key_of(sample), sample.at);
    TimePoint& newest = place->second;
    if (!is_new && sample.at <= newest && newest <= now) {
      if (probes::is_signal(sample.metric)) continue;
      sample.at = newest + kNextInstant;
    }
    newest = sample.at;
    if (&samples[kept] != &sample) samples[kept] = std::move(sample);
    ++kept;
  }
  samples.resize(kept);
}

void SeriesOrder::sweep(TimePoint now) {
  const Duration kept = newest_.size() > kMostRemembered ? kSweep : kLongestRun;
  std::erase_if(newest_, [&](const auto& entry) { return entry.second < now - kept || entry.second > now; });
  if (newest_.size() > kMostRemembered) newest_.clear();
  swept_ = now;
}

}  // namespace crmpulse::agent
