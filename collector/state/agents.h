#pragma once
// What is known of each sending agent: how far its clock is off, which batch it sent last. Belongs to the loop's
// thread.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

/// The largest clock offset of an agent that is averaged. Beyond it the agent's clock counts as wrong.
inline constexpr Duration kMaxSkew{std::chrono::seconds{30}};

struct Agent {
  std::deque<Duration> offsets;  ///< collector minus agent, newest last, at most five
  bool skewed = false;
  TimePoint last_seen;  ///< kept over restarts: an agent that died before one is still missed after it
  /// The batches that an agent sent to one endpoint.
  struct Batches {
    std::uint64_t last = 0;            ///< acknowledged last
    std::uint64_t pending = 0;         ///< being journalled now; 0: none
    std::deque<std::uint64_t> before;  ///< acknowledged before `last`, newest last, at most 256
  };
  Batches samples;
  Batches evidence;
};

class AgentRegistry {
 public:
  /// Returns what to add to the samples' stamps: the median of the last five offsets. For a clock that is off by more
  /// than kMaxSkew it is the newest offset alone, so that the request's end is the time of receipt.
  [[nodiscard]] Duration observe(const std::string& agent, TimePoint sent, TimePoint now);
  void seen(const std::string& agent, TimePoint now);
  /// Moves all times by `by`, after the collector's clock was corrected.
  void shift(Duration by);

  enum class Batch { fresh, pending, duplicate };
  /// Says whether a batch is new. An agent repeats a batch until it is acknowledged. An older one comes again if the
  /// network held back a request that the agent had given up.
  [[nodiscard]] Batch begin(const std::string& agent, store::RecordKind kind, std::uint64_t batch);
  void end(const std::string& agent, store::RecordKind kind, std::uint64_t batch, bool journalled);

  [[nodiscard]] const std::map<std::string, Agent, std::less<>>& all() const { return agents_; }

  /// Returns, as JSON, the acknowledged batches and when each agent was seen last.
  [[nodiscard]] std::string save() const;
  /// Loads what save() returned. Limits times to `now`, because the clock may have been ahead when it was saved.
  void load(std::string_view text, TimePoint now);

 private:
  [[nodiscard]] Agent* find_or_add(const std::string& agent);
  std::map<std::string, Agent, std::less<>> agents_;
};

/// `X-Crm-Time`: RFC 3339 or Unix milliseconds.
[[nodiscard]] Result<TimePoint> parse_agent_time(std::string_view text);

}  // namespace crmpulse::collector
