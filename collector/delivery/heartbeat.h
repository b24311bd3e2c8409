#pragma once
// Tells a dead-man's switch outside that alerts would get out. It must fall silent whenever they would not, so a beat
// is sent only when, since the last one, the rules were stepped; the disk takes writes (the beat itself is stored in
// the outbox first); and no message is older than five minutes of which nobody was told. A dead endpoint alone does not
// stop it while another receiver hears of the same things. Belongs to the loop's thread.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/configuration/settings.h"
#include "collector/delivery/notifier.h"
#include "collector/engine/clocks.h"
#include "collector/engine/engine_loop.h"
#include "net/loop/loop.h"
#include "store/collector/writer.h"

namespace crmpulse::collector {

class Heartbeat {
 public:
  struct Stats {
    std::uint64_t sent = 0;
    bool held = false;
  };

  Heartbeat(net::Loop& loop, store::Writer& writer, Clocks clocks, const EngineLoop& engine, Notifier& notifier)
      : loop_(loop), writer_(writer), clocks_(clocks), engine_(engine), notifier_(notifier) {}

  /// Sends a beat if it is due. Call it once a second, after the engine's and the notifier's tick.
  void tick(const Settings& settings);
  /// Makes the next tick beat, after the clock was corrected.
  void clock_stepped() { last_ = {}; }
  [[nodiscard]] const Stats& stats() const { return stats_; }

 private:
  void beat(const Settings& settings, TimePoint now);
  void hold(std::string_view why);
  void sent(const store::OutboxRow& row);

  net::Loop& loop_;
  store::Writer& writer_;
  Clocks clocks_;
  const EngineLoop& engine_;
  Notifier& notifier_;
  Stats stats_;
  TimePoint last_;
  std::uint64_t steps_ = 0;  ///< of the engine at the last beat
};

}  // namespace crmpulse::collector
