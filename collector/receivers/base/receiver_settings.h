#pragma once
// What every receiver is told by collector.yaml, whatever its type.

#include <memory>
#include <string>
#include <vector>

#include "collector/text/language.h"
#include "core/level.h"
#include "core/rule.h"
#include "core/time/time.h"
#include "core/words/clock.h"
#include "net/base/reach.h"

namespace crmpulse::collector {

class Receiver;

/// What every receiver has; what its type needs beside that is inside `receiver`.
struct ReceiverSettings {
  std::string name;
  std::string type;
  Level min_level = Level::sub_healthy;
  Language language = Language::en;
  ZonePtr zone;  ///< of times in its messages
  std::vector<LabelMatch> only;
  Duration escalate_after{};                     ///< told only of what nobody acknowledged for so long
  bool digests = true;                           ///< of its type: the storm digest is for it
  bool acknowledges = false;                     ///< of its type: it keeps acknowledgements itself
  net::Forbid forbid = net::Forbid::link_local;  ///< by `allow_private`, for the addresses its name resolves to
  bool heartbeat = false;                        ///< it is the dead-man's switch: it gets heartbeats and nothing else
  std::shared_ptr<const Receiver> receiver;      ///< null where only the selection was read (`backtest --receivers`)

  [[nodiscard]] Audience audience() const { return {language, zone}; }
};

}  // namespace crmpulse::collector
